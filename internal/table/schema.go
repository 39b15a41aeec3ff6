package table

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
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
		q, err := g.planLike(p, filepath.Base(names[0]))
		if err != nil {
			return nil, wrap(i+1, err)
		}
		s.plans = []plan{*p, *q}
		s.Unlabelled = q.label < 0 && len(q.answers) == 0
	}
	for _, c := range p.features {
		switch {
		case f.Sparse:
			s.Features = append(s.Features, strconv.Itoa(c-1))
		case f.Names != nil:
			s.Features = append(s.Features, f.Names[c])
		}
	}
	if p.label >= 0 {
		s.Label = strconv.Itoa(p.label + 1)
		if f.Names != nil && f.Names[p.label] != "" {
			s.Label = f.Names[p.label]
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
