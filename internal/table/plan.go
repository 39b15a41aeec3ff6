package table

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
)

// A plan states the purpose of each column of a file.
type plan struct {
	file     *File
	label    int   // column of the label, or −1
	answers  []int // columns of targets or of a one-hot label
	features []int // in the order of the network
	part     int   // column that names the part of each row, or −1
	id       int   // column that names the rows of samples, or −1
	omitted  []int
	renamed  bool // the names are others than in the first file, so that the columns go by their order
}

// plan decides what each column is.
func (f *File) plan(w Wanted) (*plan, error) {
	p := &plan{file: f, label: -1, part: -1, id: -1}
	taken := make([]bool, f.Columns)
	label, err := f.chosen(w, taken)
	if err != nil {
		return nil, err
	}
	for c, e := range f.evidence {
		switch v := f.values[c]; {
		case taken[c]:
			p.omitted = append(p.omitted, c)
		case c == label:
		case f.Sparse:
			taken[c] = c > 0 && c < f.sparseBase()
		case e.numbers+e.words == 0 || f.isID(c):
			taken[c], p.omitted = true, append(p.omitted, c)
		case v != nil && v.areParts(f.Names != nil && naming.IsPart(f.Names[c])):
			taken[c], p.part = true, c
		}
	}
	free := f.free(taken)
	learned, err := f.learned(w)
	if err != nil {
		return nil, err
	}
	taken = append(taken, make([]bool, f.Columns-len(taken))...) // a sparse file has grown
	for _, c := range learned {
		taken[c] = true
	}
	others := f.free(taken)
	switch wanted := max(1, w.Targets, w.OneHot); {
	case learned != nil && len(others) < wanted:
		return nil, ErrUnlabelled
	case f.Sparse && w.Targets+w.OneHot > 0:
		return nil, fmt.Errorf("expected columns with targets or a one-hot label, found svmlight rows, whose first number is a class; write them as CSV")
	case learned == nil && len(free) <= wanted && !f.Sparse:
		return nil, fmt.Errorf("line 1: expected %s and at least one number, separated by comma, semicolon, tab or space; found %s",
			w.answers(), Counted(f.Columns, "column"))
	case w.TargetsFirst:
		p.answers = others[:w.Targets]
	case w.Targets > 0:
		p.answers = others[len(others)-w.Targets:]
	case w.OneHot > 0:
		p.answers, err = f.oneHot(others, w)
	case label >= 0:
		p.label = label
	case f.Sparse, learned != nil && len(others) == 1:
		p.label = others[0]
	default:
		p.label, p.answers, err = f.decideLabel(others)
		if err != nil && w.TestOnly && f.Names == nil { // a part of few rows, and a network that does not know
			p.label, err = others[0], nil
		}
	}
	if err != nil {
		return nil, err
	}
	p.features = learned
	if learned == nil {
		p.features = slices.DeleteFunc(free, p.isAnswer)
	}
	return p, f.checkFeatures(p)
}

// isAnswer reports whether a column is the label, or a part of it, or a target.
func (p *plan) isAnswer(c int) bool { return c == p.label || slices.Contains(p.answers, c) }

// chosen marks the columns to ignore, and returns the column of the label if the user or a network has decided it, or −1.
func (f *File) chosen(w Wanted, taken []bool) (int, error) {
	if w.Ignore != "" {
		for _, name := range strings.Split(w.Ignore, ",") {
			c := f.find(name, f.Columns)
			if c < 0 {
				return 0, ask("", []Setting{Ignore}, "no column is called %q%s", name, f.list())
			}
			taken[c] = true
		}
	}
	if w.Label != "" {
		label := f.find(w.Label, f.Columns)
		if label < 0 {
			return 0, ask("", []Setting{Label}, "no column is called %q%s", w.Label, f.list())
		}
		return label, nil
	}
	if _, err := strconv.Atoi(w.LabelWas); w.LabelWas != "" && w.Targets == 0 && (err != nil || f.Names == nil) {
		return f.find(w.LabelWas, f.Columns), nil
	}
	return -1, nil
}

// answers describes the columns that are not features.
func (w Wanted) answers() string {
	if w.Targets > 0 {
		return Counted(w.Targets, "target")
	}
	return "a label"
}

