// Package table reads tables of text: CSV and its relatives, ARFF, and the sparse format of svmlight. A first pass over
// the lines collects evidence on each column; from that it decides what the columns are; a second pass reads the rows.
package table

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"

	"shadegrad/internal/naming"
	"shadegrad/internal/table/dialect"
)

// Lines calls f with each line of a file, without its end, and the number of the line, from 1.
type Lines func(f func(line []byte, number int) error) error

// A File is a file of a table, of which the first pass knows these facts.
type File struct {
	dialect.Dialect
	Rows  int
	lines Lines

	zeroBased bool            // the columns of a sparse table count from 0
	evidence  []column        // of each column
	values    map[int]*values // of the columns that may be more than numbers
	hot       [3]oneHot       // in the last columns, in the first ones, and in those after the first

	cellsOf [][]byte // buffer
	small   []uint16 // a row of small numbers
	quick   int      // rows that were small numbers throughout
	least   []uint16 // in these rows
	most    []uint16
}

// A column is the evidence on the cells of a column.
type column struct {
	min, max                           float32
	numbers, words, missing, fractions uint32
	odd                                uint32 // cells that are not pixels: fractions, and numbers that are not from 0 to 255
	word                               string // the first one
	missingAt                          int    // number of the first line with a missing value
}

// text reports whether a column contains words, rather than numbers with a few errors.
func (c *column) text() bool { return uint64(c.words)*20 > uint64(c.words)+uint64(c.numbers) }

// A values counts the distinct values of a column, up to a bound.
type values struct {
	counts  map[string]int
	first   map[string]int // number of the first line with a value
	many    bool           // there are more
	repeats bool           // a value occurs twice
	counted int            // rows that count upwards from 0 or 1
	start   string
}

// most of values are tracked: more than any label has, to recognise the numbers of rows.
const (
	mostValues  = 1000
	mostTracked = 64
)

// A oneHot finds out whether each row has exactly one 1, and otherwise zeros, in columns at an end of the table.
type oneHot struct {
	width int // of the columns: the 1 that is furthest from the end
	clear int // columns from the end to the second 1, or to what is neither 0 nor 1, in all rows
}

// sampled is the number of lines, and of their bytes, from which the dialect is recognised.
const (
	sampled      = 12
	sampledBytes = 1 << 20
	mostBlank    = 1 << 20 // lines before the first one
)

// separatorLine matches a line that Excel writes above a table.
var separatorLine = regexp.MustCompile(`(?i)^"?sep=.?"?$`)

// Survey makes the first pass. It calls check with the numbers of rows and columns at each row.
func Survey(lines Lines, wanted Wanted, check func(rows, columns int) error) (*File, error) {
	f := &File{lines: lines, values: map[int]*values{}}
	var sample []dialect.Line
	size, above := 0, 0 // above is the number of the last line above the table
	begin := func() error {
		d, err := dialect.Recognise(sample, wanted.Features)
		if err != nil {
			return err
		}
		f.Dialect = *d
		f.Header = max(f.Header, above)
		f.begin(wanted)
		for _, line := range sample {
			if err := f.survey(line.Text, line.Number, check); err != nil {
				return err
			}
		}
		sample = nil
		return nil
	}
	err := lines(func(line []byte, number int) error {
		if f.evidence != nil {
			return f.survey(line, number, check)
		}
		switch empty := len(bytes.TrimSpace(line)) == 0; {
		case len(sample) == 0 && (empty || line[0] == '%' || separatorLine.Match(line)):
			if above = number; number > mostBlank {
				return fmt.Errorf("line %d: expected names or numbers, found empty lines", number)
			}
			return nil
		case empty:
			return nil
		}
		if len(sample) == 1 && line[0] == '#' && sample[0].Text[0] == '#' {
			sample = nil // of several comments before the table the last one may be its header
		}
		sample = append(sample, dialect.Line{Text: bytes.Clone(line), Number: number})
		size += len(line)
		enough := len(sample) >= sampled || size >= sampledBytes
		if dialect.IsARFF(sample[0].Text) { // read all declarations
			enough = size >= 16*sampledBytes || bytes.EqualFold(dialect.FirstWord(line), []byte("@data"))
		}
		if enough {
			return begin()
		}
		return nil
	})
	if err == nil && len(sample) > 0 {
		err = begin()
	}
	switch {
	case err != nil:
		return nil, err
	case above > 0 && f.evidence == nil:
		return nil, errors.New("line 1: expected names or numbers, found only empty lines")
	case f.evidence == nil:
		return nil, errors.New("expected lines of text, found an empty file")
	case f.Rows == 0:
		return nil, fmt.Errorf("expected rows of numbers after the names in line %d, found the end of the file", max(1, f.Header))
	}
	f.finish()
	return f, nil
}

