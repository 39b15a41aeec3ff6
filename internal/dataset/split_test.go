package dataset

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// uneven returns a shuffled training set of 2x1 images with 50, 30, 15 and 5 samples of the classes 0, 1, 2 and 7. The pixels
// of a sample contain its number.
func uneven() *Data {
	s := Set{Width: 2, Height: 1, Classes: 8}
	for i := range 100 {
		class := byte(7)
		switch n := i * 37 % 100; {
		case n < 50:
			class = 0
		case n < 80:
			class = 1
		case n < 95:
			class = 2
		}
		s.Images = append(s.Images, byte(i), class)
		s.Labels = append(s.Labels, class)
	}
	s.origin = inLabels("labels", 8, 1)
	return &Data{Name: "uneven", Train: s}
}

func TestSplit(t *testing.T) {
	for n, want := range map[int][8]int{
		1: {0: 1}, 10: {0: 5, 1: 3, 2: 2}, 20: {10, 6, 3, 7: 1}, 99: {49, 30, 15, 7: 5}, 50: {25, 15, 8, 7: 2}, 7: {4, 2, 1},
	} {
		d := uneven()
		images, labels := bytes.Clone(d.Train.Images), bytes.Clone(d.Train.Labels)
		before := d.Train
		if err := d.Split(n, 3); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before.Images, images) || !bytes.Equal(before.Labels, labels) {
			t.Errorf("%d: the arrays that there were have changed", n)
		}
		var count [8]int
		seen := map[byte]bool{}
		for _, s := range []*Set{&d.Validation, &d.Train} {
			last := -1
			for i, label := range s.Labels {
				number, class := s.Image(i)[0], s.Image(i)[1]
				if class != label || int(number) <= last || seen[number] {
					t.Errorf("%d: image %d of class %d has label %d, after %d", n, number, class, label, last)
				}
				seen[number], last = true, int(number)
				if s == &d.Validation {
					count[label]++
				}
			}
			if s.Width != 2 || s.Height != 1 || s.Classes != 8 || len(s.Images) != 2*s.Len() {
				t.Errorf("%d: got %+v", n, s)
			}
		}
		if len(seen) != 100 || d.Validation.Len() != n || count != want {
			t.Errorf("%d: %d samples in all, %d held out: %v, want %v", n, len(seen), d.Validation.Len(), count, want)
		}
		// Where a label was in the file is known as before.
		if err, want := d.Validation.CheckLabels(0), fmt.Sprintf("labels: label out of range at byte %d: ", 8+int(d.Validation.Images[0])); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%d: error %v, want %s", n, err, want)
		}
	}
}

// TestSplitIsSeeded checks that the split depends on the seed alone.
func TestSplitIsSeeded(t *testing.T) {
	of := func(seed uint64) []byte {
		d := uneven()
		if err := d.Split(20, seed); err != nil {
			t.Fatal(err)
		}
		return d.Validation.Images
	}
	if !bytes.Equal(of(1), of(1)) {
		t.Error("the same seed gives another draw")
	}
	if bytes.Equal(of(1), of(2)) {
		t.Error("another seed gives the same draw")
	}
	// Each sample has the same chance.
	var count [100]int
	for seed := range uint64(2000) {
		for i, v := range of(seed) {
			if i%2 == 0 {
				count[v]++
			}
		}
	}
	for i, n := range count { // 400 expected, deviation 18
		if n < 300 || n > 500 {
			t.Errorf("sample %d was drawn %d times of 2000", i, n)
		}
	}
}

