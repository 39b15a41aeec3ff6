package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A dialect is the format of a CSV file.
type dialect struct {
	separator   byte           // ',', ';', tab, or a space for any number of spaces
	spaced      *regexp.Regexp // the separator and the spaces around it
	header      bool           // the first line is a header
	columns     int
	targets     int // number of target columns, or 0 for labels
	first, last int // columns of the label or the targets; the others are features
}

// answers returns the number of columns that are not features.
func (d *dialect) answers() int { return d.last - d.first + 1 }

// features returns the number of feature columns.
func (d *dialect) features() int { return d.columns - d.answers() }

// square reports whether the features can be the pixels of a square image. So many columns of measurements would be a
// coincidence.
func (d *dialect) square() bool {
	const least = 8
	side := root(d.features())
	return side >= least && side*side == d.features()
}

// recognise returns the dialect of a table from its first line.
func recognise(line []byte, o Options) (*dialect, error) {
	if len(line) == 0 {
		return nil, errors.New("line 1: expected names or numbers, found an empty line")
	}
	if text := hint(line); text != "" || bytes.IndexByte(line, 0) >= 0 || bytes.HasPrefix(line, []byte("\x89PNG")) {
		return nil, fmt.Errorf("line 1: expected text with names or numbers%s, found something else%s", ifUTF16(line), text)
	}
	d := &dialect{separator: separatorOf(line), targets: o.Targets}
	d.spaced = regexp.MustCompile(" *" + string(d.separator) + " *")
	cells, _ := d.cells(nil, line, true) // a row is checked later
	d.columns = len(cells)
	d.header = isHeader(cells)
	answer := "a label"
	if o.Targets > 0 {
		answer = counted(o.Targets, "target")
	}
	switch {
	case d.header && len(cells[0]) == 0:
		return nil, errors.New("line 1, column 1: expected a name, found nothing; if this column only numbers the lines, omit it")
	case d.columns <= max(1, o.Targets):
		return nil, fmt.Errorf("line 1: expected %s and at least one number, separated by comma, semicolon, tab or space; found %s",
			answer, counted(d.columns, "column"))
	case o.Targets > 0 && o.TargetsFirst:
		d.last = o.Targets - 1
	case o.Targets > 0:
		d.first, d.last = d.columns-o.Targets, d.columns-1
	case d.header:
		d.first = labelColumn(cells)
		d.last = d.first
	}
	return d, nil
}

// ifUTF16 returns a hint for text with a zero in each second byte.
func ifUTF16(line []byte) string {
	if bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff")) {
		return " in UTF-8 (this is UTF-16: save it again)"
	}
	return ""
}

// quoted matches the quoted parts of a line. The last one may not be closed.
var quoted = regexp.MustCompile(`"[^"]*("|$)`)

// separatorOf returns the separator of the cells of a line. A comma may be part of a name if there is another
// separator, and spaces may surround each of them.
func separatorOf(line []byte) byte {
	unquoted := quoted.ReplaceAll(line, nil)
	for _, c := range []byte(";\t,") {
		if bytes.IndexByte(unquoted, c) >= 0 {
			return c
		}
	}
	return ' '
}

// isHeader distinguishes a header from a row of numbers with a mistake, which would be lost if it were taken for names.
// A header has a cell label or class, or its first cell is not a number and
//
//   - most of the others are not numbers either: x,y and label,a,b and label,1x1,1x2 and, with a first column that only
//     numbers the lines and is refused later, ,a,b; or
//   - the first begins with a letter and the numbers among the others count 0, 1, 2, … or 1, 2, 3, …: digit,0,1,2,3 and
//     digit,1 and x,y,0,1,2,3.
//
// So 5x,0,0,7 and cat,5,9 are rows whose label is not a number, which is an error, and so is 5x,1,2, because no word
// begins with a digit. Taking cat,1,2 for a header loses nothing: if the other rows have such labels too, the next row
// is refused.
func isHeader(cells [][]byte) bool {
	first, others := cells[0], cells[1:]
	names, next, counting := 0, -1, true // next is the number that continues the count, or −1
	for i, cell := range cells {
		switch n, err := strconv.Atoi(string(cell)); {
		case isLabelName(cell):
			return true
		case i == 0:
		case !looksLikeNumber(cell):
			names++
		default:
			counting = counting && err == nil && (next < 0 && (n == 0 || n == 1) || next > 0 && n == next)
			next = n + 1
		}
	}
	if len(first) > 0 && looksLikeNumber(first) {
		return false
	}
	r, _ := utf8.DecodeRune(first)
	word := unicode.IsLetter(r) || r == '_' || r == '#'
	return 2*names > len(others) || word && counting
}

// isLabelName reports whether a name is that of the label column.
func isLabelName(name []byte) bool {
	return bytes.EqualFold(name, []byte("label")) || bytes.EqualFold(name, []byte("class"))
}

// looksLikeNumber reports whether a cell is more likely a number than a name. An empty cell is not a name.
func looksLikeNumber(cell []byte) bool {
	_, err := parseNumber(cell)
	return err == nil || len(cell) == 0 || err == errNotFinite || err == errTooLarge
}

// labelColumn returns the column of a header named label or class, or else the first.
func labelColumn(names [][]byte) int {
	for i, name := range names {
		if isLabelName(name) {
			return i
		}
	}
	return 0
}

// cells appends the cells of a line to a list, without the spaces and quotes around them. On an error it returns the
// cells before the faulty one. Lazy cells may have quotes in them, as names of columns have.
//
// Only lines with quotes go to encoding/csv, because it copies each line to the heap. It reads one line at a time, since
// an unclosed quote would take the rest of the file for one cell.
func (d *dialect) cells(list [][]byte, line []byte, lazy bool) ([][]byte, error) {
	if bytes.IndexByte(line, '"') >= 0 {
		return d.quotedCells(list, string(line), lazy)
	}
	begin := 0
	for i := 0; i <= len(line); i++ {
		if i < len(line) && line[i] != d.separator {
			continue
		}
		if cell := bytes.Trim(line[begin:i], " "); len(cell) > 0 || d.separator != ' ' {
			list = append(list, cell)
		}
		begin = i + 1
	}
	return list, nil
}

// quotedCells is cells for a line with quotes.
func (d *dialect) quotedCells(list [][]byte, line string, lazy bool) ([][]byte, error) {
	// encoding/csv accepts neither spaces after a quote nor several spaces as a separator.
	parts := strings.Split(strings.TrimLeft(line, " "), `"`)
	for i := 0; i < len(parts); i += 2 { // outside quotes
		parts[i] = d.spaced.ReplaceAllString(parts[i], string(d.separator))
	}
	r := csv.NewReader(strings.NewReader(strings.Join(parts, `"`)))
	r.Comma, r.LazyQuotes = rune(d.separator), lazy
	cells, err := r.Read()
	for _, cell := range cells {
		list = append(list, []byte(cell))
	}
	return list, err
}

// counted returns "1 number" or "2 numbers".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
