package table

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"

	"shadegrad/internal/naming"
	"shadegrad/internal/table/dialect"
)

// A rule finds the column of the label, or those of a one-hot label, among the free columns. It returns false if it does not
// apply.
type rule func(f *File, free []int) (label int, hot []int, applies bool, err error)

// decideLabel finds the label by the first rule that applies: by a usual name, by a name that is unlike all others, by words,
// as a one-hot label, or as the first or the last column, whichever looks like a label.
func (f *File) decideLabel(free []int) (label int, hot []int, err error) {
	for _, rule := range []rule{(*File).byUsualName, (*File).byOddName, (*File).byWords, (*File).byOnes} {
		if label, hot, applies, err := rule(f, free); applies || err != nil {
			return label, hot, err
		}
	}
	label, err = f.byPosition(free)
	return label, nil, err
}

// byUsualName finds the label by a usual name.
func (f *File) byUsualName(free []int) (label int, hot []int, applies bool, err error) {
	for _, wanted := range []naming.Rank{naming.LikelyLabel, naming.MaybeLabel} {
		var named []int
		for _, c := range free {
			if f.Names == nil {
				break
			}
			if rank := naming.LabelRank(f.Names[c]); rank >= wanted && (rank == naming.SureLabel || f.notLabel(c) == "") {
				named = append(named, c)
			}
		}
		if len(named) == 0 {
			continue
		}
		label = named[0]
		hot = f.alike(label)
		switch reason := f.tooMany(label); {
		case len(named) > 1 && len(hot) == len(named):
			return -1, hot, true, nil
		case len(named) > 1:
			return 0, nil, true, f.bothLabels(label, named[1])
		case reason != "":
			return 0, nil, true, ask("", []Setting{Label, Targets}, "%s cannot be the label: it has %s", f.Name(label), reason)
		case len(hot) > 1:
			return -1, hot, true, nil
		}
		for _, c := range free {
			if c != label && naming.LabelRank(f.Names[c]) > 0 && f.notLabel(c) == "" && slices.Equal(f.values[c].sizes(), f.values[label].sizes()) {
				return 0, nil, true, f.bothLabels(label, c)
			}
		}
		return label, nil, true, nil
	}
	return 0, nil, false, nil
}

// bothLabels asks which of two columns is the label.
func (f *File) bothLabels(a, b int) error {
	return ask(f.value(b), []Setting{Label, Ignore}, "%s and %s could both be the label", f.Name(a), f.Name(b))
}

// byOddName finds the label by the only name that does not continue those of many others, as p0, p1, p2.
func (f *File) byOddName(free []int) (label int, hot []int, applies bool, err error) {
	const many = 3
	stems := map[string][]int{}
	for _, c := range free {
		if f.Names != nil {
			stem := naming.Stem(f.Names[c])
			stems[stem] = append(stems[stem], c)
		}
	}
	for _, columns := range stems {
		if len(stems) != 2 || len(free) <= many || len(columns) != 1 {
			continue
		}
		c := columns[0]
		if reason := f.notLabel(c); reason != "" || naming.IsAmount(f.Names[c]) {
			err = ask("", []Setting{Label, Targets}, "%s is named like a label, but has %s", f.Name(c), cmp.Or(reason, "numbers to predict"))
		}
		return c, nil, true, err
	}
	return 0, nil, false, nil
}

// byWords finds the label as the only column of words, or the only one that an ARFF file declares as nominal.
func (f *File) byWords(free []int) (label int, hot []int, applies bool, err error) {
	var words, nominal []int
	for _, c := range free {
		if f.values[c] != nil && f.evidence[c].words > 0 && f.evidence[c].text() && f.notLabel(c) == "" {
			words = append(words, c)
		}
		if f.Nominal != nil && f.Nominal[c] {
			nominal = append(nominal, c)
		}
	}
	switch {
	case len(nominal) == 1:
		return nominal[0], nil, true, nil
	case len(words) == 1:
		return words[0], nil, true, nil
	case len(words) > 1:
		err = ask(f.value(words[0]), []Setting{Label, Ignore}, "%s and %s have text; only one can be the label", f.Name(words[0]), f.Name(words[1]))
	}
	return 0, nil, false, err
}

