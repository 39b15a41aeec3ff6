package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// A dialect is the format of a CSV file.
type dialect struct {
	separator   byte // ',', ';', tab, or a space for any number of spaces
	header      bool // the first line is a header
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
	line = trimEnd(line)
	if len(line) == 0 {
		return nil, errors.New("line 1: expected names or numbers, found an empty line")
	}
	if text := hint(line); text != "" || bytes.IndexByte(line, 0) >= 0 || bytes.HasPrefix(line, []byte("\x89PNG")) {
		return nil, fmt.Errorf("line 1: expected text with names or numbers%s, found something else%s", ifUTF16(line), text)
	}
	d := &dialect{separator: separatorOf(line), targets: o.Targets}
	cells := d.split(line)
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

// separatorOf returns the separator of the cells of a line. A comma may be part of a name if there is another
// separator, and spaces may surround each of them.
func separatorOf(line []byte) byte {
	var seen [256]bool
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		}
		seen[c] = seen[c] || !quoted
	}
	for _, c := range []byte(";\t,") {
		if seen[c] {
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

// split returns the cells of a line.
func (d *dialect) split(line []byte) [][]byte {
	var cells [][]byte
	for at := d.begin(line); ; {
		cell, next, err := d.cell(line, at)
		if err != nil {
			cell, next = line[at:], -1
		}
		cells = append(cells, cell)
		if next < 0 {
			return cells
		}
		at = next
	}
}

// begin returns the start of the first cell of a line.
func (d *dialect) begin(line []byte) int {
	at := 0
	for d.separator == ' ' && at < len(line) && line[at] == ' ' {
		at++
	}
	return at
}

var errQuote = errors.New("quotes do not match")

// cell returns the cell of a line that begins at a place, without spaces and quotes around it, and the start of the
// next cell, or −1. A doubled quote within quotes stays doubled, since no number has one.
func (d *dialect) cell(line []byte, at int) (cell []byte, next int, err error) {
	rest := line[at:]
	begin := 0
	for begin < len(rest) && rest[begin] == ' ' {
		begin++
	}
	quoted := begin < len(rest) && rest[begin] == '"'
	from := begin
	if quoted {
		for from++; ; from += 2 {
			n := bytes.IndexByte(rest[from:], '"')
			if n < 0 {
				return nil, 0, errQuote
			}
			from += n
			if from+1 >= len(rest) || rest[from+1] != '"' {
				break
			}
		}
		cell = rest[begin+1 : from]
		from++
	}
	end := bytes.IndexByte(rest[from:], d.separator)
	if end < 0 {
		end, next = len(rest), -1
	} else {
		end += from
		next = at + end + 1
	}
	outside := bytes.Trim(rest[from:end], " ")
	switch {
	case !quoted:
		cell = outside
	case len(outside) > 0:
		return nil, 0, errQuote
	}
	for d.separator == ' ' && next >= 0 && next < len(line) && line[next] == ' ' {
		next++
	}
	return cell, next, nil
}

// trimEnd removes the line ending and the spaces before it.
func trimEnd(line []byte) []byte { return bytes.TrimRight(line, " \r\n") }

// counted returns "1 number" or "2 numbers".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
