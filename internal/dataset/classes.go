package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A classSet is the set of classes that have a sample.
type classSet [maxClasses]bool

// add adds the classes of a set.
func (c *classSet) add(s *Set) {
	for _, label := range s.Labels {
		c[label] = true
	}
}

// count returns the number of classes.
func (c classSet) count() int {
	n := 0
	for _, is := range c {
		if is {
			n++
		}
	}
	return n
}

// classes returns the set of classes with samples in any part.
func (d *Data) classes() classSet {
	var c classSet
	for _, s := range d.sets() {
		c.add(s)
	}
	return c
}

// mostListed is the maximum number of classes in a note.
const mostListed = 10

// noteMissing lists the classes without a training sample in the note.
func (d *Data) noteMissing(wanted classSet) {
	var trained classSet
	trained.add(&d.Train)
	all := 0
	var missing []string
	for label, is := range wanted {
		if !is {
			continue
		}
		all++
		if trained[label] {
			continue
		}
		name := strconv.Itoa(label)
		if label < len(d.ClassNames) {
			name = strconv.Quote(d.ClassNames[label])
		}
		missing = append(missing, name)
	}
	if len(missing) == 0 {
		return
	}
	text := "the training set has no sample of class " + missing[0]
	if n := len(missing); n > 1 {
		if n > mostListed {
			missing = append(missing[:mostListed], "…")
		}
		text = fmt.Sprintf("the training set has no sample of %d of the %d classes: %s", n, all, strings.Join(missing, ", "))
	}
	d.addNote(text)
}

// classByClass returns the indices of the samples of each class, in the order of the classes, if the samples of each
// class are contiguous, as in files listed directory by directory. Otherwise it returns nil.
func (s *Set) classByClass() [][]uint32 {
	var list [][]uint32
	var before classSet
	for i, label := range s.Labels {
		if i == 0 || label != s.Labels[i-1] {
			if before[label] {
				return nil
			}
			before[label] = true
			list = append(list, nil)
		}
		last := len(list) - 1
		list[last] = append(list[last], uint32(i))
	}
	return list
}

// firstOfClasses returns the indices, ascending, of the first samples of each class: n in total, in proportion to the
// classes, and at least one per class if n allows it.
func firstOfClasses(classes [][]uint32, n int) []uint32 {
	for _, c := range classes {
		n -= len(c)
	}
	// Divide the omitted samples instead of the kept ones, because shares never takes the last sample of a class. Begin with
	// the last class, so that among equal classes the first ones keep more.
	backwards := slices.Clone(classes)
	slices.Reverse(backwards)
	out := shares(backwards, -n)
	slices.Reverse(out)
	var rows []uint32
	for i, c := range classes {
		rows = append(rows, c[:len(c)-out[i]]...)
	}
	return rows
}
