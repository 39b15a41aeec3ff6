package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shadegrad/internal/naming"
)

// A dialect is the format of a table.
type dialect struct {
	separator    byte           // ',', ';', tab, '|', or a space for any number of spaces
	spaced       *regexp.Regexp // the separator and the spaces around it
	decimalComma bool
	sparse       bool     // svmlight: a label and pairs of a column and a number
	zeroBased    bool     // the columns of a sparse table count from 0
	packed       int      // column whose cells are lists of numbers, or −1
	fields       int      // of a packed cell
	arff         bool     // single quotes, and lines of comments with %
	names        []string // of the columns, or nil
	nominal      []bool   // columns that an ARFF file declares as nominal, or nil
	header       int      // number of the last line of the header, or 0
	columns      int
}

// A textLine is a line of a file and its number, from 1.
type textLine struct {
	text   []byte
	number int
}

// maxColumns bounds the memory for the evidence on the columns.
const maxColumns = 1 << 18

// recognise returns the dialect of a table from its first lines that are not empty. Known names make a header certain.
func recognise(sample []textLine, known []string) (*dialect, error) {
	d := &dialect{packed: -1}
	if isARFF(sample[0].text) {
		return d, d.readARFF(sample)
	}
	table := sample
	if sample[0].text[0] == '#' && len(sample) > 1 {
		table = sample[1:]
		d.header = sample[0].number
	}
	if isSparse(table) {
		d.sparse, d.separator = true, ' '
		return d, nil
	}
	d.setSeparator(separatorOf(table))
	var cells [][]byte
	split := func(line textLine) []string {
		cells, _ = d.cells(cells[:0], line.text, true) // a row is checked later
		list := make([]string, len(cells))
		for i, cell := range cells {
			list[i] = string(cell)
		}
		return list
	}
	splitAll := func(lines []textLine) (rows [][]string) {
		for _, line := range lines {
			rows = append(rows, split(line))
		}
		return rows
	}
	// A comment before the table is its header if it has as many cells, unless a header follows.
	if comment := sample[0]; len(table) < len(sample) {
		comment.text = bytes.TrimLeft(comment.text, "# ")
		if rows := splitAll(table); len(split(comment)) == len(rows[0]) && !d.isHeader(rows[0], rows[1:], known) {
			table = append([]textLine{comment}, table...)
		}
	}
	sample = table
	first, last := split(sample[0]), split(sample[len(sample)-1])
	for i, cell := range last {
		if n := listLength(cell); n > 1 && d.separator != ' ' && len(sample) > 1 {
			d.packed, d.fields = i, n
			last = split(sample[len(sample)-1])
			first = split(sample[0])
			break
		}
	}
	rows := splitAll(sample[1:])
	d.decimalComma = slices.ContainsFunc(append(rows, first), func(cells []string) bool {
		return slices.ContainsFunc(cells, isDecimalComma)
	})
	d.columns = len(first)
	if d.isHeader(first, rows, known) {
		d.header = sample[0].number
		d.names = first
		if d.packed >= 0 && len(first) > d.packed && len(last) == len(first)-1+d.fields {
			d.names = slices.Insert(slices.Clone(first), d.packed, slices.Repeat([]string{first[d.packed]}, d.fields-1)...)
		}
		d.columns = len(d.names)
		if len(last) == d.columns+1 && last[d.columns] != "" { // R writes row names without a header
			d.names = append([]string{""}, d.names...)
			d.columns++
		}
	}
	// A separator at the end of every line is not a column.
	for d.columns > 1 && last[len(last)-1] == "" && first[len(first)-1] == "" && !slices.ContainsFunc(rows, func(cells []string) bool {
		return len(cells) >= d.columns && cells[d.columns-1] != ""
	}) && (d.names == nil || d.names[d.columns-1] == "") {
		d.columns--
		d.names = d.names[:min(len(d.names), d.columns)]
		last, first = last[:min(len(last), d.columns)], first[:min(len(first), d.columns)]
	}
	if d.columns > maxColumns {
		return nil, fmt.Errorf("line %d: expected at most %d columns, found %d", sample[0].number, maxColumns, d.columns)
	}
	return d, nil
}

