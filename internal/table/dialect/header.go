package dialect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shadegrad/internal/naming"
)

// isHeader distinguishes a header from a row of numbers with a mistake, which would be lost if it were taken for names.
// Only columns of numbers give evidence: in others a word is a label like those below. A header has
//
//   - a cell that is a usual name of the label, such as label or class; or
//   - a first cell that is not a number, and words above most of the columns of numbers: x,y and label,1x1,1x2; or
//   - numbers that count 0, 1, 2, … or 1, 2, 3, …, and words: at least five numbers, or words that no row has: 0,1,2,y; or
//   - numbers that pandas made distinct when it took a row for names: 0,0.1,0.2,7,0.3; or
//   - the names of the training part or of what a network has learned.
//
// Therefore 5x,0,0,7 and 5x,1,2 are rows with a faulty label, because no word begins with a digit.
func isHeader(first []string, rows [][]string, known []string) bool {
	words, columns, next, count, counting := 0, 0, -1, 0, true // next is the number that continues the count, or −1
	named, fresh := false, true
	for i, cell := range first {
		numbers := columnOfNumbers(rows, i)
		occurs := slices.ContainsFunc(rows, func(cells []string) bool { return i < len(cells) && cells[i] == cell })
		if naming.LabelRank(cell) >= naming.LikelyLabel && !occurs {
			return true
		}
		if _, err := ParseNumber([]byte(cell)); err != nil {
			if numbers && i > 0 {
				columns++
				if err == ErrNotNumber && !isDecimalComma(cell) {
					words++
				}
			}
			counting = counting && (cell == "" || err == ErrNotNumber && BeginsWord(cell))
			named = named || numbers && cell != ""
			fresh = fresh && (cell == "" || !occurs)
			continue
		}
		if i > 0 {
			columns++
		}
		n, err := strconv.Atoi(cell)
		counting = counting && err == nil && (next < 0 && (n == 0 || n == 1) || next > 0 && n == next)
		next = n + 1
		count++
	}
	if isMangled(first, rows) || containsNames(first, known) {
		return true
	}
	if counting && (count >= 5 || count >= 3 && fresh && count < len(first) || count > 0 && named && fresh) {
		return true
	}
	_, err := ParseNumber([]byte(first[0]))
	return err != nil && 2*words > columns
}

// BeginsWord reports whether a cell begins as a word does.
func BeginsWord(cell string) bool {
	r, _ := utf8.DecodeRuneInString(cell)
	return unicode.IsLetter(r) || r == '_' || r == '#'
}

// containsNames reports whether cells contain names, of which one may be missing: a test part may have no label. Rows of
// numbers contain a few numbers by chance.
func containsNames(cells, names []string) bool {
	have := map[string]bool{}
	for _, cell := range cells {
		have[naming.Plain(cell)] = true
	}
	missing, words := 0, 0
	for _, name := range names {
		if !have[naming.Plain(name)] {
			missing++
		} else if BeginsWord(name) {
			words++
		}
	}
	return missing == 0 && (words > 0 || len(names) > 4) || missing == 1 && words > 1
}

// columnOfNumbers reports whether all values of a column are numbers.
func columnOfNumbers(rows [][]string, i int) bool {
	found := len(rows) == 0
	for _, cells := range rows {
		if i >= len(cells) {
			continue
		}
		switch _, err := ParseNumber([]byte(cells[i])); {
		case err == nil || isDecimalComma(cells[i]):
			found = true
		case err != ErrMissing:
			return false
		}
	}
	return found
}

// isMangled reports whether pandas has read a row of numbers as names. It appends .1, .2 and so on to equal names.
// The rows must have whole numbers in these columns; otherwise the first row has fractions.
func isMangled(first []string, rows [][]string) bool {
	counts := map[string]int{}
	mangled := 0
	for i, cell := range first {
		base, _, found := strings.Cut(cell, ".")
		n := counts[base]
		if _, err := strconv.Atoi(base); err != nil || (n > 0) != found || n > 0 && cell != fmt.Sprintf("%s.%d", base, n) {
			if i == 0 && err != nil {
				continue // the name of the label
			}
			return false
		}
		counts[base]++
		if n == 0 {
			continue
		}
		mangled++
		for _, cells := range rows {
			if i < len(cells) && strings.Contains(cells[i], ".") {
				return false
			}
		}
	}
	return mangled >= 2 && len(rows) > 0
}
