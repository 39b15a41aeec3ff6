package table

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
)

// maxClasses is the maximum number of classes: a label is a byte.
const maxClasses = 256

// Wanted are the decisions of the user or of a saved network. With the zero value the evidence decides everything.
type Wanted struct {
	Targets      int // columns that are numbers to predict: the last ones, or the first ones if TargetsFirst
	TargetsFirst bool
	Label        string // column of the label: its name, its number, "first" or "last"
	OneHot       int    // columns that encode the label
	Ignore       string // columns to omit, separated by commas
	Numbers      bool   // rows of numbers even if all can be pixels
	Scaled       bool   // the scale of the columns does not matter

	TestOnly bool // there is no training part

	// What a network has learned; zero without one.
	Learned  bool
	Classes  []string
	Features []string
	LabelWas string
	White    float32
}

// A Setting is a decision that only the user can take.
type Setting int

const (
	Label Setting = iota
	Ignore
	OneHot
	Targets
)

// A Question is an error that a decision of the user resolves.
type Question struct {
	Problem  string
	Settings []Setting // that resolve it
	Column   string    // a value for Ignore, quoted for a shell, or empty
}

func (q *Question) Error() string { return q.Problem }

func ask(column string, settings []Setting, format string, args ...any) error {
	return &Question{fmt.Sprintf(format, args...), settings, word(column)}
}

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

// A Schema is the interpretation of the columns of a table's files.
type Schema struct {
	plans      []plan
	classes    map[string]byte
	doubt      string   // about the classes
	ClassNames []string // or nil if the labels are their numbers
	Features   []string // names of the feature columns, or nil
	Label      string   // name or number of the label column, or empty
	Side       int      // of square images, or 0 for rows of numbers
	White      float32  // value of the brightest pixel
	Unlabelled bool     // the second file has no label
	Note       string

	rare []string // labels of a single row
}

// ErrUnlabelled reports a table that has the features of a network, but no labels.
var ErrUnlabelled = errors.New("no column holds the labels; pass this file to predict, which needs none")

// Width returns the number of features.
func (s *Schema) Width() int { return len(s.plans[0].features) }

// Decide decides from the evidence what each column is. The names of the files are for messages. The first file
// decides for the second, the test part.
func Decide(files []*File, names []string, w Wanted) (*Schema, error) {
	wrap := func(i int, err error) error { return fmt.Errorf("%s: %w", names[i], err) }
	f := files[0]
	p, err := f.plan(w)
	if err != nil {
		return nil, wrap(0, err)
	}
	s := &Schema{plans: []plan{*p}}
	for i, g := range files[1:] {
		q, err := g.planLike(p, path.Base(names[0]))
		if err != nil {
			return nil, wrap(i+1, err)
		}
		s.plans = []plan{*p, *q}
		s.Unlabelled = q.label < 0 && len(q.answers) == 0
	}
	for _, c := range p.features {
		switch {
		case f.sparse:
			s.Features = append(s.Features, strconv.Itoa(c-1))
		case f.names != nil:
			s.Features = append(s.Features, f.names[c])
		}
	}
	if p.label >= 0 {
		s.Label = strconv.Itoa(p.label + 1)
		if f.names != nil && f.names[p.label] != "" {
			s.Label = f.names[p.label]
		}
	}
	if w.Targets == 0 {
		if i, err := s.setClasses(w); err != nil {
			return nil, wrap(i, err)
		}
	}
	pixels := s.setPixels(w)
	s.Note = strings.Join(s.notes(w, pixels, names), "; ")
	return s, nil
}

