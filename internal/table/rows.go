package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"shadegrad/internal/naming"
	"shadegrad/internal/table/dialect"
)

// Rows is the destination of the rows of a file. Either Images or Values is nil, and either Labels or Targets.
type Rows struct {
	Images  []byte
	Values  []float32
	Labels  []byte
	Targets []float32
	Lines   []uint32 // number of the line of each row
	IDs     []string // of samples, if a column has them
	Test    []uint32 // rows that a column of parts gives to the test part
	plan    *plan
}

// Rows returns the number of rows of a file.
func (s *Schema) Rows(file int) int { return s.plans[file].file.Rows }

// Place returns the line and the column of a feature, or of the label if feature is negative.
func (r *Rows) Place(row, feature int) (line, column int) {
	c := r.plan.label
	if feature >= 0 {
		c = r.plan.features[feature]
	}
	if c < 0 && len(r.plan.answers) > 0 {
		c = r.plan.answers[0]
	}
	return int(r.Lines[row]), r.plan.file.Position(c)
}

// Load makes the second pass: it reads the rows of a file into r, whose slices have the right sizes. The error is a
// RowError for a line that is not a row.
func (s *Schema) Load(file int, r *Rows) error {
	p := &s.plans[file]
	f := p.file
	r.plan, r.Lines = p, make([]uint32, 0, f.Rows)
	l := loader{s: s, plan: p, rows: r, small: make([]uint16, f.Columns), numbers: make([]float32, f.Columns)}
	for i := range l.scaled {
		l.scaled[i] = byte(math.Round(float64(i) * math.MaxUint8 / float64(max(s.White, 1))))
		l.class[i] = -1
		if n, ok := s.classes[strconv.Itoa(i)]; ok {
			l.class[i] = int(n)
		}
	}
	err := f.lines(func(line []byte, number int) error {
		if number <= f.Header || f.IsBlank(line) {
			return nil
		}
		if len(r.Lines) == f.Rows {
			return dialect.ErrChanged
		}
		r.Lines = append(r.Lines, uint32(number))
		if n, ok := dialect.SmallNumbers(line, f.Separator, l.small); ok && n == f.Columns && !f.Sparse && l.quick(len(r.Lines)-1) {
			return nil
		}
		if err := l.read(line, len(r.Lines)-1); err != nil {
			err.Line = number
			return err
		}
		return nil
	})
	if err == nil && len(r.Lines) < f.Rows {
		err = dialect.ErrChanged
	}
	return err
}

var errNotByte = errors.New("not a whole number from 0 to 255")

// A loader parses the lines of a file.
type loader struct {
	s       *Schema
	plan    *plan
	rows    *Rows
	small   []uint16
	cells   [][]byte
	numbers []float32  // of a sparse row
	scaled  [1000]byte // pixels
	class   [1000]int  // of labels, or −1
}

// quick reads a row of small numbers if it is that of an image with a label.
func (l *loader) quick(row int) bool {
	p := l.plan
	if l.rows.Images == nil || p.label < 0 || p.part >= 0 || l.class[l.small[p.label]] < 0 {
		return false
	}
	l.rows.Labels[row] = byte(l.class[l.small[p.label]])
	image := l.rows.Images[row*len(p.features):][:len(p.features)]
	for i, c := range p.features {
		v := l.small[c]
		if v > math.MaxUint8 || float32(v) > l.s.White {
			return false
		}
		image[i] = l.scaled[v]
	}
	return true
}

// read reads any row.
func (l *loader) read(line []byte, row int) *dialect.RowError {
	p, r := l.plan, l.rows
	f := p.file
	if f.Sparse {
		return l.readSparse(line, row)
	}
	cells, err := f.Row(l.cells[:0], line)
	l.cells = cells
	if err != nil {
		return err
	}
	if p.part >= 0 && naming.PartOf(string(cells[p.part])) != naming.Train {
		r.Test = append(r.Test, uint32(row))
	}
	if p.id >= 0 {
		r.IDs = append(r.IDs, string(cells[p.id]))
	}
	if p.label >= 0 {
		if err := l.label(cells[p.label], row); err != nil {
			return err
		}
	}
	ones := 0
	for i, c := range p.answers {
		v, err := dialect.ParseNumber(cells[c])
		switch {
		case err != nil || r.Targets == nil && v != 0 && v != 1:
			return l.wrongCell(c, cells[c], err)
		case r.Targets != nil:
			r.Targets[row*len(p.answers)+i] = v
		case v == 1:
			r.Labels[row] = byte(i)
			ones++
		}
	}
	if len(p.answers) > 0 && r.Labels != nil && ones != 1 {
		return &dialect.RowError{Column: f.Position(p.answers[0]), Problem: fmt.Sprintf("expected one 1 in the %d columns of the label, found %d", len(p.answers), ones)}
	}
	for i, c := range p.features {
		v, err := dialect.ParseNumber(cells[c])
		if err == nil {
			err = l.store(row*len(p.features)+i, v)
		}
		if err != nil {
			return l.wrongCell(c, cells[c], err)
		}
	}
	return nil
}

// store stores a feature at an index.
func (l *loader) store(at int, v float32) error {
	if l.rows.Images == nil {
		l.rows.Values[at] = v
		return nil
	}
	white := l.s.White
	if v < 0 || v > white || white == math.MaxUint8 && v != float32(byte(v)) {
		return errNotByte
	}
	l.rows.Images[at] = byte(math.Round(float64(v) * math.MaxUint8 / float64(white)))
	return nil
}

// label stores a label.
func (l *loader) label(cell []byte, row int) *dialect.RowError {
	v, err := dialect.ParseNumber(cell)
	class, ok := l.s.classes[string(canonical(cell, v, err))]
	if !ok {
		return &dialect.RowError{Column: l.plan.file.Position(l.plan.label), Problem: "the file changed while it was read"}
	}
	l.rows.Labels[row] = class
	return nil
}

// readSparse reads a sparse row.
func (l *loader) readSparse(line []byte, row int) *dialect.RowError {
	clear(l.numbers)
	label, err := dialect.EachPair(line, func(column int, v float32, _ []byte) {
		if column+1 < len(l.numbers) {
			l.numbers[column+1] = v
		}
	})
	if err != nil {
		return err
	}
	n := len(l.plan.features)
	for i, c := range l.plan.features {
		v := float32(0)
		if c >= 0 {
			v = l.numbers[c]
		}
		if err := l.store(row*n+i, v); err != nil {
			return &dialect.RowError{Column: i + 2, Problem: fmt.Sprintf("expected a pixel from 0 to %g, found %g", l.s.White, v)}
		}
	}
	return l.label(label, row)
}

// wrongCell returns the error of a cell.
func (l *loader) wrongCell(column int, cell []byte, err error) *dialect.RowError {
	want, found, remedy := "a number", dialect.Shown("%q", cell), ""
	switch {
	case errors.Is(err, dialect.ErrNotFinite):
		want = "a finite number"
	case errors.Is(err, dialect.ErrTooLarge):
		want = "a number up to 3.4e38 in magnitude"
	case errors.Is(err, errNotByte):
		want, found, remedy = fmt.Sprintf("a pixel, a whole number from 0 to %g", l.s.White), dialect.Shown("%s", cell), "; if these are not images, -standardise reads them as rows of numbers"
	case errors.Is(err, dialect.ErrMissing):
		want, found = "a number", "a missing value ("+found+")"
	case err == nil:
		want = "0 or 1 in a column of a one-hot label"
	}
	return &dialect.RowError{Column: l.plan.file.Position(column), Problem: fmt.Sprintf("expected %s, found %s%s", want, found, remedy)}
}