// byOnes finds a one-hot label at an end of the table.
func (f *File) byOnes(free []int) (label int, hot []int, applies bool, err error) {
	first, last := free[0], free[len(free)-1]
	atEnd, atStart := f.hot[0].found(), f.hotFirst(first)
	switch n := max(atEnd, atStart); {
	case n < 2 || n >= len(free):
	case n == 2:
		err = ask(strconv.Itoa(n), []Setting{Label, OneHot}, "one of two columns is 1 in each row and the other 0; each of them could be the label")
	case atEnd == n && f.doubts(first, last) > 0:
		return -1, free[len(free)-n:], true, nil
	case atEnd < 2 && f.doubts(last, first) > 0:
		return -1, free[:n], true, nil
	default:
		err = ask(strconv.Itoa(n), []Setting{Label, OneHot}, "there are %d columns of which one is 1 in each row, but the label could be the first or the last column too", n)
	}
	for _, c := range free {
		if err == nil && f.Names != nil && naming.Stem(f.Names[c]) != f.Names[c] && naming.LabelRank(naming.Stem(f.Names[c])) >= naming.LikelyLabel {
			err = ask("", []Setting{Label, OneHot}, "%s could be the label, or one column of a one-hot label", f.Name(c))
		}
	}
	return 0, nil, false, err
}

// byPosition finds the label as the first or the last column.
func (f *File) byPosition(free []int) (int, error) {
	first, last := free[0], free[len(free)-1]
	amount := slices.IndexFunc(f.Names, naming.IsAmount)
	a, b := f.doubts(first, last), f.doubts(last, first)
	switch {
	case a >= certain && b >= certain:
		return 0, ask("", []Setting{Label, Targets}, "neither the first nor the last column can be the label: %s has %s, %s has %s",
			f.Name(first), f.notLabel(first), f.Name(last), f.notLabel(last))
	case amount >= 0 && (amount == first || amount == last):
		return 0, ask("", []Setting{Targets, Label}, "%s is more likely a number to predict than a label", f.Name(amount))
	case a == 0 && b > 0, a == 1 && b >= certain:
		return first, nil
	case b == 0 && a > 0, b == 1 && a >= certain:
		return last, nil
	}
	return 0, ask("", []Setting{Label}, "the first and the last column, %s and %s, could both be the label", f.Name(first), f.Name(last))
}

// hotFirst returns the number of columns of a one-hot label that begins in column 0 or 1, or 0.
func (f *File) hotFirst(first int) int {
	if first > 1 {
		return 0
	}
	return f.hot[1+first].found()
}

// alike returns the columns in a row around one with a usual name of the label that hold 0 or 1 and differ in their names only by
// a number at the end: those of a one-hot label.
func (f *File) alike(c int) []int {
	same := func(i int) bool {
		e := &f.evidence[i]
		return naming.Stem(f.Names[i]) == naming.Stem(f.Names[c]) && e.min >= 0 && e.max <= 1 && e.words+e.fractions == 0
	}
	first, last := c, c
	for first > 0 && same(first-1) {
		first--
	}
	for last+1 < f.Columns && same(last+1) {
		last++
	}
	var list []int
	for i := first; i <= last && same(c); i++ {
		list = append(list, i)
	}
	return list
}

// notLabel returns what rules a column out as the label, or an empty string.
func (f *File) notLabel(c int) string {
	v := f.values[c]
	if v == nil {
		return f.tooMany(c)
	}
	const most = 20 // classes whose numbers have gaps
	switch n, e := v.classes(), &f.evidence[c]; {
	case n < 2:
		return "one value only"
	case n > most && !e.text() && e.max-e.min >= float32(n):
		return fmt.Sprintf("%d different numbers with gaps, more like measurements than classes", n)
	}
	return f.tooMany(c)
}

