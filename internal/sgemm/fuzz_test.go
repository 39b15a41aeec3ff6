package sgemm

import (
	"testing"

	"gonum.org/v1/gonum/blas/gonum"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// FuzzSgemm compares products of random shapes, strides, transposes and scalars with float64
// arithmetic, on every kernel and for gonum's Sgemm.
func FuzzSgemm(f *testing.F) {
	f.Add(uint64(1), uint16(1), uint16(1), uint16(1), uint8(0), uint8(0), float32(1), float32(0))
	f.Add(uint64(2), uint16(12), uint16(32), uint16(288), uint8(1), uint8(0), float32(1), float32(0))
	f.Add(uint64(3), uint16(13), uint16(33), uint16(289), uint8(2), uint8(5), float32(-1), float32(1))
	f.Add(uint64(4), uint16(64), uint16(10), uint16(128), uint8(2), uint8(0), float32(0.5), float32(2))
	f.Add(uint64(5), uint16(1), uint16(200), uint16(300), uint8(2), uint8(3), float32(1), float32(0))
	f.Add(uint64(6), uint16(1), uint16(200), uint16(300), uint8(0), uint8(3), float32(1), float32(-1))
	f.Add(uint64(7), uint16(40), uint16(399), uint16(350), uint8(3), uint8(1), float32(1), float32(0))
	f.Add(uint64(8), uint16(30), uint16(5), uint16(17), uint8(2), uint8(255), float32(0), float32(0.25))
	pool := workers.New(2)
	f.Cleanup(pool.Close)
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k uint16, forms, padding uint8, alpha, beta float32) {
		if !ordinary(alpha) || !ordinary(beta) {
			t.Skip("float32 would overflow or lose digits to denormals, unlike float64")
		}
		p := newProblem(transposes[forms%3], transposes[forms/3%3], int(m%70), int(n%600), int(k%400), int(padding), alpha, beta, normal(seed))
		// gonum adds to β·C term by term.
		p.checkWithin(t, p.run(t, gonum.Implementation{}), float64(16+p.k))
		for _, l := range simd.Levels() {
			p.check(t, p.run(t, newImplementation(pool, kernelsFor(l))))
		}
	})
}

// ordinary reports whether a scalar is 0 or of a size at which rounding is relative.
func ordinary(x float32) bool {
	return x == 0 || 1e-6 < x && x < 1e6 || -1e6 < x && x < -1e-6
}
