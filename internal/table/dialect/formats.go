package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// pair matches a column and its number in svmlight's format.
var pair = regexp.MustCompile(`^\d+:[-+.\deE]+$`)

// isSparse reports whether lines are in svmlight's format: a label and pairs of a column and a number.
func isSparse(sample []Line) bool {
	pairs := 0
	for _, line := range sample {
		text, _, _ := bytes.Cut(line.Text, []byte("#"))
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

// EachPair calls f for each pair of a sparse row and returns the label.
func EachPair(line []byte, f func(column int, v float32, cell []byte)) ([]byte, *RowError) {
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
		v, err2 := ParseNumber(number)
		if !found || err != nil || err2 != nil || column < 0 || column >= MaxColumns-1 {
			return nil, &RowError{Column: i + 2, Problem: fmt.Sprintf("expected a column below %d, a colon and a number, found %s", MaxColumns-1, Shown("%q", field))}
		}
		f(column, v, number)
	}
	return fields[0], nil
}

// IsARFF reports whether an ARFF file begins with this line.
func IsARFF(line []byte) bool { return bytes.EqualFold(FirstWord(line), []byte("@relation")) }

// readARFF reads the declarations of an ARFF file. The class is an attribute that lists its values.
func (d *Dialect) readARFF(sample []Line) error {
	d.arff = true
	d.Separator = ','
	for _, line := range sample {
		fields := strings.Fields(string(line.Text))
		switch strings.ToLower(fields[0]) {
		case "@attribute":
			name, kind := attribute(strings.TrimSpace(string(line.Text)[len("@attribute"):]))
			d.Names = append(d.Names, name)
			d.Nominal = append(d.Nominal, strings.HasPrefix(kind, "{"))
		case "@data":
			d.Header, d.Columns = line.Number, len(d.Names)
			if d.Columns == 0 {
				return errors.New("expected @attribute before @data")
			}
			if d.Columns > MaxColumns {
				return errTooWide
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