// tooMany is notLabel for a column that may have a single class.
func (f *File) tooMany(c int) string {
	v, e := f.values[c], &f.evidence[c]
	if v == nil { // the column is in the middle of a wide table
		return "values that were not counted"
	}
	switch n := v.classes(); {
	case uint64(e.fractions)*20 > uint64(e.numbers):
		return "fractions"
	case e.text() && looksNumeric.MatchString(e.word):
		return "numbers written as " + e.word
	case v.many || n > maxClasses:
		return fmt.Sprintf("more than %d different values", min(n-1, maxClasses))
	case n > 10 && f.Rows < 3*n:
		return fmt.Sprintf("%d different values in %d rows, more classes than these can teach", n, f.Rows)
	}
	return ""
}

// looksNumeric matches shown numbers with separators of thousands or with units.
var looksNumeric = regexp.MustCompile(`^"[-+−$€£]?\d[\d.,' ]*(e[-+]?\d+)?(%|€|\$|£|\\u00a0)*"$`)

// classes returns the number of values that are not missing ones.
func (v *values) classes() int {
	n := 0
	for text := range v.counts {
		if !dialect.Missing([]byte(text)) {
			n++
		}
	}
	return n
}

// sizes returns the numbers of rows of the values, in order.
func (v *values) sizes() []int { return slices.Sorted(maps.Values(v.counts)) }

// certain is the number of doubts that rules a column out as the label.
const certain = 100

// doubts counts the evidence against a column as the label, compared with the column at the other end.
func (f *File) doubts(c, rival int) (doubts int) {
	if f.notLabel(c) != "" {
		return certain
	}
	var others []int // columns of numbers
	named := 0       // of these with another name than pixel1, pixel2, … of column c
	for i, e := range f.evidence {
		if i == c || i == rival || e.numbers == 0 {
			continue
		}
		others = append(others, i)
		if f.Names != nil && f.Names[i] != "" && naming.Stem(f.Names[i]) != naming.Stem(f.Names[c]) {
			named++
		}
	}
	if len(others) == 0 {
		return 0
	}
	n, v, r := f.values[c].classes(), f.values[c], f.values[rival]
	for _, is := range []bool{
		f.hasRangeOf(c, others),
		f.Names != nil && named*10 < len(others) && naming.Stem(f.Names[rival]) != naming.Stem(f.Names[c]),
		r != nil && n > 20 && n >= 3*r.classes(),
		!v.count(n),
		slices.Max(slices.Collect(maps.Values(v.counts)))*10 >= 9*f.Rows, // typical of a pixel at the edge
	} {
		if is {
			doubts++
		}
	}
	return doubts
}

// hasRangeOf reports whether a column has the range of most of the others, so that it is likely to be one of them.
func (f *File) hasRangeOf(c int, others []int) bool {
	var tops []float32
	fractions := 0
	for _, i := range others {
		tops = append(tops, f.evidence[i].max)
		if f.evidence[i].fractions > 0 {
			fractions++
		}
	}
	slices.Sort(tops)
	typical := tops[len(tops)/2]
	like := func(top float32) bool { return top >= 0.9*typical && top <= 1.1*typical }
	alike := len(slices.DeleteFunc(tops, func(top float32) bool { return !like(top) }))
	return (len(others) >= 16 || typical >= 20) && 2*alike > len(others) && fractions*2 < len(others) && like(f.evidence[c].max)
}

// count reports whether the n values are numbers that count from 0 or 1, or −1 and 1.
func (v *values) count(n int) bool {
	low, high := math.Inf(1), math.Inf(-1)
	for text := range v.counts {
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			low, high = min(low, x), max(high, x)
		}
	}
	return n == 2 && low == -1 && high == 1 || (low == 0 || low == 1) && high-low == float64(n-1)
}