// TestSplitKeepsClasses checks that a class keeps one sample even if its rounded share is all
// of them; other classes give one more instead.
func TestSplitKeepsClasses(t *testing.T) {
	for _, c := range []struct {
		n           int
		sizes, want []int
	}{
		{2, []int{5, 1, 1, 1, 1, 1}, []int{2, 0, 0, 0, 0, 0}}, // shares of 1 and 0.2
		{9, []int{9, 2, 1}, []int{8, 1, 0}},
		{9, []int{1, 2, 9}, []int{0, 1, 8}},
		{4, []int{6, 0, 6, 1}, []int{2, 0, 2, 0}},
		{1, []int{1, 1, 1, 1, 1}, []int{1, 0, 0, 0, 0}}, // nothing can be done
		{4, []int{1, 1, 1, 2}, []int{1, 1, 1, 1}},
		{3, []int{2, 2, 2}, []int{1, 1, 1}},
		{1 << 16, []int{1 << 16, 1 << 16}, []int{1 << 15, 1 << 15}}, // the product of both is 2³²
	} {
		d := &Data{Name: "d", Train: Set{Width: 1, Height: 1, Classes: len(c.sizes)}}
		for class, size := range c.sizes {
			for range size {
				d.Train.Labels = append(d.Train.Labels, byte(class))
				d.Train.Images = append(d.Train.Images, byte(class))
			}
		}
		if err := d.Split(c.n, 7); err != nil {
			t.Fatal(err)
		}
		got := make([]int, len(c.sizes))
		for _, label := range d.Validation.Labels {
			got[label]++
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d of %v: %v, want %v", c.n, c.sizes, got, c.want)
		}
	}
}

func TestSplitOfNumbers(t *testing.T) {
	d := &Data{Train: Set{Width: 1, Height: 1, Outputs: 2}}
	for i := range 50 {
		d.Train.Values = append(d.Train.Values, float32(i))
		d.Train.Targets = append(d.Train.Targets, float32(i), float32(-i))
	}
	if err := d.Split(20, 1); err != nil {
		t.Fatal(err)
	}
	for n, s := range map[int]*Set{20: &d.Validation, 30: &d.Train} {
		if s.Len() != n || len(s.Values) != n || s.Labels != nil || s.Images != nil {
			t.Fatalf("got %+v", s)
		}
		for i, v := range s.Values {
			if s.Targets[2*i] != v || s.Targets[2*i+1] != -v {
				t.Errorf("%v has targets %v", v, s.Targets[2*i:2*i+2])
			}
		}
	}
}

func TestSplitFaults(t *testing.T) {
	for _, n := range []int{-1, 100, math.MaxInt, math.MinInt} {
		d := uneven()
		want := fmt.Sprintf("uneven: %d samples for validation: expected 0 to 99, since 100 are there and one must be left for training", n)
		if err := d.Split(n, 1); err == nil || err.Error() != want || d.Train.Len() != 100 {
			t.Errorf("%d: error %v", n, err)
		}
	}
	d := uneven()
	if err := d.Split(0, 1); err != nil || d.Train.Len() != 100 || d.Validation.Len() != 0 {
		t.Errorf("0: %+v, error %v", d, err)
	}
	if err := d.Split(10, 1); err != nil {
		t.Fatal(err)
	}
	if err := d.Split(9, 1); err == nil || err.Error() != "uneven: 10 samples are held out for validation already" {
		t.Errorf("twice: error %v", err)
	}
}

// TestSplitLeavesBuiltIn checks that Split does not change shared arrays, such as the built-in
// data.
func TestSplitLeavesBuiltIn(t *testing.T) {
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	shared := *d
	last := bytes.Clone(d.Train.Image(59_999))
	if err := d.Split(5000, 1); err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 55_000 || d.Validation.Len() != 5000 || shared.Train.Len() != 60_000 || !bytes.Equal(shared.Train.Image(59_999), last) {
		t.Errorf("%d and %d samples, %d before", d.Train.Len(), d.Validation.Len(), shared.Train.Len())
	}
	var count [10]int
	for _, label := range d.Validation.Labels {
		count[label]++
	}
	// 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851 and 5949 of 60,000, a twelfth of each.
	if want := [10]int{494, 562, 496, 511, 487, 452, 493, 522, 487, 496}; count != want {
		t.Errorf("classes %v, want %v", count, want)
	}
	if &shared.Train.Images[0] == &d.Train.Images[0] {
		t.Error("the rest is in the old array")
	}
}
