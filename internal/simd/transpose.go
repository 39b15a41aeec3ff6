package simd

import "fmt"

// transposeTiles maps a level to the numbers of rows and columns that its kernel
// transposes at a time.
var transposeTiles = [...]struct{ rows, cols int }{Off: {1, 1}, AVX2: {8, 32}, AVX512: {16, 1}, NEON: {8, 16}}

// GatherTranspose transposes columns lo to hi of the rows of src whose numbers are in index.
// src is row-major with cols columns. dst is (hi − lo)×len(index), row-major with leading
// dimension ldd:
//
//	dst[j,i] = src[index[i], lo+j], j < hi − lo
//
// The elements between the rows of dst do not change. GatherTranspose panics if src does
// not have one of the rows.
func GatherTranspose(dst []byte, ldd int, src []byte, cols, lo, hi int, index []uint32) {
	if lo < 0 || hi < lo || cols < hi {
		panic(fmt.Sprintf("simd: GatherTranspose: columns %d to %d of %d", lo, hi, cols))
	}
	if ldd < len(index) || lo < hi && len(dst) < (hi-lo-1)*ldd+len(index) {
		panic(fmt.Sprintf("simd: GatherTranspose: %d bytes are not %d×%d with leading dimension %d", len(dst), hi-lo, len(index), ldd))
	}
	checkRows("GatherTranspose", src, cols, index)
	tile := transposeTiles[level]
	rows, width := len(index)/tile.rows*tile.rows, (hi-lo)/tile.cols*tile.cols
	if rows > 0 && width > 0 {
		gatherTranspose(dst, ldd, src, cols, lo, lo+width, index[:rows])
	}
	for i, r := range index {
		from := lo
		if i < rows {
			from += width
		}
		for j := from; j < hi; j++ {
			dst[(j-lo)*ldd+i] = src[int(r)*cols+j]
		}
	}
}

// checkRows panics if src, in rows of cols bytes, does not have one of the rows.
func checkRows(name string, src []byte, cols int, index []uint32) {
	for i, r := range index {
		if (int(r)+1)*cols > len(src) {
			panic(fmt.Sprintf("simd: %s: index[%d] = %d: %d bytes do not have this row of %d", name, i, r, len(src), cols))
		}
	}
}

func gatherTransposeGo(dst []byte, ldd int, src []byte, cols, lo, hi int, index []uint32) {
	for i, r := range index {
		for j, b := range src[int(r)*cols+lo : int(r)*cols+hi] {
			dst[j*ldd+i] = b
		}
	}
}

// PrefetchRows starts to load the rows of src whose numbers are in index, of cols bytes
// each, into the second-level cache, and returns without waiting. A batch of rows in
// random order is not in any cache. PrefetchRows panics if src does not have one of the rows.
func PrefetchRows(src []byte, cols int, index []uint32) {
	if cols < 0 {
		panic(fmt.Sprintf("simd: PrefetchRows: %d columns", cols))
	}
	checkRows("PrefetchRows", src, cols, index)
	if len(index) > 0 && cols > 0 {
		prefetchRows(src, cols, index)
	}
}

// prefetchRowsGo does nothing: Go cannot prefetch.
func prefetchRowsGo([]byte, int, []uint32) {}
