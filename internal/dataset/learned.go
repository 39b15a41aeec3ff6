package dataset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// MatchClasses gives the test part the labels of a network with so many classes, by the names of the classes: of
// directories, or numbers. Classes of the network may be missing.
func (d *Data) MatchClasses(l *Learned, classes int) error {
	if d.Test.Labels == nil || l.Classes == nil && d.ClassNames == nil {
		return nil
	}
	learned := l.Classes
	if learned == nil {
		for i := range classes {
			learned = append(learned, strconv.Itoa(i))
		}
	}
	find := func(name string) (byte, bool) {
		found, is := -1, func(other string) bool { return plainClass(other) == plainClass(name) }
		if found = slices.Index(learned, name); found < 0 {
			if found = slices.IndexFunc(learned, is); found >= 0 && slices.ContainsFunc(learned[found+1:], is) {
				found = -1
			}
		}
		return byte(max(found, 0)), found >= 0
	}
	var used classSet
	used.add(&d.Test)
	var labels [maxClasses]byte
	var unknown []string
	for label, is := range used {
		if !is {
			continue
		}
		name := strconv.Itoa(label)
		if d.ClassNames != nil {
			name = d.ClassNames[label]
		}
		to, ok := find(name)
		if labels[label] = to; !ok {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("the network's classes are %s; %s has %s, which it did not learn", someNames(learned), d.Name, someNames(unknown))
	}
	for i, label := range d.Test.Labels {
		d.Test.Labels[i] = labels[label]
	}
	d.ClassNames, d.Test.Classes = l.Classes, classes
	return nil
}

// plainClass returns the canonical form of a class name: 3 for 03.
func plainClass(name string) string {
	if n, err := strconv.Atoi(name); err == nil {
		return strconv.Itoa(n)
	}
	return strings.ToLower(name)
}

// someNames lists the first names of classes.
func someNames(names []string) string {
	if n := len(names); n > mostListed {
		return fmt.Sprintf("%s, … (%d)", strings.Join(names[:mostListed], ", "), n)
	}
	return strings.Join(names, ", ")
}
