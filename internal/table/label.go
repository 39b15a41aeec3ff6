package table

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/naming"
)

// decideLabel finds the column of the label, or the columns of a one-hot label, among the free columns: by a usual name, by
// the only column of words, or as the first or the last column, whichever looks like a label.
func (f *File) decideLabel(free []int) (label int, hot []int, err error) {
	first, last := free[0], free[len(free)-1]
	for _, wanted := range []naming.Rank{naming.LikelyLabel, naming.MaybeLabel} {
		var named []int
		for _, c := range free {
			if f.names != nil && naming.LabelRank(f.names[c]) >= wanted && (naming.LabelRank(f.names[c]) == naming.SureLabel || f.notLabel(c) == "") {
				named = append(named, c)
			}
		}
		switch {
		case len(named) == 1:
			if reason := f.tooMany(named[0]); reason != "" {
				return 0, nil, ask("", []Setting{Label, Targets}, "%s cannot be the label: it has %s", f.name(named[0]), reason)
			}
			if hot := f.alike(named[0]); len(hot) > 1 {
				return -1, hot, nil
			}
			for _, c := range free {
				if c != named[0] && naming.LabelRank(f.names[c]) > 0 && f.notLabel(c) == "" && slices.Equal(f.values[c].sizes(), f.values[named[0]].sizes()) {
					return 0, nil, ask(f.value(c), []Setting{Label, Ignore}, "%s and %s could both be the label", f.name(named[0]), f.name(c))
				}
			}
			return named[0], nil, nil
		case len(named) > 1 && len(f.alike(named[0])) == len(named):
			return -1, named, nil
		case len(named) > 1:
			return 0, nil, ask(f.value(named[1]), []Setting{Label, Ignore}, "%s and %s could both be the label", f.name(named[0]), f.name(named[1]))
		}
	}
	if c := f.oddName(free); c >= 0 {
		if reason := f.notLabel(c); reason != "" || naming.IsAmount(f.names[c]) {
			return 0, nil, ask("", []Setting{Label, Targets}, "%s is named like a label, but has %s", f.name(c), cmp.Or(reason, "numbers to predict"))
		}
		return c, nil, nil
	}
	var words, nominal []int
	for _, c := range free {
		if f.values[c] != nil && f.evidence[c].words > 0 && f.evidence[c].text() && f.notLabel(c) == "" {
			words = append(words, c)
		}
		if f.nominal != nil && f.nominal[c] {
			nominal = append(nominal, c)
		}
	}
	if len(nominal) == 1 {
		return nominal[0], nil, nil
	}
	if len(words) == 1 {
		return words[0], nil, nil
	}
	if len(words) > 1 {
		return 0, nil, ask(f.value(words[0]), []Setting{Label, Ignore}, "%s and %s have text; only one can be the label", f.name(words[0]), f.name(words[1]))
	}
	atEnd, atStart := f.hot[0].found(), f.hotFirst(first)
	switch n := max(atEnd, atStart); {
	case n < 2 || n >= len(free):
	case n == 2:
		return 0, nil, ask(strconv.Itoa(n), []Setting{Label, OneHot}, "one of two columns is 1 in each row and the other 0; each of them could be the label")
	case atEnd == n && f.doubts(first, last) > 0:
		return -1, free[len(free)-n:], nil
	case atEnd < 2 && f.doubts(last, first) > 0:
		return -1, free[:n], nil
	default:
		return 0, nil, ask(strconv.Itoa(n), []Setting{Label, OneHot}, "there are %d columns of which one is 1 in each row, but the label could be the first or the last column too", n)
	}
	for _, c := range free {
		if f.names != nil && naming.Stem(f.names[c]) != f.names[c] && naming.LabelRank(naming.Stem(f.names[c])) >= naming.LikelyLabel {
			return 0, nil, ask("", []Setting{Label, OneHot}, "%s could be the label, or one column of a one-hot label", f.name(c))
		}
	}
	amount := slices.IndexFunc(f.names, naming.IsAmount)
	if amount != first && amount != last {
		amount = -1
	}
	a, b := f.doubts(first, last), f.doubts(last, first)
	switch {
	case a >= certain && b >= certain:
		return 0, nil, ask("", []Setting{Label, Targets}, "neither the first nor the last column can be the label: %s has %s, %s has %s",
			f.name(first), f.notLabel(first), f.name(last), f.notLabel(last))
	case amount >= 0:
		return 0, nil, ask("", []Setting{Targets, Label}, "%s is more likely a number to predict than a label", f.name(amount))
	case a == 0 && b > 0, a == 1 && b >= certain:
		return first, nil, nil
	case b == 0 && a > 0, b == 1 && a >= certain:
		return last, nil, nil
	}
	return 0, nil, ask("", []Setting{Label}, "the first and the last column, %s and %s, could both be the label", f.name(first), f.name(last))
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
		return naming.Stem(f.names[i]) == naming.Stem(f.names[c]) && e.min >= 0 && e.max <= 1 && e.words+e.fractions == 0
	}
	first, last := c, c
	for first > 0 && same(first-1) {
		first--
	}
	for last+1 < f.columns && same(last+1) {
		last++
	}
	var list []int
	for i := first; i <= last && same(c); i++ {
		list = append(list, i)
	}
	return list
}

