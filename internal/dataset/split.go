package dataset

import (
	"cmp"
	"fmt"
	"slices"

	"shadegrad/compute/philox"
)

// splitStream numbers the random streams of Split, one a class, beyond those of weights, shuffles and steps.
const splitStream = 1<<61 + 2<<32

// Split moves n samples of the training set to Validation, drawn by the seed: of each class as many as its share asks for,
// by the method of the largest remainder, but not a class's last one while others have more, and of targets any. Both
// parts keep the order that the samples had. The arrays of the training set are not changed but replaced: they may belong
// to others too.
func (d *Data) Split(n int, seed uint64) error {
	all := d.Train.Len()
	switch {
	case d.Validation.Len() > 0:
		return fmt.Errorf("%s: %d samples have been put aside for validation already", d.Name, d.Validation.Len())
	case n < 0 || n >= all:
		return fmt.Errorf("%s: %d samples for validation: expected 0 to %d, since %d are there and one must be left for training",
			d.Name, n, all-1, all)
	case n == 0:
		return nil
	}
	chosen := pick(&d.Train, n, seed, splitStream)
	d.Validation = d.Train.selected(chosen)
	d.Train = d.Train.selected(others(chosen, all))
	return nil
}

// pick draws n samples of a set, each class's share of them, and returns their numbers in ascending order.
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

// shares divides n among classes by their sizes: what is left after rounding down goes to those with the largest
// remainders, of equal ones to the first. No class gives all it has while another could give one more and keep one.
func shares(classes [][]uint32, n int) []int {
	all := int64(0)
	for _, c := range classes {
		all += int64(len(c))
	}
	// What a class would give exactly is exact(c)/all.
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
		// The class that is furthest below what it would give, of those that keep one.
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

// selected returns some samples of a set, in arrays of their own.
func (s *Set) selected(rows []uint32) Set {
	n := *s
	n.Images = gather(allocate(len(s.Images)/max(s.Len(), 1)*len(rows)), s.Images, rows)
	n.Values = gather(allocateNumbers(len(s.Values)/max(s.Len(), 1)*len(rows)), s.Values, rows)
	n.Labels = gather(make([]byte, len(s.Labels)/max(s.Len(), 1)*len(rows)), s.Labels, rows)
	n.Targets = gather(make([]float32, s.Outputs*len(rows)), s.Targets, rows)
	n.moved(rows)
	return n
}

// moved has a set remember where its samples come from, of which each is where the one in its row was before.
func (s *Set) moved(rows []uint32) {
	if origin := s.origin; origin != nil {
		s.origin = func(i int) string { return origin(int(rows[i])) }
	}
	if place := s.place; place != nil {
		s.place = func(i, feature int) string { return place(int(rows[i]), feature) }
	}
}

// takeOut returns some samples of a set in arrays of their own, and leaves the set the others, in its own arrays.
func (s *Set) takeOut(rows []uint32) Set {
	out := s.selected(rows)
	rest := others(rows, s.Len())
	keep := func(n int) int { return n / s.Len() * len(rest) }
	images, values, labels, targets := keep(len(s.Images)), keep(len(s.Values)), keep(len(s.Labels)), keep(len(s.Targets))
	// A row goes to where it was or before, so that none is overwritten before it has moved.
	s.Images = gather(s.Images[:images], s.Images, rest)
	s.Values = gather(s.Values[:values], s.Values, rest)
	s.Labels = gather(s.Labels[:labels], s.Labels, rest)
	s.Targets = gather(s.Targets[:targets], s.Targets, rest)
	s.moved(rest)
	return out
}

// gather copies rows of src to dst, which has as many, and returns dst, or nil if src has nothing.
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
