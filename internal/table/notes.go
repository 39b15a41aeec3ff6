package table

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
)

// notes describes how the columns were understood.
func (s *Schema) notes(w Wanted, pixels string, names []string) (notes []string) {
	p := &s.plans[0]
	f := p.file
	switch plain := p.label == 0 && s.ClassNames == nil && (f.Names == nil && s.Side > 0 || f.Names != nil && naming.LabelRank(f.Names[0]) == naming.SureLabel); {
	case w.Targets > 0, plain:
	case p.label < 0:
		notes = append(notes, fmt.Sprintf("label: %d columns from column %d, one for each class", len(p.answers), f.Position(p.answers[0])))
	default:
		column := strings.TrimPrefix(f.Name(p.label), "column ")
		notes = append(notes, fmt.Sprintf("label: column %s, %d classes", column, len(s.classes)))
	}
	if len(s.rare) > 0 {
		slices.Sort(s.rare)
		notes = append(notes, "only one row has the label "+some(s.rare))
	}
	if pixels != "" {
		notes = append(notes, pixels)
	}
	if len(p.omitted) > 0 {
		var list []string
		for _, c := range p.omitted {
			list = append(list, f.Name(c))
		}
		notes = append(notes, some(list)+" omitted")
	}
	if p.part >= 0 {
		notes = append(notes, f.Name(p.part)+" names the parts")
	}
	if s.doubt != "" {
		notes = append(notes, s.doubt)
	}
	if s.plans[len(s.plans)-1].renamed {
		notes = append(notes, path.Base(names[1])+" has other names of columns, which are taken in the same order")
	}
	if note := f.renamed(w); note != "" {
		notes = append(notes, note)
	}
	if s.Unlabelled {
		notes = append(notes, path.Base(names[1])+" has no labels and is not read")
	}
	if s.Side == 0 && !w.Learned {
		notes = append(notes, f.doubtful(p)...)
	}
	if s.Side == 0 && !w.Scaled {
		if note := f.scaleNote(p); note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// some lists the first names and the number of the others.
func some(names []string) string {
	const most = 4
	if n := len(names); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return strings.Join(names, ", ")
}

// doubtful describes features that a careful reader would omit: a first one that seems to name the rows, and one that
// says the same as the label.
func (f *File) doubtful(p *plan) (notes []string) {
	const enough, large = 16, 1000
	for i, c := range p.features {
		v := f.values[max(c, 0)]
		if f.Sparse || v == nil || f.Rows < enough {
			continue
		}
		e, counted := &f.evidence[c], 0
		for _, n := range v.counts {
			counted += n
		}
		if i == 0 && e.fractions+e.missing == 0 && len(v.counts)*10 >= counted*9 &&
			(e.max >= large || e.max-e.min < 2*float32(len(v.counts))) {
			notes = append(notes, fmt.Sprintf("%s has another number in nearly every row, like an id; if it is one, -ignore=%s omits it", f.Name(c), word(f.value(c))))
		}
		if p.label >= 0 && v.sameAs(f.values[p.label]) {
			notes = append(notes, fmt.Sprintf("%s seems to be the label in another form; if it is, -ignore=%s omits it", f.Name(c), word(f.value(c))))
		}
	}
	return notes
}

// word quotes a value for a shell if it has spaces.
func word(value string) string {
	if strings.ContainsAny(value, " \t\"'()&;$") {
		return strconv.Quote(value)
	}
	return value
}

// sameAs reports whether two columns differ only in the names of their values, as far as the numbers of equal values and
// their first lines show.
func (v *values) sameAs(other *values) bool {
	if v.many || len(v.counts) != len(other.counts) || len(v.counts) < 2 {
		return false
	}
	at := map[int]int{}
	for text, line := range other.first {
		at[line] = other.counts[text]
	}
	for text, line := range v.first {
		if at[line] != v.counts[text] {
			return false
		}
	}
	return true
}

// scaleNote advises to standardise columns that are too large, or too different, for the first weights.
func (f *File) scaleNote(p *plan) string {
	small, large := -1, -1
	span := func(c int) float32 { return f.evidence[c].max - f.evidence[c].min }
	size := func(c int) float32 { return max(f.evidence[c].max, -f.evidence[c].min) }
	for _, c := range p.features {
		if c < 0 || span(c) <= 0 {
			continue
		}
		if small < 0 || span(c) < span(small) {
			small = c
		}
		if large < 0 || size(c) > size(large) {
			large = c
		}
	}
	const big, apart = 100, 100
	switch {
	case large < 0:
	case size(large) >= big && size(large) >= apart*span(small):
		return fmt.Sprintf("the scales of the columns differ (%s up to %.4g, %s up to %.4g); -standardise makes them equal",
			f.Name(large), size(large), f.Name(small), size(small))
	case size(large) >= big:
		return fmt.Sprintf("the columns have numbers up to %.4g; -standardise scales them", size(large))
	}
	return ""
}

// Counted returns "1 number" or "2 numbers".
func Counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
