package table

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// pair matches a column and its number in svmlight's format.
var pair = regexp.MustCompile(`^\d+:[-+.\deE]+$`)

// isSparse reports whether lines are in svmlight's format: a label and pairs of a column and a number.
func isSparse(sample []textLine) bool {
	pairs := 0
	for _, line := range sample {
		text, _, _ := bytes.Cut(line.text, []byte("#"))
		fields := bytes.Fields(text)
		for i, field := range fields {
			if i > 0 && !pair.Match(field) && !bytes.HasPrefix(field, []byte("qid:")) {
				return false
			}
		}
		pairs += max(0, len(fields)-1)
	}
	return pairs > 0
}

// eachPair calls f for each pair of a sparse row and returns the label.
func eachPair(line []byte, f func(column int, v float32, cell []byte)) ([]byte, *RowError) {
	text, _, _ := bytes.Cut(line, []byte("#"))
	fields := bytes.Fields(text)
	if len(fields) == 0 {
		return nil, &RowError{Column: 1, Problem: "expected a label, found a comment"}
	}
	for i, field := range fields[1:] {
		index, number, found := bytes.Cut(field, []byte(":"))
		if string(index) == "qid" {
			continue
		}
		column, err := strconv.Atoi(string(index))
		v, err2 := parseNumber(number)
		if !found || err != nil || err2 != nil || column < 0 || column >= maxColumns-1 {
			return nil, &RowError{Column: i + 2, Problem: fmt.Sprintf("expected a column below %d, a colon and a number, found %s", maxColumns-1, shown("%q", field))}
		}
		f(column, v, number)
	}
	return fields[0], nil
}

// surveySparse adds a sparse row to the evidence. Column 0 is the label, and column i+1 the one with the number i.
func (f *File) surveySparse(line []byte, number int) *RowError {
	label, err := eachPair(line, func(column int, _ float32, cell []byte) {
		for len(f.evidence) < column+2 {
			f.evidence = append(f.evidence, newColumn())
		}
		f.zeroBased = f.zeroBased || column == 0
		f.evidence[column+1].add(cell, number)
	})
	if err != nil {
		return err
	}
	if f.columns = max(1, len(f.evidence)); len(f.evidence) == 0 {
		f.evidence = append(f.evidence, newColumn())
	}
	v, parseErr := f.evidence[0].add(label, number)
	f.track(0).add(canonical(label, v, parseErr), number)
	return nil
}

// isARFF reports whether an ARFF file begins with this line.
func isARFF(line []byte) bool { return bytes.EqualFold(firstWord(line), []byte("@relation")) }

// readARFF reads the declarations of an ARFF file. The class is an attribute that lists its values.
func (d *dialect) readARFF(sample []textLine) error {
	d.arff = true
	d.setSeparator(',')
	for _, line := range sample {
		fields := strings.Fields(string(line.text))
		switch strings.ToLower(fields[0]) {
		case "@attribute":
			name, kind := attribute(strings.TrimSpace(string(line.text)[len("@attribute"):]))
			d.names = append(d.names, name)
			d.nominal = append(d.nominal, strings.HasPrefix(kind, "{"))
		case "@data":
			d.header, d.columns = line.number, len(d.names)
			if d.columns == 0 {
				return errors.New("expected @attribute before @data")
			}
			return nil
		}
	}
	return fmt.Errorf("expected @data in the first %d lines", len(sample))
}

// attribute divides the declaration of an ARFF attribute into its name, which may be quoted, and its type.
func attribute(text string) (name, kind string) {
	if text != "" && (text[0] == '\'' || text[0] == '"') {
		if name, kind, found := strings.Cut(text[1:], text[:1]); found {
			return name, strings.TrimSpace(kind)
		}
	}
	i := strings.IndexAny(text, " \t{")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// newColumn returns the evidence on a column before the first row.
func newColumn() column { return column{min: math.MaxFloat32, max: -math.MaxFloat32} }
