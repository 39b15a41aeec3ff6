// Package dialect reads the lines of tables of text: CSV and its relatives, ARFF, and the format of svmlight. It recognises
// the separator, the header and decimal commas from the first lines, and divides lines into cells.
package dialect

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A Dialect is the format of a table.
type Dialect struct {
	Separator byte     // ',', ';', tab, '|', or a space for any number of spaces
	Sparse    bool     // svmlight: a label and pairs of a column and a number
	Names     []string // of the columns, or nil
	Nominal   []bool   // columns that an ARFF file declares as nominal, or nil
	Header    int      // number of the last line of the header, or 0
	Columns   int

	first        int // number of the first line with cells
	decimalComma bool
	packed       int // column whose cells are lists of numbers, or −1
	fields       int // of a packed cell
	arff         bool
}

// A Line is a line of a file and its number, from 1.
type Line struct {
	Text   []byte
	Number int
}

// MaxColumns is the maximum number of columns. Images of 300×300 in the cells of a row have fewer.
const MaxColumns = 100_000

var errTooWide = fmt.Errorf("expected at most %d columns, found more", MaxColumns)

// Recognise returns the dialect of a table from its first lines that are not empty. Known names make a header certain.
func Recognise(lines []Line, known []string) (*Dialect, error) {
	d := &Dialect{packed: -1, first: lines[0].Number}
	if IsARFF(lines[0].Text) {
		return d, d.readARFF(lines)
	}
	comment, table := lines[0], lines
	if comment.Text[0] == '#' && len(lines) > 1 {
		table = lines[1:]
		d.Header = comment.Number
	}
	if isSparse(table) {
		d.Sparse, d.Separator = true, ' '
		return d, nil
	}
	d.Separator = separatorOf(table)
	rows, err := d.splitAll(table)
	if err != nil {
		return nil, err
	}
	// A comment before the table is its header if it has as many cells, unless a header follows.
	if len(table) < len(lines) {
		comment.Text = bytes.TrimLeft(comment.Text, "# ")
		names, err := d.split(comment)
		if err == nil && len(names) == len(rows[0]) && !isHeader(rows[0], rows[1:], known) {
			table, rows = append([]Line{comment}, table...), append([][]string{names}, rows...)
		}
	}
	first, last := rows[0], rows[len(rows)-1]
	for i, cell := range last {
		if n := listLength(cell); n > 1 && d.Separator != ' ' && len(rows) > 1 {
			d.packed, d.fields = i, n
			if rows, err = d.splitAll(table); err != nil {
				return nil, err
			}
			first, last = rows[0], rows[len(rows)-1]
			break
		}
	}
	d.decimalComma = slices.ContainsFunc(rows, func(cells []string) bool { return slices.ContainsFunc(cells, isDecimalComma) })
	d.first, d.Columns = table[0].Number, len(first)
	if isHeader(first, rows[1:], known) {
		d.Header, d.Names = d.first, first
		if d.packed >= 0 && len(first) > d.packed && len(last) == len(first)-1+d.fields {
			d.Names = slices.Insert(slices.Clone(first), d.packed, slices.Repeat([]string{first[d.packed]}, d.fields-1)...)
		}
		d.Columns = len(d.Names)
		if len(last) == d.Columns+1 && last[d.Columns] != "" { // R writes row names without a header
			d.Names = append([]string{""}, d.Names...)
			d.Columns++
		}
	}
	// A separator at the end of every line is not a column.
	for n := d.Columns - 1; n > 0 && (d.Names == nil || d.Names[n] == "") && !slices.ContainsFunc(rows, func(cells []string) bool {
		return len(cells) > n && cells[n] != ""
	}); n-- {
		d.Columns = n
		d.Names = d.Names[:min(len(d.Names), n)]
	}
	return d, d.checkTitle(table, rows)
}

// checkTitle returns an error if the first lines have fewer cells than all others, as a title above the table has.
func (d *Dialect) checkTitle(table []Line, rows [][]string) error {
	filled := func(cells []string) int { // without the empty cells after separators at the end
		n := len(cells)
		for n > 0 && cells[n-1] == "" {
			n--
		}
		return n
	}
	width := filled(rows[len(rows)-1])
	titles := slices.IndexFunc(rows, func(cells []string) bool { return filled(cells) >= width })
	const enough = 3
	if titles < 1 || d.Columns >= width || len(rows)-titles < enough ||
		slices.ContainsFunc(rows[titles:], func(cells []string) bool { return filled(cells) != width }) {
		return nil
	}
	return fmt.Errorf("line %d: expected %d columns as in line %d, found %d; delete what is above the table",
		table[0].Number, width, table[titles].Number, len(rows[0]))
}

