package simd

import (
	"fmt"
	"math"
	"testing"
)

// A sparseCase is a random list of rows of a random matrix.
type sparseCase struct {
	n, ld, rows int
	matrix      []float32
	idx         []int32
	val         []float32
}

// newSparseCase makes a list of count entries, and a matrix that ends with the last
// row's last column that is used.
func newSparseCase(a *arena, n, ld, rows, count int) sparseCase {
	c := sparseCase{n: n, ld: ld, rows: rows, matrix: normals(a, (rows-1)*ld+n), idx: alloc[int32](a, count), val: normals(a, count)}
	for t := range c.idx {
		c.idx[t] = int32(a.rng.IntN(rows))
	}
	return c
}

func (c sparseCase) String() string {
	return fmt.Sprintf("%d columns, leading dimension %d, %d rows, %d entries", c.n, c.ld, c.rows, len(c.idx))
}

// sum returns the gradient's element j in float64, and its terms' magnitudes.
func (c sparseCase) sum(j int) (sum, size float64) {
	for t, i := range c.idx {
		p := float64(c.val[t]) * float64(c.matrix[int(i)*c.ld+j])
		sum += p
		size += math.Abs(p)
	}
	return sum, size
}

// sparseCases visits all widths of block and lengths of list.
func sparseCases(a *arena, visit func(c sparseCase)) {
	for _, n := range lengths()[1:] {
		for _, count := range []int{0, 1, 2, 3, 12, 40} {
			visit(newSparseCase(a, n, n+a.rng.IntN(2)*a.rng.IntN(20), 1+a.rng.IntN(20), count))
		}
	}
	visit(newSparseCase(a, 128, 128, 300, 784))
	visit(newSparseCase(a, 10, 10, 784, 150))
}

// allowed is the error of a sum of a list in which each term is rounded twice.
func (c sparseCase) allowed(size float64) float64 {
	return float64(len(c.idx)+4) * unit * size
}

func TestSumRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 10)
		sparseCases(a, func(c sparseCase) {
			dst, more := alloc[float32](a, c.n), normals(a, c.n)
			for j := range dst {
				dst[j] = float32(math.NaN())
			}
			before := append([]float32{}, more...)
			SumRows(dst, c.matrix, c.ld, c.idx, c.val)
			SumRowsAdd(more, c.matrix, c.ld, c.idx, c.val)
			for j := range dst {
				sum, size := c.sum(j)
				if !near(dst[j], sum, c.allowed(size)) {
					t.Fatalf("SumRows: %v: element %d is %g, want %g", c, j, dst[j], sum)
				}
				b := float64(before[j])
				if !near(more[j], b+sum, c.allowed(size+math.Abs(b))) {
					t.Fatalf("SumRowsAdd: %v: element %d is %g, want %g", c, j, more[j], b+sum)
				}
			}
			a.check(t, "%v", c)
		})
	})
}

// TestSumRowsDivided checks that neither the columns' nor the list's division among
// calls changes a bit.
func TestSumRowsDivided(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 11)
		for range 200 {
			c := newSparseCase(a, 1+a.rng.IntN(400), 400, 30, a.rng.IntN(50))
			whole, pieces := alloc[float32](a, c.n), alloc[float32](a, c.n)
			clear(whole)
			clear(pieces)
			SumRowsAdd(whole, c.matrix, c.ld, c.idx, c.val)
			cut, at := a.rng.IntN(c.n+1), a.rng.IntN(len(c.idx)+1)
			SumRows(pieces[:cut], c.matrix, c.ld, c.idx[:at], c.val[:at])
			SumRows(pieces[cut:], c.matrix[cut:], c.ld, c.idx[:at], c.val[:at])
			SumRowsAdd(pieces, c.matrix, c.ld, c.idx[at:], c.val[at:])
			for j := range whole {
				if !same(whole[j], pieces[j]) {
					t.Fatalf("%v, cut at column %d and entry %d: element %d is %g in pieces, %g in one", c, cut, at, j, pieces[j], whole[j])
				}
			}
			a.check(t, "%v", c)
		}
	})
}

func TestSumRowsUpdates(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 12)
		sparseCases(a, func(c sparseCase) {
			rate, mu := float64(float32(testRate)), float64(float32(testMu))
			w0, v0 := normals(a, c.n), normals(a, c.n)
			plain, w, v := copyOf(a, w0), copyOf(a, w0), copyOf(a, v0)
			SumRowsSGD(plain, c.matrix, c.ld, c.idx, c.val, testRate)
			SumRowsMomentum(w, v, c.matrix, c.ld, c.idx, c.val, testRate, testMu)
			for j := range w {
				sum, size := c.sum(j)
				b, s := float64(w0[j]), math.Abs(float64(w0[j]))
				if want := b - rate*sum; !near(plain[j], want, c.allowed(s+rate*size)) || len(c.idx) == 0 && !same(plain[j], w0[j]) {
					t.Fatalf("SumRowsSGD: %v: w[%d] is %g, want %g", c, j, plain[j], want)
				}
				velocity, size := mu*float64(v0[j])+sum, mu*math.Abs(float64(v0[j]))+size
				if !near(v[j], velocity, c.allowed(size)) {
					t.Fatalf("SumRowsMomentum: %v: v[%d] is %g, want %g", c, j, v[j], velocity)
				}
				if want := b - rate*velocity; !near(w[j], want, c.allowed(s+rate*size)) {
					t.Fatalf("SumRowsMomentum: %v: w[%d] is %g, want %g", c, j, w[j], want)
				}
			}
			a.check(t, "%v", c)
		})
	})
}