// begin prepares the first pass.
func (f *File) begin(wanted Wanted) {
	n := f.Columns
	f.evidence = make([]column, n)
	for i := range f.evidence {
		f.evidence[i] = newColumn()
	}
	f.small = make([]uint16, n)
	f.least, f.most = make([]uint16, n), make([]uint16, n)
	for i := range f.least {
		f.least[i] = math.MaxUint16
	}
	for i := range f.hot {
		f.hot[i].clear = n
	}
	label := -1
	for _, name := range []string{wanted.Label, wanted.LabelWas} {
		if label < 0 && name != "" {
			label = f.find(name, n)
		}
	}
	// In a wide table only some columns can be more than numbers.
	for i := range n {
		switch {
		case n <= mostTracked, i < 3, i >= n-3, i == label, f.Nominal != nil && f.Nominal[i]:
			f.track(i)
		case f.Names == nil, len(f.values) >= 2*mostTracked, len(f.values) >= mostTracked && naming.LabelRank(f.Names[i]) == 0:
		case naming.LabelRank(f.Names[i]) > 0, f.Names[i] == "", naming.IsID(f.Names[i]), naming.IsPart(f.Names[i]), naming.Stem(f.Names[i]) != naming.Stem(f.Names[i-1]):
			f.track(i)
		}
	}
}

func (f *File) track(i int) *values {
	v := f.values[i]
	if v == nil {
		v = &values{counts: map[string]int{}, first: map[string]int{}}
		f.values[i] = v
	}
	return v
}

// survey adds a line to the evidence.
func (f *File) survey(line []byte, number int, check func(rows, columns int) error) error {
	if number <= f.Header || f.IsBlank(line) {
		return nil
	}
	if err := check(f.Rows+1, f.Columns); err != nil {
		return fmt.Errorf("line %d: %w", number, err)
	}
	var err *dialect.RowError
	if f.Sparse {
		err = f.surveySparse(line, number)
	} else if n, ok := dialect.SmallNumbers(line, f.Separator, f.small); ok && n == f.Columns {
		f.surveySmall(number)
	} else {
		err = f.surveyCells(line, number)
	}
	if err != nil {
		err.Line = number
		return err
	}
	f.Rows++
	return nil
}

// surveySmall adds a row of small numbers.
func (f *File) surveySmall(number int) {
	f.quick++
	least, most := f.least[:len(f.small)], f.most[:len(f.small)]
	for i, v := range f.small {
		if v > most[i] {
			most[i] = v
		}
		if v < least[i] {
			least[i] = v
		}
		if v > math.MaxUint8 {
			f.evidence[i].odd++
		}
	}
	var buffer [8]byte
	for i, v := range f.values {
		v.add(strconv.AppendUint(buffer[:0], uint64(f.small[i]), 10), number)
	}
	f.addHot()
}

// addHot adds a row to the evidence on one-hot labels.
func (f *File) addHot() {
	f.hot[1].add(len(f.small), func(i int) uint16 { return f.small[i] })
	f.hot[0].add(len(f.small), func(i int) uint16 { return f.small[len(f.small)-1-i] })
	f.hot[2].add(len(f.small)-1, func(i int) uint16 { return f.small[i+1] })
}

