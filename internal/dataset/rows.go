package dataset

import (
	"fmt"
)

// A rowError reports a line of a CSV file that is not a row. Line and column count from 1.
type rowError struct {
	file         string
	line, column int
	problem      string
	number       string // the feature that is a number but not a pixel, or empty
}

func (e *rowError) Error() string {
	return fmt.Sprintf("%s: line %d, column %d: %s", e.file, e.line, e.column, e.problem)
}

// A table is the destination of the rows of a CSV file. Either images or values is nil, and either labels or targets.
type table struct {
	dialect
	images  []byte
	values  []float32
	labels  []byte
	targets []float32
	buffer  [][]byte // for the cells of a line
}

// read parses a line into a row. The error has no file and no line.
func (t *table) read(line []byte, row int) *rowError {
	if len(line) == 0 {
		return &rowError{column: 1, problem: fmt.Sprintf("expected %d columns, found an empty line", t.columns)}
	}
	cells, err := t.cells(t.buffer[:0], line, false)
	t.buffer = cells
	n := len(cells)
	if err != nil {
		return &rowError{column: n + 1, problem: "a quote is not closed, or there is text outside the quotes of a cell"}
	}
	if n != t.columns {
		return &rowError{column: min(n, t.columns+1), problem: fmt.Sprintf("expected %d columns as in line 1, found %d", t.columns, n)}
	}
	feature, answer := row*t.features(), row*t.answers()
	for column, cell := range cells {
		isAnswer := column >= t.first && column <= t.last
		switch {
		case isAnswer && t.labels != nil:
			t.labels[row], err = parseByte(cell)
		case isAnswer:
			t.targets[answer], err = parseNumber(cell)
			answer++
		case t.images != nil:
			t.images[feature], err = parseByte(cell)
			feature++
		default:
			t.values[feature], err = parseNumber(cell)
			feature++
		}
		if err != nil {
			return t.wrongCell(row, column, cell, err)
		}
	}
	return nil
}

// wrongCell returns the error of a cell.
func (t *table) wrongCell(row, column int, cell []byte, err error) *rowError {
	e := &rowError{column: column + 1}
	want, found, remedy := "a number", shown("%q", cell), ""
	switch {
	case err == errNotFinite:
		want = "a finite number"
	case err == errTooLarge:
		want = "a number up to 3.4e38 in magnitude"
	case t.labels != nil && column == t.first:
		want, remedy = "a label, a whole number from 0 to 255", labelPlace
	case err == errNotByte:
		e.number = shown("%s", cell)
		want, found, remedy = "a pixel, a whole number from 0 to 255", e.number, "; if these are not images, -standardise reads them as rows of numbers"
	case t.labels != nil && column == t.columns-1 && len(cell) > 0:
		remedy = labelPlace // it may be the label
	case row == 0 && column == 0 && !t.header && len(cell) > 0:
		remedy = "; a header is a line in which most cells are not numbers, or one is label"
	}
	e.problem = fmt.Sprintf("expected %s, found %s%s", want, found, remedy)
	return e
}

// labelPlace states where the label is expected: the commonest mistake is that it is elsewhere.
const labelPlace = "; the label is expected in the column called label or class, else in the first one; -target-columns makes columns targets"

// shown formats a cell for a message, which has at most 30 bytes of it.
func shown(format string, cell []byte) string {
	const most = 30
	switch {
	case len(cell) == 0:
		return "nothing"
	case len(cell) > most:
		return fmt.Sprintf(format, cell[:most]) + " and more"
	}
	return fmt.Sprintf(format, cell)
}
