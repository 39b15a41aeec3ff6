package table

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
	"shadegrad/internal/table/dialect"
)

// setClasses numbers the classes. An error is about the file with the returned index.
func (s *Schema) setClasses(w Wanted) (int, error) {
	f := s.plans[0].file
	if hot := s.plans[0].answers; len(hot) > 0 {
		s.classes = map[string]byte{}
		if f.Names != nil {
			s.ClassNames = f.namesOf(hot)
		}
		for i := range hot {
			s.classes[strconv.Itoa(i)] = byte(i)
		}
		return 0, nil
	}
	seen := map[string]int{}
	for i, p := range s.plans {
		if p.label < 0 {
			continue
		}
		v := p.file.values[p.label]
		if reason := p.file.tooMany(p.label); reason != "" {
			return i, ask("", []Setting{Label, Targets}, "%s cannot be the label: it has %s", p.file.Name(p.label), reason)
		}
		if err := p.file.labelSlip(p.label); err != nil {
			return i, err
		}
		for text, n := range v.counts {
			seen[text] += n
		}
	}
	const many = 20 // rows of the average class
	for text, n := range seen {
		if n == 1 && f.Rows >= many*len(seen) {
			s.rare = append(s.rare, strconv.Quote(text))
		}
	}
	var names []string
	numbers, least, most := true, math.MaxInt, 0
	for text := range seen {
		n, err := strconv.Atoi(text)
		numbers = numbers && err == nil
		least, most = min(least, n), max(most, n)
		names = append(names, text)
	}
	slices.SortFunc(names, func(a, b string) int {
		if numbers {
			m, _ := strconv.Atoi(a)
			n, _ := strconv.Atoi(b)
			return m - n
		}
		return naming.Natural(a, b)
	})
	for i, name := range names {
		for _, other := range names[:i] {
			if len(name) > 1 && dialect.BeginsWord(name) && naming.Plain(name) == naming.Plain(other) && !w.Learned {
				s.doubt = fmt.Sprintf("the classes %q and %q may be one, written in two ways", other, name)
			}
		}
	}
	s.classes = map[string]byte{}
	switch {
	case w.Learned && w.Classes != nil:
		var unknown []string
		for _, name := range names {
			i := slices.IndexFunc(w.Classes, func(class string) bool { return class == name })
			if i < 0 {
				unknown = append(unknown, strconv.Quote(name))
				continue
			}
			s.classes[name] = byte(i)
		}
		if len(unknown) > 0 {
			return 0, fmt.Errorf("the network does not know the class %s; it knows %s", some(unknown), some(w.Classes))
		}
		s.ClassNames = w.Classes
	case numbers && least >= 0 && most < maxClasses && (w.Learned || least == 0 && most < 2*len(names)):
		for _, name := range names {
			n, _ := strconv.Atoi(name)
			s.classes[name] = byte(n)
		}
	case w.Learned:
		return 0, fmt.Errorf("the network's classes are numbers, those of the data are %s", some(names))
	case len(names) > maxClasses:
		return 0, ask("", []Setting{Label, Targets}, "%d different labels, expected at most %d", len(names), maxClasses)
	default:
		s.ClassNames = names
		for i, name := range names {
			s.classes[name] = byte(i)
		}
	}
	return 0, nil
}

// labelSlip returns an error for the first label that is missing, or a rare one among numbers that is not a number.
func (f *File) labelSlip(c int) error {
	v, e := f.values[c], &f.evidence[c]
	line, text, wrong, often := math.MaxInt, "", 0, false
	for value, n := range v.counts {
		number, err := strconv.Atoi(value)
		switch {
		case dialect.Missing([]byte(value)):
			return &dialect.RowError{Line: v.first[value], Column: f.Position(c), Problem: "the label is missing"}
		case err == nil && number < maxClasses, strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
			continue
		}
		wrong += n
		often = often || n > 1
		if v.first[value] < line {
			line, text = v.first[value], value
		}
	}
	all := int(e.numbers + e.words)
	if wrong*20 <= all || !often && 2*wrong <= all {
		if wrong > 0 {
			return &dialect.RowError{Line: line, Column: f.Position(c), Problem: fmt.Sprintf("expected a label, a whole number from 0 to 255 as in most rows, found %s", dialect.Shown("%q", []byte(text)))}
		}
	}
	return nil
}