// learned returns the columns that a network has learned, by their names, or nil if there are none to compare.
func (f *File) learned(w Wanted) ([]int, error) {
	switch n := len(w.Features); {
	case n == 0 || f.Names == nil && !f.Sparse:
		return nil, nil
	case f.Sparse:
		list := make([]int, n)
		for i := range list {
			list[i] = f.sparseBase() + i
		}
		if last := list[n-1]; last < len(f.evidence)-1 {
			return nil, fmt.Errorf("a row has a column %d, the network knows %d", len(f.evidence)-2, n)
		}
		f.grow(list[n-1] + 1)
		return list, nil
	}
	list, missing := f.findAll(w.Features)
	if missing != nil && len(missing) < len(w.Features) {
		return nil, fmt.Errorf("no column is called %s, which the network has learned", some(missing))
	}
	return list, nil
}

// grow makes room for columns that a sparse file does not have.
func (f *File) grow(columns int) {
	for len(f.evidence) < columns {
		f.evidence = append(f.evidence, newColumn())
	}
	f.Columns = len(f.evidence)
}

// sparseBase returns the first feature of a sparse table.
func (f *File) sparseBase() int {
	if f.zeroBased {
		return 1
	}
	return 2
}

// checkFeatures returns an error for features that are not numbers.
func (f *File) checkFeatures(p *plan) error {
	if len(p.features) == 0 {
		return fmt.Errorf("line 1: expected a label and at least one number; found %s", Counted(f.Columns, "column"))
	}
	for _, c := range p.features {
		e := &f.evidence[c]
		switch {
		case e.words > 0 && e.text() && looksNumeric.MatchString(e.word):
			return ask(f.value(c), []Setting{Ignore}, "%s has numbers written as %s; write them without signs of thousands and units", f.Name(c), e.word)
		case e.words > 0 && e.text():
			return ask(f.value(c), []Setting{Ignore, Label}, "%s has text, such as %s, and is not the label", f.Name(c), e.word)
		case e.missing > 0:
			return ask(f.value(c), []Setting{Ignore}, "line %d, column %d: a missing value (%s in %s); fill in all missing values, or delete their rows",
				e.missingAt, f.Position(c), Counted(int(e.missing), "such value"), f.Name(c))
		case f.Names != nil && !f.Sparse && f.Names[c] == "":
			return ask(f.value(c), []Setting{Ignore, Label}, "column %d has no name", f.Position(c))
		}
	}
	return nil
}

// value returns a column as a flag names it.
func (f *File) value(c int) string {
	if c < len(f.Names) && f.Names[c] != "" {
		return f.Names[c]
	}
	return strconv.Itoa(c + 1)
}

// list lists the names of the columns.
func (f *File) list() string {
	if f.Names == nil {
		return fmt.Sprintf("; there are %s without names", Counted(f.Columns, "column"))
	}
	return "; there are " + some(f.Names)
}

// free returns the columns that are not taken.
func (f *File) free(taken []bool) []int {
	var list []int
	for c, is := range taken {
		if !is {
			list = append(list, c)
		}
	}
	return list
}

// isID reports whether a column only numbers or names the rows.
func (f *File) isID(c int) bool {
	v, e := f.values[c], &f.evidence[c]
	if f.Sparse || v == nil || v.repeats || e.fractions > 0 || e.missing > 0 {
		return false
	}
	const enough = 16 // as many rows do not count upwards by chance
	switch {
	case f.Names == nil:
		return c == 0 && v.countsRows() && f.Rows >= enough
	case f.Names[c] == "":
		return c == 0 && f.Rows > 2
	}
	return naming.IsID(f.Names[c]) && f.Rows > 2
}

// areParts reports whether the values are names of parts: of the training part and others, unless the name of the column says
// so.
func (v *values) areParts(named bool) bool {
	train, other := false, false
	for text := range v.counts {
		part := naming.PartOf(text)
		if part == naming.Whole {
			return false
		}
		train = train || part == naming.Train
		other = other || part != naming.Train
	}
	return train && (other || named)
}

// oneHot returns the columns of a one-hot label whose number is given.
func (f *File) oneHot(free []int, w Wanted) ([]int, error) {
	n := w.OneHot
	if n >= len(free) {
		return nil, fmt.Errorf("line 1: expected %d columns of a one-hot label and at least one number; found %s", n, Counted(f.Columns, "column"))
	}
	first, last := free[:n], free[len(free)-n:]
	switch isFirst, isLast := f.hotFirst(free[0]) == n, f.hot[0].found() == n; {
	case strings.EqualFold(w.Label, "first"), isFirst && !isLast:
		return first, nil
	case strings.EqualFold(w.Label, "last"), isLast && !isFirst:
		return last, nil
	}
	return nil, ask("", []Setting{OneHot}, "neither the first nor the last %d columns have one 1 and otherwise zeros in each row", n)
}