// Cells divides the lines of a table into cells, by the separator of the first lines.
func Cells(lines []Line) ([][]string, error) {
	const sampled = 12
	d := &Dialect{packed: -1, Separator: separatorOf(lines[:min(len(lines), sampled)])}
	return d.splitAll(lines)
}

// splitAll divides lines into cells.
func (d *Dialect) splitAll(lines []Line) (rows [][]string, err error) {
	for _, line := range lines {
		cells, err := d.split(line)
		if err != nil {
			return nil, err
		}
		rows = append(rows, cells)
	}
	return rows, nil
}

// split divides a line into cells, which may have faults that Row finds later.
func (d *Dialect) split(line Line) ([]string, error) {
	cells, err := d.cells(nil, line.Text, true)
	if err == errTooWide {
		return nil, fmt.Errorf("line %d: %w", line.Number, err)
	}
	list := make([]string, len(cells))
	for i, cell := range cells {
		list[i] = string(cell)
	}
	return list, nil
}

// FirstWord returns the text before the first space or tab.
func FirstWord(line []byte) []byte {
	line, _, _ = bytes.Cut(bytes.ReplaceAll(line[:min(len(line), 64)], []byte("\t"), []byte(" ")), []byte(" "))
	return line
}

// separatorOf returns the separator of the cells. It is in two of the lines. A comma may be part of a number if there is
// another separator, and spaces may surround each of them.
func separatorOf(sample []Line) byte {
	a, b := unquoted(sample[len(sample)/2].Text), unquoted(sample[len(sample)-1].Text)
	const candidates = ";\t|,"
	for _, c := range []byte(candidates) {
		if bytes.IndexByte(a, c) >= 0 && bytes.IndexByte(b, c) >= 0 {
			if c == ',' && spaced(sample) {
				return ' '
			}
			return c
		}
	}
	if first := unquoted(sample[0].Text); bytes.ContainsAny(first, candidates) {
		return first[bytes.IndexAny(first, candidates)]
	}
	return ' '
}

// unquoted returns the parts of a line outside quotes.
func unquoted(line []byte) []byte {
	var out []byte
	for i, part := range bytes.SplitN(line, []byte(`"`), MaxColumns) {
		if i%2 == 0 {
			out = append(out, part...)
		}
	}
	return out
}

// spaced reports whether spaces separate numbers with decimal commas: each line has as many fields, and not only the first
// has a comma, as if a list of pixels followed a label.
func spaced(sample []Line) bool {
	commas, columns := false, len(bytes.Fields(sample[0].Text))
	for _, line := range sample {
		fields := bytes.Fields(line.Text)
		for i, field := range fields {
			commas = commas || i > 0 && isDecimalComma(string(field))
		}
		if len(fields) != columns || bytes.Contains(line.Text, []byte(", ")) || bytes.Contains(line.Text, []byte(" ,")) {
			return false
		}
	}
	return commas && columns > 1
}

// listLength returns the number of numbers in a cell that are separated by spaces, or 0 if it holds something else.
func listLength(cell string) int {
	fields := strings.Fields(cell)
	for _, field := range fields {
		if _, err := ParseNumber([]byte(field)); err != nil {
			return 0
		}
	}
	return len(fields)
}

var (
	withComma = regexp.MustCompile(`^[-+]?\d+,\d+([eE][-+]?\d+)?$`)
	thousands = regexp.MustCompile(`^[-+]?[1-9]\d{0,2},\d{3}$`)
)

// isDecimalComma reports whether a cell is a number with a decimal comma. 1,234 may be a thousand.
func isDecimalComma(cell string) bool {
	return len(cell) <= maxNumber && strings.Contains(cell, ",") && withComma.MatchString(cell) && !thousands.MatchString(cell)
}

