package dataset

import (
	"errors"
	"math"
	"regexp"
	"strconv"
)

var (
	errNotNumber = errors.New("not a number")
	errNotFinite = errors.New("not finite")
	errTooLarge  = errors.New("too large")
	errNotByte   = errors.New("not a whole number from 0 to 255")
)

// maxNumber is the maximum length of a number.
const maxNumber = 400

// notFinite matches NaN and infinities, as programs write them.
var notFinite = regexp.MustCompile(`^[+-]*(?i:nan|inf|infinity|1\.#inf|1\.#qnan)$`)

// parseNumber parses a decimal number and rounds it once. Numbers too small for float32 become 0; numbers too large are
// an error.
func parseNumber(cell []byte) (float32, error) {
	if len(cell) > maxNumber {
		return 0, errNotNumber
	}
	for _, c := range cell { // strconv also accepts hexadecimal numbers and words
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c|0x20 != 'e' {
			if notFinite.Match(cell) {
				return 0, errNotFinite
			}
			return 0, errNotNumber
		}
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	switch {
	case err == nil:
		return float32(v), nil
	case errors.Is(err, strconv.ErrRange):
		return 0, errTooLarge
	}
	return 0, errNotNumber
}

// parseByte parses a number that is whole and from 0 to 255, such as 7 or 7.0. The error is errNotByte for any other
// number.
func parseByte(cell []byte) (byte, error) {
	if n, err := strconv.ParseUint(string(cell), 10, 8); err == nil {
		return byte(n), nil
	}
	v, err := parseNumber(cell)
	if err == nil && (v < 0 || v > math.MaxUint8 || v != float32(byte(v))) {
		err = errNotByte
	}
	return byte(v), err
}
