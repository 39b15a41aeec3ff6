package table

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"shadegrad/internal/naming"
)

// Samples decides which columns of a file are the inputs of a network, for rows that may lack a label: those of the names
// that it learned, otherwise all columns except a label, targets and ids; their number must be that of the inputs.
func (f *File) Samples(w Wanted, inputs int) (*Schema, error) {
	p := &plan{file: f, label: -1, part: -1, id: -1}
	taken := make([]bool, f.Columns)
	for c := range f.Columns {
		name := ""
		if f.Names != nil {
			name = f.Names[c]
		}
		e := &f.evidence[c]
		switch isID := f.isID(c) || name != "" && naming.IsID(name); {
		case f.Sparse:
			return nil, fmt.Errorf("expected a table with a column for each input, found svmlight's format")
		case isID && !slices.Contains(w.Features, name) && (f.Names != nil || f.Columns > inputs):
			taken[c] = true
			if p.id < 0 {
				p.id = c
			}
		case e.numbers+e.words == 0 && f.Columns > inputs, name != "" && naming.IsPart(name):
			taken[c] = true
		}
	}
	if f.Names != nil && len(w.Features) > 0 {
		var missing []string
		if p.features, missing = f.findAll(w.Features); p.features == nil && len(missing) < len(w.Features) {
			return nil, fmt.Errorf("line %d: no column is called %s, which the network has learned", f.Header, some(missing))
		}
	}
	if p.features == nil {
		var err error
		if p.features, err = f.inputs(w, inputs, taken); err != nil {
			return nil, err
		}
	}
	if err := f.checkFeatures(p); err != nil {
		return nil, err
	}
	s := &Schema{plans: []plan{*p}, White: w.White, Note: f.renamed(w)}
	s.setPixels(w)
	s.White = cmp.Or(s.White, math.MaxUint8)
	return s, nil
}

// inputs returns the columns of a network's inputs by their number.
func (f *File) inputs(w Wanted, inputs int, taken []bool) ([]int, error) {
	free := f.free(taken)
	switch extra := len(free) - inputs; {
	case extra == 0:
		return free, nil
	case extra == w.Targets && extra > 0 && w.TargetsFirst:
		return free[extra:], nil
	case extra == w.Targets && extra > 0:
		return free[:inputs], nil
	case extra == 1:
		label := f.find(w.LabelWas, f.Columns)
		if label < 0 || taken[label] {
			var err error
			if label, _, err = f.decideLabel(free); err != nil {
				return nil, err
			}
		}
		return slices.DeleteFunc(free, func(c int) bool { return c == label }), nil
	}
	return nil, fmt.Errorf("line 1: expected %d columns, the inputs of the network, with or without a label and an id; found %d", inputs, f.Columns)
}

// ID returns the name of the column that names the rows, or an empty name, and whether there is one.
func (s *Schema) ID() (name string, ok bool) {
	p := &s.plans[0]
	if p.id < 0 {
		return "", false
	}
	if p.file.Names != nil {
		name = p.file.Names[p.id]
	}
	return name, true
}