// oddName returns the only column whose name does not continue those of many others, as p0, p1, p2, or −1.
func (f *File) oddName(free []int) int {
	const many = 3
	stems := map[string]int{}
	for _, c := range free {
		if f.names != nil {
			stems[naming.Stem(f.names[c])]++
		}
	}
	for _, c := range free {
		if len(stems) == 2 && len(free) > many && stems[naming.Stem(f.names[c])] == 1 {
			return c
		}
	}
	return -1
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
var looksNumeric = regexp.MustCompile(`^"[-+$€£]?\d[\d.,' ]*%?"$`)

// classes returns the number of values that are not missing ones.
func (v *values) classes() int {
	n := 0
	for text := range v.counts {
		if !missing([]byte(text)) {
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
func (f *File) doubts(c, rival int) int {
	if f.notLabel(c) != "" {
		return certain
	}
	v := f.values[c]
	// A column with the range of nearly all others is one of them.
	var tops []float32
	odd, fractions := 0, 0
	for i := range f.evidence {
		if i == c || i == rival || f.evidence[i].numbers == 0 {
			continue
		}
		tops = append(tops, f.evidence[i].max)
		if f.evidence[i].fractions > 0 {
			fractions++
		}
		if f.names != nil && f.names[i] != "" && naming.Stem(f.names[i]) != naming.Stem(f.names[c]) {
			odd++
		}
	}
	if len(tops) == 0 {
		return 0
	}
	slices.Sort(tops)
	typical := tops[len(tops)/2]
	doubts := 0
	like := func(top float32) bool { return top >= 0.9*typical && top <= 1.1*typical }
	alike := 0
	for _, top := range tops {
		if like(top) {
			alike++
		}
	}
	if (len(tops) >= 16 || typical >= 20) && 2*alike > len(tops) && fractions*2 < len(tops) && like(f.evidence[c].max) {
		doubts++
	}
	if f.names != nil && odd*10 < len(tops) && naming.Stem(f.names[rival]) != naming.Stem(f.names[c]) { // p0, p1, p2, …, digit
		doubts++
	}
	n := v.classes()
	if r := f.values[rival]; r != nil && n > 20 && n >= 3*r.classes() {
		doubts++
	}
	most := 0
	low, high := math.Inf(1), math.Inf(-1)
	for text, count := range v.counts {
		most = max(most, count)
		if x, err := strconv.ParseFloat(text, 64); err == nil {
			low, high = min(low, x), max(high, x)
		}
	}
	if signs := n == 2 && low == -1 && high == 1; !signs && (low != 0 && low != 1 || high-low != float64(n-1)) {
		doubts++
	}
	if most*10 >= 9*f.Rows { // typical of a pixel at the edge
		doubts++
	}
	return doubts
}

// setClasses numbers the classes. An error is about the file with the returned index.
func (s *Schema) setClasses(w Wanted) (int, error) {
	f := s.plans[0].file
	if hot := s.plans[0].answers; len(hot) > 0 {
		s.classes = map[string]byte{}
		if f.names != nil {
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
			return i, ask("", []Setting{Label, Targets}, "%s cannot be the label: it has %s", p.file.name(p.label), reason)
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
			if len(name) > 1 && beginsWord(name) && naming.Plain(name) == naming.Plain(other) && !w.Learned {
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
		case missing([]byte(value)):
			return &RowError{v.first[value], f.position(c), "the label is missing"}
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
			return &RowError{line, f.position(c), fmt.Sprintf("expected a label, a whole number from 0 to 255 as in most rows, found %s", shown("%q", []byte(text)))}
		}
	}
	return nil
}
