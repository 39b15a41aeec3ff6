package sgemm

//go:generate go run -C gen . -isa=avx512 -out=../avx512_amd64.s -stubs=../avx512_amd64.go -pkg=sgemm
//go:generate go run -C gen . -isa=avx2 -out=../avx2_amd64.s -stubs=../avx2_amd64.go -pkg=sgemm

import "shadegrad/internal/simd"

var avx512 = kernels{
	name:  "avx512",
	lanes: 16,
	tiles: []func(n, k int, a *float32, rs, ks int, b *float32, ldb, stepb int, c *float32, ldc int, alpha, beta float32, near0 *float32, ld0 int, near1 *float32, ld1 int){
		tile1AVX512, tile2AVX512, tile3AVX512, tile4AVX512, tile5AVX512, tile6AVX512,
		tile7AVX512, tile8AVX512, tile9AVX512, tile10AVX512, tile11AVX512, tile12AVX512,
	},
	packRows:         packRowsAVX512,
	packTransposed:   packTransposedAVX512,
	gatherRows:       gatherRowsAVX512,
	gatherTransposed: gatherTransposedAVX512,
	prefetch:         prefetchAVX512,
	dots:             dotsAVX512,
}

var avx2 = kernels{
	name:  "avx2",
	lanes: 8,
	tiles: []func(n, k int, a *float32, rs, ks int, b *float32, ldb, stepb int, c *float32, ldc int, alpha, beta float32, near0 *float32, ld0 int, near1 *float32, ld1 int){
		tile1AVX2, tile2AVX2, tile3AVX2, tile4AVX2, tile5AVX2, tile6AVX2,
	},
	packRows:         packRowsAVX2,
	packTransposed:   packTransposedAVX2,
	gatherRows:       gatherRowsAVX2,
	gatherTransposed: gatherTransposedAVX2,
	prefetch:         prefetchAVX2,
	dots:             dotsAVX2,
}

// kernelsFor returns the kernels for a level; nil if there are none.
func kernelsFor(l simd.Level) *kernels {
	switch l {
	case simd.AVX512:
		return &avx512
	case simd.AVX2:
		return &avx2
	}
	return nil
}
