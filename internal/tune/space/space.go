// Package space describes the flags of a recipe whose values a search varies, and draws values for them.
package space

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"shadegrad/compute/philox"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// A Dimension is a flag of the recipe whose value is searched.
type Dimension struct {
	Name string
	Text string // as the user typed it, such as "1e-3..1" or "64|128"

	choices  []string // the values, or nil for a range
	from, to float64
	whole    bool // only whole numbers
	log      bool // the logarithm is uniform
}

// A Space has the dimensions of a search, in the order of the command line.
type Space []Dimension

// decades is the width from which on a range is searched on a logarithmic scale, as a ratio of its ends.
const decades = 100

// fixed are the flags that cannot be searched although their topics can.
const fixed = "epochs seed outputs"

// Add adds the dimension that the value of a flag describes: "A..B" or "X|Y|Z". A value of another kind is not one, and the
// error is refused.
func (s *Space) Add(f *flags.Flag, value string, refused error) error {
	d := Dimension{Name: f.Name, Text: value}
	from, to, isRange := strings.Cut(value, "..")
	switch {
	case strings.Contains(value, "|"):
		d.choices = strings.Split(value, "|")
	case !isRange:
		return refused
	}
	if !flags.Has(recipe.Topics, f.Topic) || flags.Has(fixed, f.Name) {
		return errors.New("only the flags of the network, the loss, the optimiser, the schedule, the regularisation and the augmentation can be searched, not this one")
	}
	if slices.ContainsFunc(*s, func(other Dimension) bool { return other.Name == f.Name }) {
		return errors.New("the flag is given twice")
	}
	accepts := accepter(f.Name)
	ends := d.choices
	if ends == nil {
		ends = []string{from, to}
	}
	for i, v := range ends {
		if err := accepts(v); err != nil {
			return fmt.Errorf("%q: %v", v, err) // not a flags.Want, which would be about the whole value
		}
		if slices.Contains(ends[:i], v) {
			return fmt.Errorf("%q is there twice", v)
		}
	}
	if d.choices == nil {
		var err1, err2 error
		d.from, err1 = strconv.ParseFloat(from, 64)
		d.to, err2 = strconv.ParseFloat(to, 64)
		if err1 != nil || err2 != nil || !(d.from < d.to) {
			return flags.Want("a range from a number to a higher one, such as 1e-3..1, or choices such as 64|128|256")
		}
		d.whole = accepts(strconv.FormatFloat(math.Floor(d.from)+0.5, 'g', -1, 64)) != nil
		d.log = d.from > 0 && d.to/d.from >= decades
	}
	*s = append(*s, d)
	return nil
}

// accepter returns a function that reports whether a flag of a recipe accepts a value.
func accepter(name string) func(value string) error {
	r := recipe.Default()
	for _, f := range r.Flags() {
		if f.Name == name {
			return f.Value.Set
		}
	}
	return func(string) error { return fmt.Errorf("a recipe has no flag -%s", name) }
}

// firstStream is the random stream of the first trial. Package dataset uses lower ones.
const firstStream = 1 << 62

// tries bounds the draws for a trial whose flags contradict each other.
const tries = 1000

// Draw returns the flags of a trial, which depend on the seed and the number of the trial alone. Combinations that valid
// refuses are drawn again.
func (s Space) Draw(seed uint64, trial int, valid func([]flags.Assignment) error) (list []flags.Assignment, err error) {
	random := philox.Stream{Seed: seed, ID: firstStream + uint64(trial)}
	for try := range tries {
		list = nil
		for i, d := range s {
			list = append(list, flags.Assignment{Name: d.Name, Value: d.at(random.Uniform(uint64(try*len(s) + i)))})
		}
		if err = valid(list); err == nil {
			return list, nil
		}
	}
	return nil, flags.Errorf("no valid combination of the searched flags among %d: %v", tries, err)
}

// at returns the value at a position u in [0, 1).
func (d Dimension) at(u float64) string {
	if d.choices != nil {
		return d.choices[int(u*float64(len(d.choices)))]
	}
	from, to := d.from, d.to
	if d.whole { // each number has the same share of the range
		from, to = from-0.5, to+0.5
		if d.log {
			from = d.from
		}
	}
	v := from + u*(to-from)
	if d.log {
		v = from * math.Pow(to/from, u)
	}
	if d.whole {
		return strconv.FormatFloat(min(max(math.Round(v), d.from), d.to), 'f', 0, 64)
	}
	const digits = 4
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err == nil {
		v = short
	}
	return strconv.FormatFloat(min(max(v, d.from), d.to), 'g', -1, 64)
}
