package dataset

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/mapped"
)

// TestMapped reads data sets whose image files are mapped. They must be like those that are read, and nothing may write
// to a mapped file, which would end the test.
func TestMapped(t *testing.T) {
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	files := func(names string, change func([]byte)) map[string][]byte {
		m := map[string][]byte{}
		for i, s := range []Set{d.Train.First(600), d.Test.First(100)} {
			pixels := slices.Clone(s.Images)
			change(pixels)
			if name := strings.Fields(names); i < len(name)/2 {
				m[name[2*i]] = images(uint32(s.Len()), 28, 28, pixels...)
				m[name[2*i+1]] = labels(s.Labels...)
			}
		}
		return m
	}
	nothing := func([]byte) {}
	both := "train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"
	one := "mnist8m-patterns-idx3-ubyte mnist8m-labels-idx1-ubyte" // as Infinite MNIST
	for _, c := range []struct {
		name       string
		files      map[string][]byte
		form       Form
		validation float64
		held       bool // the last images are held out, instead of a random choice
	}{
		{"plain", files(both, nothing), Form{}, 0, false},
		{"shortened", files(both, nothing), Form{Limit: 50}, 0, false},
		{"padded", files(both, nothing), Form{Pad: Size{32, 32}}, 0, false},
		{"dark ink", files(both, invert), Form{}, 0, false},
		{"EMNIST", files(strings.ReplaceAll("emnist-"+both, " ", " emnist-"), nothing), Form{}, 0, false},
		{"held out", files(both, nothing), Form{}, 60, true},
		{"without a test part", files(one, nothing), Form{}, 60, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := write(t, c.files)
			unmapAfter(t)
			want, err := c.form.OpenSplit(dir, c.validation, 1)
			if err != nil {
				t.Fatal(err)
			}
			before := mapFrom
			mapFrom = 1
			defer func() { mapFrom = before }()
			got, err := c.form.OpenSplit(dir, c.validation, 1)
			if err != nil {
				t.Fatal(err)
			}
			if c.held {
				if got.Train.Len() != want.Train.Len() || got.Validation.Len() != 60 || got.Test.Len() != want.Test.Len() || !got.Train.mapped {
					t.Fatalf("%d, %d and %d samples, mapped %v", got.Train.Len(), got.Validation.Len(), got.Test.Len(), got.Train.mapped)
				}
				all := d.Train.First(600)
				held := slices.Concat(got.Train.Images, got.Validation.Images)
				if len(c.files) == 2 {
					held = append(held, got.Test.Images...)
				}
				if !slices.Equal(held, all.Images) || !strings.Contains(got.Note, "the last 60 images are held out") {
					t.Errorf("other images were held out; note %q", got.Note)
				}
				return
			}
			for i, s := range want.sets() {
				if g := got.sets()[i]; g.Digest() != s.Digest() || g.Width != s.Width {
					t.Errorf("part %d differs", i)
				}
			}
			if got.Note != want.Note {
				t.Errorf("note %q, want %q", got.Note, want.Note)
			}
		})
	}
}

// TestMappedByClass holds out images of a mapped file that lists the classes one after the other: they are drawn from all
// classes.
func TestMappedByClass(t *testing.T) {
	before := mapFrom
	mapFrom = 1
	defer func() { mapFrom = before }()
	const each = 100
	var pixels, classes []byte
	for class := range 3 {
		for i := range each {
			pixels = append(pixels, make([]byte, 99)...)
			pixels = append(pixels, byte(1+i))
			classes = append(classes, byte(class))
		}
	}
	dir := write(t, map[string][]byte{
		"train-images-idx3-ubyte": images(3*each, 10, 10, pixels...), "train-labels-idx1-ubyte": labels(classes...),
		"t10k-images-idx3-ubyte": images(1, 10, 10, pixels[:100]...), "t10k-labels-idx1-ubyte": labels(0)})
	unmapAfter(t)
	d, err := Form{}.OpenSplit(dir, 30, 1)
	if err != nil {
		t.Fatal(err)
	}
	var count [3]int
	for _, label := range d.Validation.Labels {
		count[label]++
	}
	if fmt.Sprint(count) != "[10 10 10]" || d.Train.Len() != 3*each-30 {
		t.Errorf("held out %v samples of each class; %d remain", count, d.Train.Len())
	}
}

// unmapAfter unmaps the files at the end of a test, before its directory is removed.
func unmapAfter(t *testing.T) {
	t.Cleanup(func() {
		if err := mapped.UnmapAll(); err != nil {
			t.Error(err)
		}
	})
}

// TestSome requires about as many indices as asked for, ascending, in blocks for a mapped file.
func TestSome(t *testing.T) {
	for _, c := range []struct {
		samples, n int
		mapped     bool
		least      int
	}{{10, 1000, false, 10}, {10, 1000, true, 10}, {60_000, 1000, false, 1000}, {60_000, 1000, true, 1000}, {8_100_037, 10_000, true, 10_000}} {
		s := &Set{Labels: make([]byte, c.samples), mapped: c.mapped}
		seen, breaks, last := 0, 0, -1
		for i := range s.some(c.n) {
			if i <= last || i >= c.samples {
				t.Fatalf("%+v: %d after %d", c, i, last)
			}
			if i != last+1 {
				breaks++
			}
			last = i
			seen++
		}
		if seen < c.least || seen > c.least*11/10 || c.mapped && breaks > c.n/100 {
			t.Errorf("%+v: %d indices, %d breaks", c, seen, breaks)
		}
	}
}

// TestIdentity requires that the identity of a mapped file depends on images and labels, and accepts a digest.
func TestIdentity(t *testing.T) {
	set := func() *Set {
		return &Set{Images: []byte{1, 2, 3, 4}, Labels: []byte{0, 1}, Width: 2, Height: 1, mapped: true}
	}
	a := set()
	if !a.Is(a.Identity()) || !a.Is(a.Digest()) || !set().Is(a.Identity()) {
		t.Error("a set is not itself")
	}
	for _, change := range []func(*Set){func(s *Set) { s.Images[3]++ }, func(s *Set) { s.Labels[0]++ }} {
		b := set()
		change(b)
		if b.Is(a.Identity()) || b.Is(a.Digest()) {
			t.Error("a changed set has the same identity")
		}
	}
}
