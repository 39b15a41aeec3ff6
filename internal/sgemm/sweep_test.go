package sgemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"

	"shadegrad/internal/sample"
	"shadegrad/internal/workers"
)

func (p *problem) String() string {
	return fmt.Sprintf("%c%c %d×%d×%d α=%v β=%v lda=%d ldb=%d ldc=%d",
		p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.beta, p.a.ld, p.b.ld, p.c.ld)
}

// run computes the product with an implementation on a copy of C, and returns the copy.
func (p *problem) run(t *testing.T, g blas.Float32Level3) *matrix {
	t.Helper()
	c := p.c.clone()
	a, b := p.a.clone(), p.b.clone()
	g.Sgemm(p.tA, p.tB, p.m, p.n, p.k, p.alpha, p.a.data(), p.a.ld, p.b.data(), p.b.ld, p.beta, c.data(), c.ld)
	if sameBits(a.x, p.a.x) >= 0 || sameBits(b.x, p.b.x) >= 0 {
		t.Fatalf("%v: changed A or B", p)
	}
	return c
}

var transposes = []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}

// TestSizes multiplies at sizes around every edge of the tiles, panels and chunks.
func TestSizes(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		g := newImplementation(pool, k)
		value := normal(1)
		turn := 0
		for _, tA := range transposes[:2] {
			for _, tB := range transposes[:2] {
				for _, m := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 24, 25, 41} {
					for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 50, 64, 81} {
						for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 18} {
							if turn++; sample.Skip(turn, 7) {
								continue
							}
							padding := (m + n + k) % 3 * 5
							p := newProblem(tA, tB, m, n, k, padding, 1, 0, value)
							p.check(t, p.run(t, g))
						}
					}
				}
			}
		}
	})
}

// TestScalars multiplies with special values of α and β.
func TestScalars(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		g := newImplementation(pool, k)
		value := normal(2)
		scalars := []float32{0, 1, -1, 0.37, float32(math.Copysign(0, -1))}
		for _, tA := range transposes {
			for _, tB := range transposes {
				for _, alpha := range scalars {
					for _, beta := range scalars {
						for _, size := range [][3]int{{1, 1, 1}, {3, 17, 5}, {13, 33, 9}, {7, 40, 300}, {30, 70, 2}, {12, 32, 0}} {
							p := newProblem(tA, tB, size[0], size[1], size[2], 3, alpha, beta, value)
							p.check(t, p.run(t, g))
						}
					}
				}
			}
		}
	})
}

// TestLarge multiplies matrices that are divided among workers and cut into chunks, bands and
// blocks.
func TestLarge(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		turn := 0
		for _, size := range []int{1, 2, 3, 5} {
			pool := workers.New(size)
			defer pool.Close()
			g := newImplementation(pool, k)
			if size > 2 {
				g.engine.cache = smallCache
			}
			value := normal(3)
			for _, tA := range transposes[:2] {
				for _, tB := range transposes[:2] {
					for _, s := range [][3]int{{64, 128, 784}, {64, 10, 300}, {1, 1030, 600}, {200, 3, 577}, {97, 1100, 30}, {20, 700, 512}} {
						if turn++; sample.Skip(turn, 5) {
							continue
						}
						p := newProblem(tA, tB, s[0], s[1], s[2], 0, 1, 1, value)
						p.check(t, p.run(t, g))
					}
				}
			}
		}
	})
}

// TestStridesThatConflict multiplies matrices whose rows are multiples of a cache's set size
// apart, for which A is packed.
func TestStridesThatConflict(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		g := newImplementation(pool, k)
		for _, n := range []int{30, 100} {
			p := newProblem(blas.NoTrans, blas.Trans, 31, n, 23, 0, 1, 0, normal(4))
			p.a = newMatrix(31, 23, 2*conflict-23).fill(normal(5))
			p.check(t, p.run(t, g))
		}
	})
}

// TestLongSums multiplies with sums as long as those over a whole data set.
func TestLongSums(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		g := newImplementation(pool, k)
		r := rand.New(rand.NewPCG(6, 7))
		long := sample.Count(60000, 6000)
		for name, value := range map[string]func() float32{
			"signed":   normal(7),
			"positive": func() float32 { return r.Float32() },
		} {
			t.Run(name, func(t *testing.T) {
				p := newProblem(blas.Trans, blas.NoTrans, 5, 80, long, 0, 1, 0, value)
				p.check(t, p.run(t, g))
				p = newProblem(blas.NoTrans, blas.Trans, 14, 20, long, 0, 1, 1, value)
				p.check(t, p.run(t, g))
				for _, tB := range transposes[:2] { // one row takes separate loops
					p = newProblem(blas.NoTrans, tB, 1, 30, long, 0, 1, 1, value)
					p.check(t, p.run(t, g))
				}
			})
		}
	})
}

// TestSpecialValues combines zeros, NaN and infinities. It omits gonum's kernel, which skips
// zeros of A.
func TestSpecialValues(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		if k == nil {
			return
		}
		pool := workers.New(1)
		defer pool.Close()
		g := newImplementation(pool, k)
		r := rand.New(rand.NewPCG(8, 9))
		value := func() float32 {
			switch r.IntN(40) {
			case 0:
				return float32(math.NaN())
			case 1:
				return float32(math.Inf(1))
			case 2:
				return float32(math.Inf(-1))
			case 3, 4, 5, 6, 7, 8, 9:
				return 0
			}
			return float32(r.NormFloat64())
		}
		for _, tA := range transposes[:2] {
			for _, tB := range transposes[:2] {
				for range 40 {
					p := newProblem(tA, tB, 1+r.IntN(30), 1+r.IntN(70), 1+r.IntN(12), r.IntN(4), 1, float32(r.IntN(2)), value)
					p.check(t, p.run(t, g))
				}
			}
		}
	})
}

// TestManyCallers multiplies from several goroutines at the same time.
func TestManyCallers(t *testing.T) {
	pool := workers.New(2)
	defer pool.Close()
	g := New(pool)
	t.Run("callers", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				p := newProblem(blas.NoTrans, blas.Trans, 40, 50, 60+i, 0, 1, 0, normal(uint64(i)))
				for range 20 {
					p.check(t, p.run(t, g))
				}
			})
		}
	})
}