// TestSumRowsFused checks that the fused updates are those of the separate functions.
func TestSumRowsFused(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 13)
		sparseCases(a, func(c sparseCase) {
			g, w, v := alloc[float32](a, c.n), normals(a, c.n), normals(a, c.n)
			fusedW, fusedV, plain := copyOf(a, w), copyOf(a, v), copyOf(a, w)
			SumRows(g, c.matrix, c.ld, c.idx, c.val)
			SumRowsSGD(plain, c.matrix, c.ld, c.idx, c.val, testRate)
			if len(c.idx) > 0 {
				want := copyOf(a, w)
				SGD(want, g, testRate)
				for j := range want {
					if !same(plain[j], want[j]) {
						t.Fatalf("SumRowsSGD: %v: w[%d] is %g, SGD gives %g", c, j, plain[j], want[j])
					}
				}
			}
			Momentum(w, v, g, testRate, testMu)
			SumRowsMomentum(fusedW, fusedV, c.matrix, c.ld, c.idx, c.val, testRate, testMu)
			for j := range w {
				if !same(fusedW[j], w[j]) || !same(fusedV[j], v[j]) {
					t.Fatalf("SumRowsMomentum: %v: w[%d], v[%d] are %g, %g, Momentum gives %g, %g", c, j, j, fusedW[j], fusedV[j], w[j], v[j])
				}
			}
			a.check(t, "%v", c)
		})
	})
}

func TestAddScaledRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 14)
		sparseCases(a, func(c sparseCase) {
			x := normals(a, c.n)
			want := make([]float64, len(c.matrix))
			size := make([]float64, len(c.matrix))
			for k, w := range c.matrix {
				want[k], size[k] = float64(w), math.Abs(float64(w))
			}
			alpha := float32(-0.3)
			for t, i := range c.idx {
				for j, v := range x {
					p := float64(alpha) * float64(c.val[t]) * float64(v)
					want[int(i)*c.ld+j] += p
					size[int(i)*c.ld+j] += math.Abs(p)
				}
			}
			AddScaledRows(c.matrix, c.ld, c.idx, c.val, x, alpha)
			for k, w := range want {
				if !near(c.matrix[k], w, c.allowed(size[k])) {
					t.Fatalf("%v: element %d of the matrix is %g, want %g", c, k, c.matrix[k], w)
				}
			}
			a.check(t, "%v", c)
		})
	})
}

// TestRowsOutside gives lists with an entry outside the matrix: a panic that names
// it, and nothing stored.
func TestRowsOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for _, bad := range []int32{5, 1 << 30, math.MaxInt32, -1, math.MinInt32} {
			for _, n := range []int{1, 16, 130, 300} {
				a := newArena(t, 15)
				c := newSparseCase(a, n, n+1, 5, 9)
				c.idx[7] = bad
				w, v := normals(a, n), normals(a, n)
				w0, v0 := copyOf(a, w), copyOf(a, v)
				want := fmt.Sprintf("idx[7] = %d", bad)
				wantPanic(t, want, func() { SumRows(w, c.matrix, c.ld, c.idx, c.val) })
				wantPanic(t, want, func() { SumRowsAdd(w, c.matrix, c.ld, c.idx, c.val) })
				wantPanic(t, want, func() { SumRowsSGD(w, c.matrix, c.ld, c.idx, c.val, 1) })
				wantPanic(t, want, func() { SumRowsMomentum(w, v, c.matrix, c.ld, c.idx, c.val, 1, 1) })
				wantPanic(t, want, func() { AddScaledRows(c.matrix, c.ld, c.idx, c.val, w, 1) })
				for j := range w {
					if !same(w[j], w0[j]) || !same(v[j], v0[j]) {
						t.Fatalf("%v: element %d was changed", c, j)
					}
				}
				a.check(t, "%v", c)
			}
		}
	})
}

// FuzzSumRows holds the levels to the one in Go, on lists made of any bytes.
func FuzzSumRows(f *testing.F) {
	f.Add(uint64(1), 128, []byte{1, 2, 3, 200, 2})
	f.Add(uint64(2), 10, []byte{})
	f.Add(uint64(3), 801, []byte("a list of a good many entries, some of them twice"))
	f.Fuzz(func(t *testing.T, seed uint64, n int, list []byte) {
		n = 1 + int(uint(n)%3000)
		const rows = 16
		a := newArena(t, seed)
		c := newSparseCase(a, n, n+a.rng.IntN(9), rows, min(len(list), 1000))
		for k := range c.idx {
			c.idx[k] = int32(list[k] % rows)
		}
		w0, v0 := normals(a, n), normals(a, n)
		defer Set(Current())
		for _, l := range Levels() {
			Set(l)
			w, v := copyOf(a, w0), copyOf(a, v0)
			SumRowsMomentum(w, v, c.matrix, c.ld, c.idx, c.val, testRate, testMu)
			for j := range w {
				sum, size := c.sum(j)
				rate, mu := float64(float32(testRate)), float64(float32(testMu))
				velocity := mu*float64(v0[j]) + sum
				size += mu * math.Abs(float64(v0[j]))
				if !near(v[j], velocity, c.allowed(size)) {
					t.Fatalf("%v at %v: v[%d] is %g, want %g", c, l, j, v[j], velocity)
				}
				if want := float64(w0[j]) - rate*velocity; !near(w[j], want, c.allowed(math.Abs(float64(w0[j]))+rate*size)) {
					t.Fatalf("%v at %v: w[%d] is %g, want %g", c, l, j, w[j], want)
				}
			}
		}
		a.check(t, "%v", c)
	})
}