// find returns the column of a name or number, or −1.
func (d *dialect) find(name string, columns int) int {
	for _, form := range []func(string) string{strings.TrimSpace, naming.Plain} {
		if i := slices.IndexFunc(d.names, func(other string) bool { return form(other) == form(name) }); i >= 0 && name != "" {
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

// Names returns the names of the columns, or nil.
func (f *File) Names() []string { return f.names }

// plan decides what each column is.
func (f *File) plan(w Wanted) (*plan, error) {
	p := &plan{file: f, label: -1, part: -1, id: -1}
	taken := make([]bool, f.columns)
	omit := func(c int) {
		taken[c] = true
		p.omitted = append(p.omitted, c)
	}
	if w.Ignore != "" {
		for _, name := range strings.Split(w.Ignore, ",") {
			c := f.find(name, f.columns)
			if c < 0 {
				return nil, ask("", []Setting{Ignore}, "no column is called %q%s", name, f.list())
			}
			if !taken[c] {
				omit(c)
			}
		}
	}
	label := -1
	if w.Label != "" {
		if label = f.find(w.Label, f.columns); label < 0 {
			return nil, ask("", []Setting{Label}, "no column is called %q%s", w.Label, f.list())
		}
	} else if w.LabelWas != "" && w.Targets == 0 {
		if _, err := strconv.Atoi(w.LabelWas); err != nil || f.names == nil {
			label = f.find(w.LabelWas, f.columns)
		}
	}
	for c := range f.columns {
		e := &f.evidence[c]
		switch v := f.values[c]; {
		case taken[c] || c == label:
		case f.sparse:
			taken[c] = c > 0 && c < f.sparseBase()
		case !f.sparse && e.numbers+e.words == 0 || f.isID(c):
			omit(c)
		case v != nil && v.areParts(f.names != nil && naming.IsPart(f.names[c])):
			taken[c], p.part = true, c
		}
	}
	learned, err := f.learned(w)
	if err != nil {
		return nil, err
	}
	free := f.free(taken)
	others := slices.DeleteFunc(slices.Clone(free), func(c int) bool { return slices.Contains(learned, c) })
	switch wanted := max(1, w.Targets, w.OneHot); {
	case learned != nil && len(others) < wanted:
		return nil, ErrUnlabelled
	case f.sparse && w.Targets+w.OneHot > 0:
		return nil, fmt.Errorf("expected columns with targets or a one-hot label, found svmlight rows, whose first number is a class; write them as CSV")
	case learned == nil && len(free) <= wanted && !f.sparse:
		return nil, fmt.Errorf("line 1: expected %s and at least one number, separated by comma, semicolon, tab or space; found %s",
			w.answers(), Counted(f.columns, "column"))
	case w.TargetsFirst:
		p.answers = others[:w.Targets]
	case w.Targets > 0:
		p.answers = others[len(others)-w.Targets:]
	case w.OneHot > 0:
		p.answers, err = f.oneHot(others, w)
	case label >= 0:
		p.label = label
	case f.sparse, learned != nil && len(others) == 1:
		p.label = others[0]
	default:
		p.label, p.answers, err = f.decideLabel(others)
		if err != nil && w.TestOnly && f.names == nil { // a part of few rows, and a network that does not know
			p.label, err = others[0], nil
		}
	}
	if err != nil {
		return nil, err
	}
	p.features = learned
	if learned == nil {
		p.features = slices.DeleteFunc(free, func(c int) bool { return c == p.label || slices.Contains(p.answers, c) })
	}
	return p, f.checkFeatures(p)
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
	case n == 0 || f.names == nil && !f.sparse:
		return nil, nil
	case f.sparse:
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
	if list == nil && len(missing) < len(w.Features) {
		return nil, fmt.Errorf("no column is called %s, which the network has learned", some(missing))
	}
	return list, nil
}

// grow makes room for columns that a sparse file does not have.
func (f *File) grow(columns int) {
	for len(f.evidence) < columns {
		f.evidence = append(f.evidence, newColumn())
	}
	f.columns = len(f.evidence)
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
		return fmt.Errorf("line 1: expected a label and at least one number; found %s", Counted(f.columns, "column"))
	}
	for _, c := range p.features {
		e := &f.evidence[c]
		switch {
		case e.words > 0 && e.text() && looksNumeric.MatchString(e.word):
			return ask(f.value(c), []Setting{Ignore}, "%s has numbers written as %s; write them without signs of thousands and units", f.name(c), e.word)
		case e.words > 0 && e.text():
			return ask(f.value(c), []Setting{Ignore, Label}, "%s has text, such as %s, and is not the label", f.name(c), e.word)
		case e.missing > 0:
			return ask(f.value(c), []Setting{Ignore}, "line %d, column %d: a missing value (%s in %s); fill in all missing values, or delete their rows",
				e.missingAt, f.position(c), Counted(int(e.missing), "such value"), f.name(c))
		case f.names != nil && !f.sparse && f.names[c] == "":
			return ask(f.value(c), []Setting{Ignore, Label}, "column %d has no name", f.position(c))
		}
	}
	return nil
}

// value returns a column as a flag names it.
func (f *File) value(c int) string {
	if c < len(f.names) && f.names[c] != "" {
		return f.names[c]
	}
	return strconv.Itoa(c + 1)
}

// list lists the names of the columns.
func (f *File) list() string {
	if f.names == nil {
		return fmt.Sprintf("; there are %s without names", Counted(f.columns, "column"))
	}
	return "; there are " + some(f.names)
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
	if f.sparse || v == nil || v.repeats || e.fractions > 0 || e.missing > 0 {
		return false
	}
	const enough = 16 // as many rows do not count upwards by chance
	switch {
	case f.names == nil:
		return c == 0 && v.countsRows() && f.Rows >= enough
	case f.names[c] == "":
		return c == 0 && f.Rows > 2
	}
	return naming.IsID(f.names[c]) && f.Rows > 2
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
		return nil, fmt.Errorf("line 1: expected %d columns of a one-hot label and at least one number; found %s", n, Counted(f.columns, "column"))
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
	if f.sparse != g.sparse {
		return nil, fmt.Errorf("expected the format of %s, found another", other)
	}
	if f.sparse {
		n := max(len(f.evidence), len(g.evidence))
		f.grow(n)
		g.grow(n)
		p.features = nil
		for c := min(f.sparseBase(), g.sparseBase()); c < n; c++ {
			p.features = append(p.features, c)
		}
		q.label, q.features = 0, p.features
		return q, nil
	}
	if f.names != nil && g.names != nil {
		names := f.namesOf(p.features)
		list, missing := g.findAll(names)
		if list != nil {
			q.features = list
			if p.label >= 0 {
				q.label = g.labelLike(f.names[p.label], list)
			}
			q.answers, _ = g.findAll(f.namesOf(p.answers))
			return q, g.checkFeatures(q)
		}
		if len(missing) < len(names) || g.columns != f.columns {
			return nil, fmt.Errorf("line %d: no column is called %s as in %s", g.header, some(missing), other)
		}
		q.renamed = true
	}
	answers := len(p.answers)
	if p.label >= 0 {
		answers = 1
	}
	switch {
	case g.columns == f.columns:
		q.label, q.answers, q.features = p.label, p.answers, p.features
	case g.columns == f.columns-answers && f.columns > answers:
		for _, c := range p.features {
			before := 0
			for a := range c {
				if a == p.label || slices.Contains(p.answers, a) {
					before++
				}
			}
			q.features = append(q.features, c-before)
		}
	default:
		column := min(g.columns, f.columns+1) // the last column, or the first excess one
		return nil, fmt.Errorf("line 1, column %d: expected %d columns as in %s, found %d", g.position(column-1), f.columns, other, g.columns)
	}
	return q, g.checkFeatures(q)
}

// labelLike returns the column with a name, otherwise one with another usual name of the label, or −1.
func (g *File) labelLike(name string, features []int) int {
	c := g.find(name, 0)
	for other := range g.names {
		if c < 0 && naming.LabelRank(g.names[other]) > 0 && !slices.Contains(features, other) {
			c = other
		}
	}
	return c
}

func (d *dialect) namesOf(columns []int) []string {
	var list []string
	for _, c := range columns {
		list = append(list, d.names[c])
	}
	return list
}

// renamed notes names of columns that are not those that a network has learned.
func (f *File) renamed(w Wanted) string {
	if _, missing := f.findAll(w.Features); f.names != nil && len(missing) > 0 {
		return "the network has learned columns with other names; they are taken in the same order"
	}
	return ""
}

// findAll returns the columns of names, or nil and the names that no column has. Equal names, as those of a packed cell,
// are columns in a row.
func (d *dialect) findAll(names []string) (list []int, missing []string) {
	at := map[string][]int{}
	for i, name := range d.names {
		at[naming.Plain(name)] = append(at[naming.Plain(name)], i)
	}
	for _, name := range names {
		if columns := at[naming.Plain(name)]; len(columns) > 0 {
			list = append(list, columns[0])
			at[naming.Plain(name)] = columns[1:]
		} else {
			missing = append(missing, "`"+name+"`")
		}
	}
	if missing != nil {
		return nil, missing
	}
	return list, nil
}

// setPixels decides whether the rows are images. It returns a note on pixels of an unusual range.
func (s *Schema) setPixels(w Wanted) string {
	if w.Targets > 0 || w.Numbers {
		return ""
	}
	n := s.Width()
	side := int(math.Sqrt(float64(n)))
	if s.plans[0].file.sparse { // which omits the zeros at the end
		for side*side < n {
			side++
		}
		if side*side-n >= side {
			return ""
		}
	} else if side*side != n {
		return ""
	}
	const least = 8
	if side < least {
		return ""
	}
	low, high, odd, fractions := float32(math.MaxFloat32), float32(-math.MaxFloat32), 0, 0
	for _, p := range s.plans {
		if s.Unlabelled && p.file != s.plans[0].file {
			continue
		}
		for _, c := range p.features {
			e := &p.file.evidence[c]
			if e.numbers > 0 {
				low, high = min(low, e.min), max(high, e.max)
			}
			odd += int(e.odd)
			fractions += int(e.fractions)
		}
	}
	white := float32(0)
	rows := s.plans[0].file.Rows
	switch inner := fractions > 0; {
	case w.White > 1 && w.White < 255 && low >= 0 && high <= w.White && !(inner && high <= 1), low >= 0 && high <= w.White && w.White == 1:
		white = w.White
	case low == 0 && high <= 1 && high > 0.9:
		white = 1
	case low == 0 && high == 16:
		white = 16
	case low == 0 && high > 1 && high < 16 && !inner:
		white = high
		if high > 8 {
			white = 16
		}
	case odd*20 <= rows: // a few cells that are not pixels are errors
		white = 255
	}
	if white == 0 {
		return ""
	}
	s.Side, s.White = side, white
	for i := n; i < side*side; i++ { // of a sparse file
		for j := range s.plans {
			s.plans[j].features = append(s.plans[j].features, -1)
		}
	}
	switch {
	case white < 255:
		return fmt.Sprintf("%d pixels 0–%g, scaled", side*side, white)
	case high < 128 && high > 0 && odd == 0:
		return fmt.Sprintf("%d pixels 0–255, of which the brightest is %g", side*side, high)
	}
	return ""
}
