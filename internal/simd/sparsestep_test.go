package simd

import "testing"

// TestSparseAdam holds the step to the bits of SparseMul and Step.Adam, which tests of
// their own hold to the equations.
func TestSparseAdam(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 17)
		sparseCases(t, a, func(c sparseCase) {
			for which := range testSteps {
				p, used := &testSteps[which], a.used
				ld, w, w0 := c.results(a)
				v, squares := normals(a, len(w)), normals(a, len(w))
				positive(squares)
				v0, squares0 := append([]float32{}, v...), append([]float32{}, squares...)
				p.SparseAdam(w, v, squares, c.n, ld, c.Sparse, c.m, c.ldm)
				for _, x := range [][2][]float32{{w, w0}, {v, v0}, {squares, squares0}} {
					c.each(t, ld, x[0], x[1], func(int, int, int) {})
				}
				g := make([]float32, c.n)
				for i := range c.Rows {
					SparseMul(g, c.n, c.n, c.Part(i, 1, 0, c.Words), c.m, c.ldm)
					at, end := i*ld, i*ld+c.n
					p.Adam(w0[at:end], v0[at:end], squares0[at:end], g)
					for j := at; j < end; j++ {
						if !same(w[j], w0[j]) || !same(v[j], v0[j]) || !same(squares[j], squares0[j]) {
							t.Fatalf("%v, step %d: row %d, column %d: %g, %g, %g; from the sums %g, %g, %g", c, which, i, j-at,
								w[j], v[j], squares[j], w0[j], v0[j], squares0[j])
						}
					}
				}
				a.check(t, "%v", c)
				a.used = used
			}
		})
	})
}

// TestSparseAdamOutside sets a bit for which the matrix has no row, and gives matrices that do
// not fit: panics, and nothing stored.
func TestSparseAdamOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 18)
		c := newSparseCase(a, 5, 2, 64)
		c.m = c.m[:9*c.ldm+5]
		clear(c.Bits)
		c.Bits[c.Stride/WordBits] = 1 << 10
		x := make([]float32, 10)
		p := &testSteps[0]
		wantPanic(t, "bit 10 of row 1", func() { p.SparseAdam(x, x, x, 5, 5, c.Sparse, c.m, c.ldm) })
		wantPanic(t, "Step.SparseAdam", func() { p.SparseAdam(x, x[:9], x, 5, 5, c.Sparse, c.m, c.ldm) })
		wantPanic(t, "Step.SparseAdam", func() { p.SparseAdam(x, x, x[:9], 5, 5, c.Sparse, c.m, c.ldm) })
		for i, v := range x {
			if v != 0 {
				t.Errorf("element %d was changed", i)
			}
		}
	})
}
