package simd

import "shadegrad/compute/philox"

// What is drawn is a number of 16 bits for each element, u(e) = s.Half(e), of which a block
// of the generator makes eight. The kernels draw whole groups of blocks; at the ends of an
// array, where a group is not wanted as a whole, they draw one into memory of their own.

// drawn is how many numbers of a block there are.
const drawn = 8

// Uniform draws numbers that are uniform in (−1, 1), with first the number of dst's first
// element:
//
//	dst[i] = (2·u(first+i) + 1)/2¹⁶ − 1
//
// Every level gives the same bits.
func Uniform(dst []float32, s philox.Stream, first uint64) {
	if len(dst) > 0 {
		uniform(dst, s, first)
	}
}

func uniformGo(dst []float32, s philox.Stream, first uint64) {
	var halves [256]uint16
	for len(dst) > 0 {
		n := min(len(dst), len(halves))
		s.Halves(halves[:n], first)
		for i, u := range halves[:n] {
			dst[i] = float32(2*int32(u)+1-1<<16) * 0x1p-16
		}
		dst, first = dst[n:], first+uint64(n)
	}
}

// Dropout leaves out elements at random, with first the number of dst's first element:
//
//	dst[i] = src[i]·factor where u(first+i) ≥ threshold, else 0
//
// dst may be src. Every level gives the same bits.
func Dropout(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	sameLength("Dropout", len(dst), len(src))
	if len(dst) > 0 {
		dropout(dst, src, s, first, threshold, factor)
	}
}

func dropoutGo(dst, src []float32, s philox.Stream, first uint64, threshold uint32, factor float32) {
	var halves [256]uint16
	for len(dst) > 0 {
		n := min(len(dst), len(halves))
		s.Halves(halves[:n], first)
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

// DropBytes is Dropout for bytes, which it leaves out as Dropout would the elements that they
// stand for, and does not multiply:
//
//	x[i] = x[i] where u(first+i) ≥ threshold, else 0
func DropBytes(x []byte, s philox.Stream, first uint64, threshold uint32) {
	if len(x) > 0 {
		dropBytes(x, s, first, threshold)
	}
}

func dropBytesGo(x []byte, s philox.Stream, first uint64, threshold uint32) {
	var halves [256]uint16
	for len(x) > 0 {
		n := min(len(x), len(halves))
		s.Halves(halves[:n], first)
		for i, u := range halves[:n] {
			if uint32(u) < threshold {
				x[i] = 0
			}
		}
		x, first = x[n:], first+uint64(n)
	}
}