func (d *dialect) setSeparator(c byte) {
	d.separator = c
	d.spaced = regexp.MustCompile(" *" + regexp.QuoteMeta(string(c)) + " *")
}

// firstWord returns the text before the first space or tab.
func firstWord(line []byte) []byte {
	line, _, _ = bytes.Cut(bytes.ReplaceAll(line[:min(len(line), 64)], []byte("\t"), []byte(" ")), []byte(" "))
	return line
}

// quoted matches the quoted parts of a line. The last one may not be closed.
var quoted = regexp.MustCompile(`"[^"]*("|$)`)

// separatorOf returns the separator of the cells, which is in the first two lines. A comma may be part of a name or a
// number if there is another separator, and spaces may surround each of them.
func separatorOf(sample []textLine) byte {
	a := quoted.ReplaceAll(sample[0].text, nil)
	b := quoted.ReplaceAll(sample[min(1, len(sample)-1)].text, nil)
	const candidates = ";\t|,"
	for _, c := range []byte(candidates) {
		if bytes.IndexByte(a, c) >= 0 && bytes.IndexByte(b, c) >= 0 {
			if c == ',' && spaced(sample) {
				return ' '
			}
			return c
		}
	}
	if i := bytes.IndexAny(a, candidates); i >= 0 {
		return a[i]
	}
	return ' '
}

// spaced reports whether spaces separate numbers with decimal commas: each line has as many fields, and not only the first
// has a comma, as if a list of pixels followed a label.
func spaced(sample []textLine) bool {
	commas, columns := false, len(bytes.Fields(sample[0].text))
	for _, line := range sample {
		fields := bytes.Fields(line.text)
		for i, field := range fields {
			commas = commas || i > 0 && isDecimalComma(string(field))
		}
		if len(fields) != columns || bytes.Contains(line.text, []byte(", ")) || bytes.Contains(line.text, []byte(" ,")) {
			return false
		}
	}
	return commas && columns > 1
}

// listLength returns the number of numbers in a cell that are separated by spaces, or 0 if it holds something else.
func listLength(cell string) int {
	fields := strings.Fields(cell)
	for _, field := range fields {
		if _, err := parseNumber([]byte(field)); err != nil {
			return 0
		}
	}
	return len(fields)
}

var (
	withComma = regexp.MustCompile(`^[-+]?\d+,\d+$`)
	thousands = regexp.MustCompile(`^[-+]?[1-9]\d{0,2},\d{3}$`)
)

