package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"shadegrad/compute/philox"
)

// splitStream is the first random stream of Split, one per class. Weights, shuffles and steps use lower ones.
const splitStream = 1<<61 + 2<<32

// Split moves n training samples to Validation, drawn by the seed and stratified by class with the largest remainder
// method. It does not take the last sample of a class while other classes have more. Regression samples have no
// classes. Both parts keep the order of the samples. Split replaces the arrays of the training set and does not change
// the old ones, which may be shared. If the data set has a validation part, Split keeps it, and n must be 0 or its size.
func (d *Data) Split(n int, seed uint64) error {
	all := d.Train.Len()
	switch {
	case d.Validation.Len() > 0 && (n == 0 || n == d.Validation.Len()): // the files have a validation part
		return nil
	case d.Validation.Len() > 0:
		return fmt.Errorf("%s: %d %w", d.Name, d.Validation.Len(), ErrHeldOut)
	case n < 0 || n >= all:
		return fmt.Errorf("%s: %d samples for validation: expected 0 to %d, since %d are there and one must be left for training",
			d.Name, n, all-1, all)
	case n == 0:
		return nil
	}
	chosen, err := d.pick(n, seed, splitStream)
	if err != nil {
		return err
	}
	d.Validation = d.Train.selected(chosen)
	d.Train = d.Train.selected(others(chosen, all))
	return nil
}

// pick chooses n training samples to hold out. Those of a mapped file are the last ones, so that none is copied, unless
// the classes have other shares there.
func (d *Data) pick(n int, seed, stream uint64) ([]uint32, error) {
	if !d.Train.mapped {
		return pick(&d.Train, n, seed, stream), nil
	}
	if last := d.Train.last(n); last != nil {
		d.addNote(fmt.Sprintf("the last %d images are held out, since the file is large", n))
		return last, nil
	}
	return pick(&d.Train, n, seed, stream), d.Train.writable()
}

// last returns the indices of the last n samples, or nil if the number of a class differs from n times its share by more
// than a random choice explains: five standard deviations, of the Poisson distribution.
func (s *Set) last(n int) []uint32 {
	var all, held [maxClasses]int
	first := s.Len() - n
	for i, label := range s.Labels {
		all[label]++
		if i >= first {
			held[label]++
		}
	}
	for label := range all {
		expected := float64(n) * float64(all[label]) / float64(s.Len())
		if math.Abs(float64(held[label])-expected) > 1+5*math.Sqrt(expected) {
			return nil
		}
	}
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(first + i)
	}
	return rows
}

// pick draws n samples of a set, stratified by class, and returns their indices, ascending.
func pick(s *Set, n int, seed, stream uint64) []uint32 {
	classes := make([][]uint32, 1)
	if s.Outputs == 0 {
		classes = make([][]uint32, 256)
	}
	for i := range s.Len() {
		class := 0
		if s.Outputs == 0 {
			class = int(s.Labels[i])
		}
		classes[class] = append(classes[class], uint32(i))
	}
	chosen := make([]uint32, 0, n)
	for c, k := range shares(classes, n) {
		order := make([]uint32, len(classes[c]))
		philox.Stream{Seed: seed, ID: stream + uint64(c)}.Shuffle(order)
		for _, i := range order[:k] {
			chosen = append(chosen, classes[c][i])
		}
	}
	slices.Sort(chosen)
	return chosen
}

// shares divides n among classes in proportion to their sizes. After rounding down, the rest goes to the largest
// remainders, among equal ones to the first. No class gives its last sample while another could give one more and keep
// one.
func shares(classes [][]uint32, n int) []int {
	all := int64(0)
	for _, c := range classes {
		all += int64(len(c))
	}
	// exact(c)/all is the exact share of class c.
	exact := func(c int) int64 { return int64(n) * int64(len(classes[c])) }
	share := make([]int, len(classes))
	order := make([]int, len(classes))
	left := n
	for c := range classes {
		order[c] = c
		share[c] = int(exact(c) / all)
		left -= share[c]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(exact(b)%all, exact(a)%all) })
	for _, c := range order[:left] {
		share[c]++
	}
	for c, list := range classes {
		if len(list) == 0 || share[c] < len(list) {
			continue
		}
		// The class furthest below its share, among the classes that keep a sample.
		giver := -1
		for g, other := range classes {
			if len(other)-share[g] > 1 && (giver < 0 || exact(g)-int64(share[g])*all > exact(giver)-int64(share[giver])*all) {
				giver = g
			}
		}
		if giver < 0 {
			break
		}
		share[c]--
		share[giver]++
	}
	return share
}

// others returns the numbers below n that are not in an ascending list.
func others(list []uint32, n int) []uint32 {
	rest := make([]uint32, 0, n-len(list))
	for i := range uint32(n) {
		if len(list) > 0 && list[0] == i {
			list = list[1:]
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

// selected returns some samples of a set in new arrays, except contiguous images of a mapped file.
func (s *Set) selected(rows []uint32) Set {
	n := *s
	if k := len(rows); s.mapped && k > 0 && int(rows[k-1]-rows[0]) == k-1 {
		n.Images = s.Images[int(rows[0])*s.Features():][:k*s.Features()]
	} else {
		n.Images, n.mapped = gather(allocate(len(s.Images)/max(s.Len(), 1)*len(rows)), s.Images, rows), false
	}
	n.Values = gather(allocateNumbers(len(s.Values)/max(s.Len(), 1)*len(rows)), s.Values, rows)
	n.Labels = gather(make([]byte, len(s.Labels)/max(s.Len(), 1)*len(rows)), s.Labels, rows)
	n.Targets = gather(make([]float32, s.Outputs*len(rows)), s.Targets, rows)
	n.moved(rows)
	return n
}

// moved makes a set remember the original positions of its samples.
func (s *Set) moved(rows []uint32) {
	if origin := s.origin; origin != nil {
		s.origin = func(i int) string { return origin(int(rows[i])) }
	}
	if place := s.place; place != nil {
		s.place = func(i, feature int) string { return place(int(rows[i]), feature) }
	}
}

// takeOut moves some samples of a set to new arrays and keeps the others in the set's arrays.
func (s *Set) takeOut(rows []uint32) Set {
	out := s.selected(rows)
	rest := others(rows, s.Len())
	keep := func(n int) int { return n / s.Len() * len(rest) }
	images, values, labels, targets := keep(len(s.Images)), keep(len(s.Values)), keep(len(s.Labels)), keep(len(s.Targets))
	if s.mapped {
		*s = s.selected(rest)
		return out
	}
	// A row moves to its own place or an earlier one, so no row is overwritten before it moves.
	s.Images = gather(s.Images[:images], s.Images, rest)
	s.Values = gather(s.Values[:values], s.Values, rest)
	s.Labels = gather(s.Labels[:labels], s.Labels, rest)
	s.Targets = gather(s.Targets[:targets], s.Targets, rest)
	s.moved(rest)
	return out
}

// gather copies rows of src to dst, which has the right size. It returns dst, or nil if src is empty.
func gather[T any](dst, src []T, rows []uint32) []T {
	if len(src) == 0 {
		return nil
	}
	n := len(dst) / len(rows)
	for i, row := range rows {
		copy(dst[i*n:(i+1)*n], src[int(row)*n:])
	}
	return dst
}
