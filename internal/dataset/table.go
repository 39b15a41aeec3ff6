package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"

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
	var block []byte
	buffer := func() []byte {
		if block == nil {
			block = make([]byte, 0, text.block)
		}
		return block
	}
	err := text.each(buffer, func(lines []byte, before int) error {
		if before == 0 {
			line, _, _ := bytes.Cut(lines, newline)
			d, err := recognise(line, o)
			if err != nil {
				return err
			}
			f.dialect = *d
			f.bytes = f.bytes && f.beginsWithBytes(lines, o)
		}
		last = lastLine(lines, before, last)
		// An empty line at the end is not a row, but a compressed file can have endless ones.
		rows := before + bytes.Count(lines, newline)
		if need := f.need(rows - f.firstLine() + 1); available >= 0 && need > available {
			return fmt.Errorf("line %d: too many rows of %d columns: %s asked for, %s of memory available",
				rows, f.columns, compute.FormatBytes(need), compute.FormatBytes(available))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", file, err)
	case last == 0:
		return nil, fmt.Errorf("%s: expected lines of text, found an empty file", file)
	case last < f.firstLine():
		return nil, fmt.Errorf("%s: expected rows of numbers after the names in line 1, found the end of the file", file)
	}
	f.rows = last - f.firstLine() + 1
	return f, nil
}

// beginsWithBytes reports whether the features of the first row are bytes.
func (f *tableFile) beginsWithBytes(lines []byte, o Options) bool {
	if f.header {
		_, lines, _ = bytes.Cut(lines, newline)
	}
	end := bytes.IndexByte(lines, '\n') + 1
	if end == 0 {
		end = len(lines)
	}
	err := f.room(1, true, o).read(lines[:end], 0, 1)
	var other *notByte
	return err == nil || !errors.As(err, &other)
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
func (f *tableFile) room(rows int, asBytes bool, o Options) *table {
	t := &table{dialect: f.dialect, rows: rows}
	if n := rows * f.features(); asBytes {
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

// load reads the rows. The error wraps a rowError with a notByte if a row of bytes has another number.
func (f *tableFile) load(asBytes bool, o Options, budget *memory.Budget) (*table, error) {
	f.bytes = asBytes
	if err := take(budget, f.need(f.rows)); err != nil {
		return nil, fmt.Errorf("%s: no room for %d rows of %d columns: %w", f.file, f.rows, f.columns, err)
	}
	t := f.room(f.rows, asBytes, o)
	bad, err := f.parse(t)
	switch {
	case bad != nil:
		bad.file = f.file
		return nil, bad
	case err != nil:
		return nil, fmt.Errorf("%s: %w", f.file, err)
	}
	return t, nil
}

// parse parses blocks of lines on all processors and returns the error of the first bad line.
func (f *tableFile) parse(t *table) (bad *rowError, err error) {
	type work struct {
		lines  []byte
		before int
	}
	workers := runtime.GOMAXPROCS(0)
	blocks := make(chan work)
	free := make(chan []byte, workers+1) // one per block
	for range cap(free) {
		free <- nil
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for w := range blocks {
				lines, number := w.lines, w.before+1
				if f.header && w.before == 0 {
					_, lines, _ = bytes.Cut(lines, newline)
					number = 2
				}
				if e := t.read(lines, number-f.firstLine(), number); e != nil {
					mu.Lock()
					if bad == nil || e.line < bad.line {
						bad = e
					}
					mu.Unlock()
				}
				free <- w.lines[:0]
			}
		}()
	}
	last := 0
	err = f.each(func() []byte {
		buffer := <-free
		if buffer == nil {
			buffer = make([]byte, 0, f.block)
		}
		return buffer
	}, func(lines []byte, before int) error {
		last = lastLine(lines, before, last)
		mu.Lock()
		stop := bad != nil
		mu.Unlock()
		if stop { // errors in earlier lines are found nevertheless
			return errStop
		}
		blocks <- work{lines, before}
		return nil
	})
	close(blocks)
	wg.Wait()
	if err == errStop {
		err = nil
	}
	if err == nil && bad == nil && last != f.firstLine()+f.rows-1 {
		err = errors.New("the file changed while it was read")
	}
	return bad, err
}

// lastLine returns the number of the last line of a block that is not empty, or else of the lines before.
func lastLine(block []byte, before, last int) int {
	if text := bytes.TrimRight(block, " \r\n"); len(text) > 0 {
		return before + bytes.Count(text, newline) + 1
	}
	return last
}

var errStop = errors.New("enough was read")
