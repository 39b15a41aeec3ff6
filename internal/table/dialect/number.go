package dialect

import (
	"errors"
	"strconv"
	"strings"
)

var (
	ErrNotNumber = errors.New("not a number")
	ErrNotFinite = errors.New("not finite")
	ErrTooLarge  = errors.New("too large")
	ErrMissing   = errors.New("missing")
)

// maxNumber is the maximum length of a number.
const maxNumber = 400

// ParseNumber parses a decimal number and rounds it once. Numbers too small for float32 become 0; numbers too large are
// an error. True and false are 1 and 0.
func ParseNumber(cell []byte) (float32, error) {
	if len(cell) > maxNumber {
		return 0, ErrNotNumber
	}
	for _, c := range cell { // strconv also accepts hexadecimal numbers and words
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			return parseWord(cell)
		}
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	switch {
	case err == nil:
		return float32(v), nil
	case errors.Is(err, strconv.ErrRange):
		return 0, ErrTooLarge
	case Missing(cell):
		return 0, ErrMissing
	}
	return 0, ErrNotNumber
}

// parseWord parses the words that stand for numbers or for a missing one.
func parseWord(cell []byte) (float32, error) {
	if Missing(cell) {
		return 0, ErrMissing
	}
	switch strings.ToLower(strings.TrimLeft(string(cell), "+-")) {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	case "nan", "inf", "infinity", "1.#inf", "1.#qnan":
		return 0, ErrNotFinite
	}
	return 0, ErrNotNumber
}

// Missing reports whether a cell means a missing value.
func Missing(cell []byte) bool {
	if len(cell) > 4 {
		return false
	}
	switch string(cell) {
	case "", "?", "-", ".", "#N/A", "<NA>", "NA", "N/A", "n/a", "na", "NaN", "nan", "NAN", "null", "NULL", "Null":
		return true
	}
	return false
}

// SmallNumbers parses a line of whole numbers below 1000, by far the most common kind, and returns their count. It reports
// false if the line has anything else, or more of them than row.
func SmallNumbers(line []byte, separator byte, row []uint16) (n int, ok bool) {
	v, digits := uint16(0), 0
	for _, c := range line {
		switch {
		case c-'0' <= 9:
			v = v*10 + uint16(c-'0')
			digits++
		case c != separator || digits-1 > 2 || digits == 0 || n == len(row):
			return n, false
		default:
			row[n] = v
			n++
			v, digits = 0, 0
		}
	}
	if digits == 0 || digits > 3 || n == len(row) {
		return n, false
	}
	row[n] = v
	return n + 1, true
}