// planLike decides what the columns of the test part are, by their names, or by their positions if there are no names.
func (g *File) planLike(p *plan, other string) (*plan, error) {
	f := p.file
	q := &plan{file: g, label: -1, part: -1, id: -1}
	switch {
	case f.Sparse != g.Sparse:
		return nil, fmt.Errorf("expected the format of %s, found another", other)
	case f.Sparse:
		n := max(len(f.evidence), len(g.evidence))
		f.grow(n)
		g.grow(n)
		p.features = nil
		for c := min(f.sparseBase(), g.sparseBase()); c < n; c++ {
			p.features = append(p.features, c)
		}
		q.label, q.features = 0, p.features
		return q, nil
	case f.Names != nil && g.Names != nil:
		names := f.namesOf(p.features)
		list, missing := g.findAll(names)
		if missing == nil {
			q.features = list
			if p.label >= 0 {
				q.label = g.labelLike(f.Names[p.label], list)
			}
			q.answers, _ = g.findAll(f.namesOf(p.answers))
			return q, g.checkFeatures(q)
		}
		if len(missing) < len(names) || g.Columns != f.Columns {
			return nil, fmt.Errorf("line %d: no column is called %s as in %s", g.Header, some(missing), other)
		}
		q.renamed = true
	}
	answers := 0
	var unlabelled []int // positions of the features without the columns before them that are no features
	for c := range f.Columns {
		if p.isAnswer(c) {
			answers++
		}
		unlabelled = append(unlabelled, c-answers)
	}
	switch g.Columns {
	case f.Columns:
		q.label, q.answers, q.features = p.label, p.answers, p.features
	case f.Columns - answers:
		for _, c := range p.features {
			q.features = append(q.features, unlabelled[c])
		}
	default:
		column := min(g.Columns, f.Columns+1) // the last column, or the first excess one
		return nil, fmt.Errorf("line 1, column %d: expected %d columns as in %s, found %d", g.Position(column-1), f.Columns, other, g.Columns)
	}
	return q, g.checkFeatures(q)
}

// labelLike returns the column with a name, otherwise one with another usual name of the label, or −1.
func (g *File) labelLike(name string, features []int) int {
	c := g.find(name, 0)
	for other := range g.Names {
		if c < 0 && naming.LabelRank(g.Names[other]) > 0 && !slices.Contains(features, other) {
			c = other
		}
	}
	return c
}

func (f *File) namesOf(columns []int) []string {
	var list []string
	for _, c := range columns {
		list = append(list, f.Names[c])
	}
	return list
}

// renamed notes names of columns that are not those that a network has learned.
func (f *File) renamed(w Wanted) string {
	if _, missing := f.findAll(w.Features); f.Names != nil && len(missing) > 0 {
		return "the network has learned columns with other names; they are taken in the same order"
	}
	return ""
}

// findAll returns the columns of names, or the names that no column has. The case and the punctuation of names count only if
// they must. Equal names, as those of a packed cell, are columns in a row.
func (f *File) findAll(names []string) (list []int, missing []string) {
	for _, form := range nameForms {
		at := map[string][]int{}
		for i, name := range f.Names {
			at[form(name)] = append(at[form(name)], i)
		}
		list, missing = nil, nil
		for _, name := range names {
			if columns := at[form(name)]; len(columns) > 0 {
				list = append(list, columns[0])
				at[form(name)] = columns[1:]
			} else {
				missing = append(missing, "`"+name+"`")
			}
		}
		if missing == nil {
			return list, nil
		}
	}
	return nil, missing
}

// nameForms are the ways to compare names, the stricter one first.
var nameForms = []func(string) string{strings.TrimSpace, naming.Plain}

// find returns the column of a name or number, or −1.
func (f *File) find(name string, columns int) int {
	for _, form := range nameForms {
		if i := slices.IndexFunc(f.Names, func(other string) bool { return form(other) == form(name) }); i >= 0 && name != "" {
			return i
		}
	}
	switch n, err := strconv.Atoi(name); {
	case strings.EqualFold(name, "first"):
		return 0
	case strings.EqualFold(name, "last"):
		return columns - 1
	case err == nil && n >= 1 && n <= columns:
		return n - 1
	}
	return -1
}