// isDecimalComma reports whether a cell is a number with a decimal comma. 1,234 may be a thousand.
func isDecimalComma(cell string) bool {
	return withComma.MatchString(cell) && !thousands.MatchString(cell)
}

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
func (d *dialect) isHeader(first []string, rows [][]string, known []string) bool {
	words, columns, next, count, counting := 0, 0, -1, 0, true // next is the number that continues the count, or −1
	named, fresh := false, true
	for i, cell := range first {
		numbers := columnOfNumbers(rows, i)
		occurs := slices.ContainsFunc(rows, func(cells []string) bool { return i < len(cells) && cells[i] == cell })
		if naming.LabelRank(cell) >= naming.LikelyLabel && !occurs {
			return true
		}
		if _, err := parseNumber([]byte(cell)); err != nil {
			if numbers && i > 0 {
				columns++
				if err == errNotNumber && !isDecimalComma(cell) {
					words++
				}
			}
			counting = counting && (cell == "" || err == errNotNumber && beginsWord(cell))
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
	_, err := parseNumber([]byte(first[0]))
	return err != nil && 2*words > columns
}

// beginsWord reports whether a cell begins as a word does.
func beginsWord(cell string) bool {
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
		} else if beginsWord(name) {
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
		switch _, err := parseNumber([]byte(cells[i])); {
		case err == nil || isDecimalComma(cells[i]):
			found = true
		case err != errMissing:
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

// cells appends the cells of a line to a list, without the spaces and quotes around them. On an error it returns the
// cells before the faulty one. Lazy cells may have quotes in them, as names of columns have.
//
// Only lines with quotes go to encoding/csv, because it copies each line to the heap. It reads one line at a time, since
// an unclosed quote would take the rest of the file for one cell.
func (d *dialect) cells(list [][]byte, line []byte, lazy bool) ([][]byte, error) {
	var err error
	if bytes.IndexByte(line, '"') >= 0 {
		list, err = d.quotedCells(list, string(line), lazy)
	} else {
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
	}
	if d.arff {
		for i, cell := range list {
			list[i] = bytes.Trim(cell, "'")
		}
	}
	if d.packed >= 0 && d.packed < len(list) && bytes.IndexByte(list[d.packed], ' ') > 0 {
		list = slices.Replace(list, d.packed, d.packed+1, bytes.Fields(list[d.packed])...)
	}
	return list, err
}

// quotedCells is cells for a line with quotes.
func (d *dialect) quotedCells(list [][]byte, line string, lazy bool) ([][]byte, error) {
	// encoding/csv accepts neither spaces after a quote nor several spaces as a separator.
	parts := strings.Split(strings.TrimLeft(line, " "), `"`)
	for i := 0; i < len(parts); i += 2 { // outside quotes
		if strings.Contains(parts[i], " ") {
			parts[i] = d.spaced.ReplaceAllString(parts[i], string(d.separator))
		}
	}
	r := csv.NewReader(strings.NewReader(strings.Join(parts, `"`)))
	r.Comma, r.LazyQuotes = rune(d.separator), lazy
	cells, err := r.Read()
	for _, cell := range cells {
		list = append(list, []byte(cell))
	}
	return list, err
}

// row returns the cells of a row, as many as there are columns. The error has no line.
func (d *dialect) row(list [][]byte, line []byte) ([][]byte, *RowError) {
	cells, err := d.cells(list, line, false)
	n := len(cells)
	if err != nil {
		return cells, &RowError{Column: n + 1, Problem: "a quote is not closed, or there is text outside the quotes of a cell"}
	}
	for n > d.columns && len(cells[n-1]) == 0 { // separators at the end
		n--
	}
	if n != d.columns {
		return cells, &RowError{Column: min(n, d.columns+1), Problem: fmt.Sprintf("expected %d columns as in line %d, found %d", d.columns, max(1, d.header), n)}
	}
	if d.decimalComma {
		for i, cell := range cells {
			if at := bytes.IndexByte(cell, ','); at >= 0 && withComma.Match(cell) {
				cells[i] = slices.Concat(cell[:at], []byte("."), cell[at+1:])
			}
		}
	}
	return cells[:n], nil
}

// position returns the number of a column in the file, from 1.
func (d *dialect) position(column int) int {
	if d.packed >= 0 && column > d.packed {
		column = max(d.packed, column-d.fields+1)
	}
	return column + 1
}

// name returns the name of a column for a message.
func (d *dialect) name(column int) string {
	if column < len(d.names) && d.names[column] != "" {
		return "`" + d.names[column] + "`"
	}
	return fmt.Sprintf("column %d", d.position(column))
}

// isBlank reports whether a line has no value.
func (d *dialect) isBlank(line []byte) bool {
	return len(line) == 0 || line[0] == d.separator && len(bytes.Trim(line, string(d.separator)+" ")) == 0 || d.arff && line[0] == '%'
}

// A RowError reports a line that is not a row. Line and column count from 1.
type RowError struct {
	Line, Column int
	Problem      string
}

func (e *RowError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

var errChanged = errors.New("the file changed while it was read")
