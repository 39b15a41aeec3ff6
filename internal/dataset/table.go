package dataset

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/memory"
)

// A tableFile is a CSV file whose rows are counted, so that its memory can be allocated.
type tableFile struct {
	textFile
	dialect
	file  string // name in errors
	rows  int
	bytes bool // all features may be bytes
}

// firstLine is the number of the line with the first row.
func (f *tableFile) firstLine() int {
	if f.header {
		return 2
	}
	return 1
}

// examine reads a CSV file, called file in errors, and counts its rows, up to the memory available.
func examine(text textFile, file string, o Options, available int64) (*tableFile, error) {
	f := &tableFile{textFile: text, file: file, bytes: !o.numbers()}
	last := 0 // last line that is not empty
	err := text.each(func(line []byte, number int) error {
		if number == 1 {
			d, err := recognise(line, o)
			if err != nil {
				return err
			}
			f.dialect = *d
		}
		if number == f.firstLine() && f.bytes {
			err := f.room(1, o).read(line, 0)
			f.bytes = err == nil || err.number == ""
		}
		if len(line) > 0 {
			last = number
		}
		// An empty line at the end is not a row, but a compressed file can have endless ones.
		if need := f.need(number - f.firstLine() + 1); available >= 0 && need > available {
			return fmt.Errorf("line %d: too many rows of %d columns: %s asked for, %s of memory available",
				number, f.columns, compute.FormatBytes(need), compute.FormatBytes(available))
		}
		return nil
	})
	f.rows = last - f.firstLine() + 1
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case last == 0:
		return nil, fmt.Errorf("%s: expected lines of text, found an empty file", file)
	case f.rows == 0:
		return nil, fmt.Errorf("%s: expected rows of numbers after the names in line 1, found the end of the file", file)
	}
	return f, nil
}

// need returns the minimum number of bytes for rows.
func (f *tableFile) need(rows int) int64 {
	size := 4
	if f.bytes {
		size = 1
	}
	return int64(max(rows, 0)) * int64(f.features()*size+f.answers())
}

// room returns an empty table for rows.
func (f *tableFile) room(rows int, o Options) *table {
	t := &table{dialect: f.dialect}
	if n := rows * f.features(); f.bytes {
		t.images = allocate(n)
	} else {
		t.values = allocateNumbers(n)
	}
	if o.Targets > 0 {
		t.targets = make([]float32, rows*o.Targets)
	} else {
		t.labels = make([]byte, rows)
	}
	return t
}

// load reads the rows. The error is a rowError for a line that is not a row.
func (f *tableFile) load(asBytes bool, o Options, budget *memory.Budget) (*table, error) {
	f.bytes = asBytes
	if err := take(budget, f.need(f.rows)); err != nil {
		return nil, fmt.Errorf("%s: no room for %d rows of %d columns: %w", f.file, f.rows, f.columns, err)
	}
	t := f.room(f.rows, o)
	rows := 0
	err := f.each(func(line []byte, number int) error {
		if number < f.firstLine() || rows == f.rows && len(line) == 0 {
			return nil
		}
		if rows == f.rows {
			return errChanged
		}
		if err := t.read(line, rows); err != nil {
			err.file, err.line = f.file, number
			return err
		}
		rows++
		return nil
	})
	if err == nil && rows < f.rows {
		err = errChanged
	}
	if _, ok := err.(*rowError); err != nil && !ok {
		err = fmt.Errorf("%s: %w", f.file, err)
	}
	return t, err
}

var errChanged = errors.New("the file changed while it was read")