// cells appends the cells of a line to a list, without the spaces and quotes around them. On an error it returns the
// cells before the faulty one. Lazy cells may have quotes in them, as names of columns have.
//
// Only lines with quotes go to encoding/csv, because it copies each line to the heap. It reads one line at a time, since
// an unclosed quote would take the rest of the file for one cell.
func (d *Dialect) cells(list [][]byte, line []byte, lazy bool) ([][]byte, error) {
	var err error
	if bytes.IndexByte(line, '"') >= 0 {
		list, err = d.quotedCells(list, line, lazy)
	} else {
		begin := 0
		for i := 0; i <= len(line); i++ {
			if i < len(line) && line[i] != d.Separator {
				continue
			}
			if cell := bytes.Trim(line[begin:i], " "); len(cell) > 0 || d.Separator != ' ' {
				list = append(list, cell)
			}
			begin = i + 1
			if len(list) > MaxColumns {
				return list, errTooWide
			}
		}
	}
	if d.arff {
		for i, cell := range list {
			list[i] = bytes.Trim(cell, "'")
		}
	}
	if d.packed >= 0 && d.packed < len(list) && bytes.IndexByte(list[d.packed], ' ') > 0 {
		list = slices.Replace(list, d.packed, d.packed+1, bytes.Fields(list[d.packed])...)
	}
	if len(list) > MaxColumns {
		err = errTooWide
	}
	return list, err
}

// quotedCells is cells for a line with quotes.
func (d *Dialect) quotedCells(list [][]byte, line []byte, lazy bool) ([][]byte, error) {
	if bytes.Count(line, []byte{d.Separator}) > MaxColumns && d.Separator != ' ' {
		return list, errTooWide
	}
	// encoding/csv accepts neither spaces around quotes nor several spaces as a separator.
	text := make([]byte, 0, len(line))
	inside := false
	for _, c := range line {
		switch last := len(text) - 1; {
		case c == '"':
			inside = !inside
		case inside:
		case c == ' ' && (last < 0 || text[last] == d.Separator):
			continue
		case c == d.Separator && c != ' ':
			text = bytes.TrimRight(text, " ")
		}
		text = append(text, c)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.LazyQuotes = rune(d.Separator), lazy
	cells, err := r.Read()
	for _, cell := range cells {
		list = append(list, []byte(cell))
	}
	return list, err
}

// Row returns the cells of a row, as many as there are columns. The error has no line.
func (d *Dialect) Row(list [][]byte, line []byte) ([][]byte, *RowError) {
	cells, err := d.cells(list, line, false)
	n := len(cells)
	switch {
	case d.arff && len(line) > 0 && line[0] == '{':
		return cells, &RowError{Column: 1, Problem: "expected values, found a row of a sparse ARFF file; apply Weka's filter SparseToNonSparse"}
	case err == errTooWide:
		return cells, &RowError{Column: MaxColumns, Problem: err.Error()}
	case err != nil:
		return cells, &RowError{Column: n + 1, Problem: "a quote is not closed, or there is text outside the quotes of a cell"}
	}
	for n > d.Columns && len(cells[n-1]) == 0 { // separators at the end
		n--
	}
	if n != d.Columns {
		return cells, &RowError{Column: min(n, d.Columns+1), Problem: fmt.Sprintf("expected %d columns as in line %d, found %d", d.Columns, d.first, n)}
	}
	if d.decimalComma {
		for i, cell := range cells {
			if at := bytes.IndexByte(cell, ','); at >= 0 && len(cell) <= maxNumber && withComma.Match(cell) {
				cells[i] = slices.Concat(cell[:at], []byte("."), cell[at+1:])
			}
		}
	}
	return cells[:n], nil
}

// Position returns the number of a column in the file, from 1.
func (d *Dialect) Position(column int) int {
	if d.packed >= 0 && column > d.packed {
		column = max(d.packed, column-d.fields+1)
	}
	return column + 1
}

// Name returns the name of a column for a message.
func (d *Dialect) Name(column int) string {
	const most = 60
	if column < len(d.Names) && d.Names[column] != "" {
		name := d.Names[column]
		if len(name) > most {
			name = strings.ToValidUTF8(name[:most], "") + "…"
		}
		return "`" + name + "`"
	}
	return fmt.Sprintf("column %d", d.Position(column))
}

// IsBlank reports whether a line has no value.
func (d *Dialect) IsBlank(line []byte) bool {
	return len(line) == 0 || line[0] == d.Separator && len(bytes.Trim(line, string(d.Separator)+" ")) == 0 || d.arff && line[0] == '%'
}

// A RowError reports a line that is not a row. Line and column count from 1.
type RowError struct {
	Line, Column int
	Problem      string
}

func (e *RowError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// ErrChanged reports a file that was not the same in both passes.
var ErrChanged = errors.New("the file changed while it was read")

// Shown formats a cell for a message, which has at most 30 bytes of it.
func Shown(format string, cell []byte) string {
	const most = 30
	switch {
	case len(cell) == 0:
		return "nothing"
	case len(cell) > most:
		return fmt.Sprintf(format, cell[:most]) + " and more"
	}
	return fmt.Sprintf(format, cell)
}
