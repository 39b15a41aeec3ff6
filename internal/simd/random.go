package simd

import "shadegrad/compute/philox"

// drawn is the number of 16-bit numbers of a block of the generator. Element e gets
// u(e) = s.Half(e), one of the numbers of block e/drawn.
const drawn = 8

// groups maps a level to the number of elements that its kernels draw for at a time, a
// multiple of drawn.
var groups = [...]int{Off: drawn, AVX2: 32, AVX512: largestGroup, NEON: drawn}

const largestGroup = 64

// A drawing is a stream with the two key words of each round, which the kernels read.
type drawing struct {
	philox.Stream
	keys [20]uint32
}

func newDrawing(s philox.Stream) (d drawing) {
	d.Stream = s
	k0, k1 := uint32(s.Seed), uint32(s.Seed>>32)
	for round := 0; round < len(d.keys); round += 2 {
		d.keys[round], d.keys[round+1] = k0, k1
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return d
}

// A part is a range of the elements of an array. The kernels draw whole groups, from the
// first number of a block. A part that is not whole takes some numbers of one group.
type part struct {
	from, to int    // range of the elements
	first    uint64 // first number to draw, a multiple of drawn
	skip     int    // numbers drawn before the number of element from
	whole    bool   // whether the part is whole groups
}

// split divides n elements into the end of a group, whole groups, and the beginning of a
// group. first is the number of the first element.
func split(first uint64, n int) [3]part {
	group, skip, head := groups[level], int(first%drawn), 0
	if skip != 0 {
		head = min(n, group-skip)
	}
	tail := head + (n-head)/group*group
	return [3]part{
		{from: 0, to: head, first: first - uint64(skip), skip: skip},
		{from: head, to: tail, first: first + uint64(head), whole: true},
		{from: tail, to: n, first: first + uint64(tail)},
	}
}

// Uniform draws numbers that are uniform in (−1, 1). first is the number of the first
// element of dst:
//
//	dst[i] = (2·u(first+i) + 1)/2¹⁶ − 1
//
// The results of all levels are bit-identical.
func Uniform(dst []float32, s philox.Stream, first uint64) {
	d := newDrawing(s)
	for _, p := range split(first, len(dst)) {
		x := dst[p.from:p.to]
		switch {
		case p.whole:
			uniform(x, &d, p.first)
		case len(x) > 0:
			var group [largestGroup]float32
			uniform(group[:groups[level]], &d, p.first)
			copy(x, group[p.skip:])
		}
	}
}

func uniformGo(dst []float32, d *drawing, first uint64) {
	var halves [256]uint16
	for len(dst) > 0 {
		n := min(len(dst), len(halves))
		d.Halves(halves[:n], first)
		for i, u := range halves[:n] {
			dst[i] = float32(2*int32(u)+1-1<<16) * 0x1p-16
		}
		dst, first = dst[n:], first+uint64(n)
	}
}

// Dropout sets elements to zero at random. first is the number of the first element:
//
//	dst[i] = src[i]·factor if u(first+i) ≥ threshold, else 0
//
// dst may be src. The results of all levels are bit-identical.
func Dropout(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	sameLength("Dropout", len(dst), len(src))
	d := newDrawing(s)
	for _, p := range split(first, len(dst)) {
		x, y := dst[p.from:p.to], src[p.from:p.to]
		switch {
		case p.whole:
			dropout(x, y, &d, p.first, threshold, factor)
		case len(x) > 0:
			var buf [largestGroup]float32
			group := buf[:groups[level]]
			copy(group[p.skip:], y)
			dropout(group, group, &d, p.first, threshold, factor)
			copy(x, group[p.skip:])
		}
	}
}

func dropoutGo(dst, src []float32, d *drawing, first uint64, threshold uint32, factor float32) {
	var halves [256]uint16
	for len(dst) > 0 {
		n := min(len(dst), len(halves))
		d.Halves(halves[:n], first)
		for i, u := range halves[:n] {
			if uint32(u) >= threshold {
				dst[i] = src[i] * factor
			} else {
				dst[i] = 0
			}
		}
		dst, src, first = dst[n:], src[n:], first+uint64(n)
	}
}

// DropBytes is Dropout for bytes that stand for elements, without the factor:
//
//	x[i] = x[i] if u(first+i) ≥ threshold, else 0
func DropBytes(x []byte, s philox.Stream, first uint64, threshold uint32) {
	d := newDrawing(s)
	for _, p := range split(first, len(x)) {
		y := x[p.from:p.to]
		switch {
		case p.whole:
			dropBytes(y, &d, p.first, threshold)
		case len(y) > 0:
			var buf [largestGroup]byte
			group := buf[:groups[level]]
			copy(group[p.skip:], y)
			dropBytes(group, &d, p.first, threshold)
			copy(y, group[p.skip:])
		}
	}
}

func dropBytesGo(x []byte, d *drawing, first uint64, threshold uint32) {
	var halves [256]uint16
	for len(x) > 0 {
		n := min(len(x), len(halves))
		d.Halves(halves[:n], first)
		for i, u := range halves[:n] {
			if uint32(u) < threshold {
				x[i] = 0
			}
		}
		x, first = x[n:], first+uint64(n)
	}
}
