package simd

import "fmt"

// Compact lists the bytes of src that are not zero: in idx their positions, in
// order, and in val their values,
//
//	val[t] = float32(src[idx[t]])·scale
//
// rounded once. It returns how many there are. idx and val have at least len(src)
// elements; the first len(src) of them that are not part of the list may hold
// anything afterwards.
func Compact(idx []int32, val []float32, src []byte, scale float32) int {
	if len(idx) < len(src) || len(val) < len(src) {
		panic(fmt.Sprintf("simd: Compact: room for %d positions and %d values of %d bytes", len(idx), len(val), len(src)))
	}
	if len(src) == 0 {
		return 0
	}
	return compact(idx[:len(src)], val[:len(src)], src, scale)
}

func compactGo(idx []int32, val []float32, src []byte, scale float32) int {
	n := 0
	for i, b := range src {
		if b != 0 {
			idx[n] = int32(i)
			val[n] = float32(b) * scale
			n++
		}
	}
	return n
}

// CompactRows is Compact for each row of src, which is rows×cols, with
// rows = len(start) − 1. The list of row i is
//
//	idx[start[i]:start[i+1]], val[start[i]:start[i+1]]
//
// with positions that count from the row's beginning. idx and val have at least
// len(src) elements; what follows the lists, up to len(src), may hold anything
// afterwards.
//
// With the bytes of a batch it lists each sample's pixels. With those bytes
// transposed, it lists for each pixel the samples where that is not zero.
func CompactRows(start, idx []int32, val []float32, src []byte, cols int, scale float32) {
	if len(start) == 0 || cols < 0 || (len(start)-1)*cols != len(src) {
		panic(fmt.Sprintf("simd: CompactRows: %d bytes are no %d rows of %d", len(src), len(start)-1, cols))
	}
	if len(idx) < len(src) || len(val) < len(src) {
		panic(fmt.Sprintf("simd: CompactRows: room for %d positions and %d values of %d bytes", len(idx), len(val), len(src)))
	}
	start[0] = 0
	if len(src) == 0 {
		clear(start)
		return
	}
	compactRows(start, idx[:len(src)], val[:len(src)], src, cols, scale)
}

func compactRowsGo(start, idx []int32, val []float32, src []byte, cols int, scale float32) {
	n := 0
	for i := range start[1:] {
		n += compactGo(idx[n:], val[n:], src[i*cols:(i+1)*cols], scale)
		start[i+1] = int32(n)
	}
}

// GatherTranspose takes the columns from lo up to hi of the rows of src numbered in
// index, and transposes them. src has cols columns, row-major; dst is
// (hi − lo)×len(index), row-major:
//
//	dst[j,i] = src[index[i], lo+j], j < hi − lo
//
// A row outside src panics.
func GatherTranspose(dst, src []byte, cols, lo, hi int, index []uint32) {
	if lo < 0 || hi < lo || cols < hi {
		panic(fmt.Sprintf("simd: GatherTranspose: columns %d to %d of %d", lo, hi, cols))
	}
	if len(dst) != (hi-lo)*len(index) {
		panic(fmt.Sprintf("simd: GatherTranspose: %d bytes are no %d×%d", len(dst), hi-lo, len(index)))
	}
	for i, r := range index {
		if (int(r)+1)*cols > len(src) {
			panic(fmt.Sprintf("simd: GatherTranspose: index[%d] = %d: %d bytes have no such row of %d", i, r, len(src), cols))
		}
	}
	if len(dst) > 0 {
		gatherTranspose(dst, src, cols, lo, hi, index)
	}
}

func gatherTransposeGo(dst, src []byte, cols, lo, hi int, index []uint32) {
	m := len(index)
	for i, r := range index {
		for j, b := range src[int(r)*cols+lo : int(r)*cols+hi] {
			dst[j*m+i] = b
		}
	}
}