func (h *oneHot) add(n int, at func(int) uint16) {
	first := n
	for i := range min(h.clear, n) {
		v := at(i)
		if v == 0 {
			continue
		}
		if v > 1 || first < n {
			h.clear = i
			break
		}
		first = i
	}
	h.width = max(h.width, first+1)
}

// found returns the number of columns of a one-hot label, or 0.
func (h *oneHot) found() int {
	if h.width < 2 || h.width > h.clear || h.width > maxClasses {
		return 0
	}
	return h.width
}

// surveyCells adds any other row.
func (f *File) surveyCells(line []byte, number int) *dialect.RowError {
	cells, err := f.Row(f.cellsOf[:0], line)
	f.cellsOf = cells
	if err != nil {
		return err
	}
	for i, cell := range cells {
		v, err := f.evidence[i].add(cell, number)
		switch {
		case err == dialect.ErrNotNumber && (len(f.values) < mostTracked || f.values[i] != nil):
			f.track(i).add(cell, number)
		case f.values[i] != nil:
			f.values[i].add(canonical(cell, v, err), number)
		}
		f.small[i] = 2 // neither 0 nor 1
		if err == nil && (v == 0 || v == 1) {
			f.small[i] = uint16(v)
		}
	}
	f.addHot()
	return nil
}

// add adds a cell to the evidence on its column.
func (c *column) add(cell []byte, number int) (float32, error) {
	v, err := dialect.ParseNumber(cell)
	switch err {
	case nil:
		c.numbers++
		c.min, c.max = min(c.min, v), max(c.max, v)
		whole := v == float32(math.Trunc(float64(v)))
		if !whole {
			c.fractions++
		}
		if !whole || v < 0 || v > math.MaxUint8 {
			c.odd++
		}
	case dialect.ErrMissing:
		if c.missing++; c.missing == 1 {
			c.missingAt = number
		}
	default:
		if c.words++; c.words == 1 {
			c.word = dialect.Shown("%q", cell)
		}
	}
	return v, err
}

// canonical returns the text of a value: 7 for 7.0.
func canonical(cell []byte, v float32, err error) []byte {
	if err != nil || v != float32(math.Trunc(float64(v))) || v > 1<<24 || v < -1<<24 || len(cell) > 0 && cell[0]|0x20 >= 'a' {
		return cell
	}
	return strconv.AppendInt(nil, int64(v), 10)
}

// add adds a value in a line.
func (v *values) add(text []byte, number int) {
	if v.many {
		return
	}
	n := v.counts[string(text)]
	switch {
	case n > 0:
		v.repeats = true
	case len(v.counts) == mostValues:
		v.many = true
		return
	default:
		v.first[string(text)] = number
		if v.counted == 0 && (string(text) == "0" || string(text) == "1") {
			v.start = string(text)
		}
		start := 0
		if v.start == "1" {
			start = 1
		}
		if v.start != "" && v.counted == len(v.counts) && string(text) == strconv.Itoa(v.counted+start) {
			v.counted++
		}
	}
	v.counts[string(text)] = n + 1
}

// counts reports whether the values number the rows from 0 or 1.
func (v *values) countsRows() bool { return !v.repeats && v.counted == len(v.counts) && v.start != "" }

// finish adds the rows of small numbers to the evidence on each column.
func (f *File) finish() {
	for i := range f.evidence {
		c := &f.evidence[i]
		if f.Sparse && i > 0 && int(c.numbers) < f.Rows { // the others are 0
			c.min, c.max = min(c.min, 0), max(c.max, 0)
		}
		if f.quick > 0 {
			c.min, c.max = min(c.min, float32(f.least[i])), max(c.max, float32(f.most[i]))
			c.numbers += uint32(f.quick)
		}
	}
	f.least, f.most, f.cellsOf = nil, nil, nil
}

// newColumn returns the evidence on a column before the first row.
func newColumn() column { return column{min: math.MaxFloat32, max: -math.MaxFloat32} }
