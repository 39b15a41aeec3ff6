// Package naming knows the usual names in data sets: of parts, of columns with labels, and of columns with ids. It also orders
// names.
package naming

import (
	"regexp"
	"strings"
)

// Plain returns a name in lower case without punctuation. It does not change text that is too long for a name.
func Plain(name string) string {
	const longest = 1000
	if len(name) > longest {
		return name
	}
	return strings.Map(func(c rune) rune {
		if strings.ContainsRune(" _-.:#'\"()[]", c) {
			return -1
		}
		return c
	}, strings.ToLower(name))
}

// Stem returns a name without the numbers at its end: pixel for pixel12, p for p_3_4.
func Stem(name string) string { return strings.TrimRight(name, "0123456789_-.xX ") }

// A Part is a part of a data set.
type Part int

const (
	Whole Part = iota // not named
	Train
	Validation
	Test
)

func (p Part) String() string {
	return [...]string{"data", "training data", "validation data", "test data"}[p]
}

// parts are the words for parts.
var parts = map[string]Part{"train": Train, "training": Train, "trn": Train,
	"val": Validation, "valid": Validation, "validation": Validation, "validate": Validation, "dev": Validation, "eval": Validation, "evaluation": Validation,
	"test": Test, "testing": Test, "tst": Test, "t10k": Test, "publictest": Test, "privatetest": Test}

// PartOf returns the part that a name states, such as train, trainingSet, val or test_images.
func PartOf(name string) Part {
	name = Plain(name)
	for _, end := range []string{"data", "dataset", "set", "images", "imgs", "img", "pictures", "labels"} {
		name = strings.TrimSuffix(name, end)
	}
	return parts[name]
}

// A Rank says how surely a name is that of a label.
type Rank int

const (
	NoLabel Rank = iota
	MaybeLabel
	LikelyLabel
	SureLabel
)

var labels = ranks(
	"y type category result output answer quality response group status letter number", // y is a coordinate too
	"digit digits outcome species diagnosis emotion variety groundtruth gt classification prediction",
	"label labels class classes target targets classlabel classid labelid ylabel targetclass classname labelname")

// ranks gives ranks to words, from MaybeLabel.
func ranks(lists ...string) map[string]Rank {
	m := map[string]Rank{}
	for i, list := range lists {
		for _, name := range strings.Fields(list) {
			m[name] = Rank(i + 1)
		}
	}
	return m
}

// LabelRank returns how surely a column of this name is the label.
func LabelRank(name string) Rank { return labels[Plain(name)] }

// idSuffix matches names such as PassengerId and customer_ID, but not acid.
var idSuffix = regexp.MustCompile(`([a-z]I[dD]|[ _.-][iI][dD])$`)

var (
	ids = ranks("id index idx imageid sampleid rowid row rownames rowname no nr unnamed uid uuid filename file image imagename name")
	// partColumns name the part of each row.
	partColumns = ranks("usage split set subset part partition fold")
	amounts     = ranks("price cost value medv mpg salary income amount sales rent revenue saleprice medianhousevalue")
)

// IsID reports whether a column of this name can number or name the rows.
func IsID(name string) bool {
	return ids[strings.TrimSuffix(Plain(name), "0")] > 0 || idSuffix.MatchString(strings.TrimSpace(name))
}

// IsPart reports whether a column of this name can name the part of each row.
func IsPart(name string) bool { return partColumns[Plain(name)] > 0 }

// IsAmount reports whether a column of this name is more likely a number to predict than a class.
func IsAmount(name string) bool { return amounts[Plain(name)] > 0 }

// Natural compares names in natural order: runs of digits by their value.
func Natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		i, j := digits(x), digits(y)
		if i > 0 && j > 0 {
			m, n := strings.TrimLeft(x[:i], "0"), strings.TrimLeft(y[:j], "0")
			if len(m) != len(n) {
				return len(m) - len(n)
			}
			if c := strings.Compare(m, n); c != 0 {
				return c
			}
			x, y = x[i:], y[j:]
			continue
		}
		if x[0] != y[0] {
			return int(x[0]) - int(y[0])
		}
		x, y = x[1:], y[1:]
	}
	if c := len(x) - len(y); c != 0 {
		return c
	}
	return strings.Compare(a, b) // 01 and 1
}

// digits returns the number of digits at the start of a text.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
