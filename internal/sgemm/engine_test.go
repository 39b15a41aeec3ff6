package sgemm

import (
	"sync"
	"testing"

	"gonum.org/v1/gonum/blas"

	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// product is the problem as the engine takes it.
func (p *problem) product(c *matrix) *Product {
	q := &Product{
		TransA: p.tA != blas.NoTrans, TransB: p.tB != blas.NoTrans, M: p.m, N: p.n, K: p.k,
		A: p.a.data(), LDA: p.a.ld, B: p.b.data(), LDB: p.b.ld, Alpha: p.alpha, Beta: p.beta,
	}
	if c != nil {
		q.C, q.LDC = c.data(), c.ld
	}
	return q
}

// A recorder is an epilogue that copies its blocks.
type recorder struct {
	t       *testing.T
	workers int
	within  []float32 // C, if the blocks must lie in it
	ld      int

	mu     sync.Mutex
	got    *matrix
	times  []int
	blocks int
}

func newRecorder(t *testing.T, m, n, workers int) *recorder {
	return &recorder{t: t, workers: workers, got: newMatrix(m, n, 0), times: make([]int, m*n)}
}

func (r *recorder) Block(worker, i, j, rows, cols int, c []float32, ld int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.blocks++
	if worker < 0 || worker >= r.workers {
		r.t.Errorf("worker %d of %d", worker, r.workers)
	}
	if rows <= 0 || cols <= 0 || i < 0 || j < 0 || i+rows > r.got.rows || j+cols > r.got.cols {
		r.t.Errorf("rows [%d, %d), columns [%d, %d) of %d×%d", i, i+rows, j, j+cols, r.got.rows, r.got.cols)
		return
	}
	if r.within != nil && (ld != r.ld || &c[0] != &r.within[i*ld+j]) {
		r.t.Errorf("row %d, column %d: not where it is in C", i, j)
	}
	for y := range rows {
		copy(r.got.row(i + y)[j:], c[y*ld:y*ld+cols])
		for x := range cols {
			r.times[(i+y)*r.got.cols+j+x]++
		}
	}
}

func (r *recorder) check(what any) {
	r.t.Helper()
	for i, n := range r.times {
		if n != 1 {
			r.t.Fatalf("%v: element (%d, %d) was handed over %d times", what, i/r.got.cols, i%r.got.cols, n)
		}
	}
}

// TestEpilogue compares the blocks that the epilogue receives with C. Results must not depend
// on the epilogue or on the number of workers.
func TestEpilogue(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		turn := 0
		for _, tA := range transposes[:2] {
			for _, tB := range transposes[:2] {
				for _, s := range [][4]int{
					{1, 1, 1, 0}, {64, 10, 128, 0}, {64, 128, 784, 1}, {97, 1300, 30, 2}, {301, 300, 290, 0},
					{300, 5, 600, 0}, {3, 2000, 100, 3}, {40, 40, 0, 0}, {260, 784, 64, 0}, {1, 500, 320, 0},
				} {
					if turn++; sample.Skip(turn, 3) {
						continue
					}
					p := newProblem(tA, tB, s[0], s[1], s[2], s[3], 1, 0, normal(11))
					near := newMatrix(s[0], s[1], 1)
					var one *matrix
					for _, size := range []int{1, 2, 3, 5} {
						pool := workers.New(size)
						e := newEngine(pool, k)
						if size > 2 {
							e.cache = smallCache
						}
						for _, with := range []bool{true, false} {
							r := newRecorder(t, p.m, p.n, size)
							c := p.c.clone()
							q := p.product(c)
							if with {
								r.within, r.ld = q.C, q.LDC
							} else {
								q.C = nil
							}
							q.Epilogue = r
							q.Prefetch = [2]Prefetch{{near.data(), near.ld}, {near.data(), near.ld}}
							e.Run(q)
							r.check(p)
							if !sameOutside(p.c, c) {
								t.Fatalf("%v: changed memory around C", p)
							}
							if one == nil {
								one = r.got
								p.check(t, c)
							}
							if i := sameBits(one.x, r.got.x); i >= 0 {
								t.Fatalf("%v: %d workers, C given: %v: the bits differ from one worker's", p, size, with)
							}
						}
						pool.Close()
					}
				}
			}
		}
	})
}

// TestBlocksAreLarge checks that the epilogue of a thin product is not called for each row.
func TestBlocksAreLarge(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		p := newProblem(blas.NoTrans, blas.Trans, 1000, 10, 20, 0, 1, 0, normal(1))
		r := newRecorder(t, p.m, p.n, 1)
		q := p.product(nil)
		q.Epilogue = r
		newEngine(pool, k).Run(q)
		if most := 20; r.blocks > most {
			t.Errorf("%d blocks for 10,000 elements, want at most %d", r.blocks, most)
		}
	})
}

// TestKernelsAgree checks that all kernels give bit-identical results.
func TestKernelsAgree(t *testing.T) {
	pool := workers.New(2)
	defer pool.Close()
	for _, tA := range transposes[:2] {
		for _, tB := range transposes[:2] {
			for _, m := range []int{1, 70} {
				p := newProblem(tA, tB, m, 90, 5003, 1, 0.5, 1, normal(12))
				var first *matrix
				for _, l := range simd.Levels() {
					k := kernelsFor(l)
					if k == nil {
						continue
					}
					c := p.c.clone()
					newEngine(pool, k).Run(p.product(c))
					p.check(t, c)
					if first == nil {
						first = c
					}
					if sameBits(first.x, c.x) >= 0 {
						t.Errorf("%v: %v gives other bits", p, l)
					}
				}
			}
		}
	}
}

type nothing struct{}

func (nothing) Block(int, int, int, int, int, []float32, int) {}

func TestRunAllocatesNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		e := newEngine(pool, k)
		value := normal(13)
		var products []*Product
		for _, tA := range transposes[:2] {
			for _, tB := range transposes[:2] {
				p := newProblem(tA, tB, 130, 200, 300, 0, 1, 0, value)
				q := p.product(p.c)
				products = append(products, q)
				q = p.product(nil)
				q.Epilogue = nothing{}
				products = append(products, q)
				p = newProblem(tA, tB, 5, 10, 20, 0, 1, 0, value)
				products = append(products, p.product(p.c))
			}
		}
		all := func() {
			for _, p := range products {
				e.Run(p)
			}
		}
		if n := testing.AllocsPerRun(5, all); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestCheck checks that invalid products are refused.
func TestCheck(t *testing.T) {
	pool := workers.New(1)
	defer pool.Close()
	e := NewEngine(pool)
	x := make([]float32, 12)
	good := Product{M: 3, N: 4, K: 2, A: x[:6], LDA: 2, B: x[:8], LDB: 4, C: make([]float32, 12), LDC: 4, Alpha: 1}
	e.Run(&good)
	for name, spoil := range map[string]func(p *Product){
		"negative M":           func(p *Product) { p.M = -1 },
		"negative N":           func(p *Product) { p.N = -1 },
		"negative K":           func(p *Product) { p.K = -1 },
		"short A":              func(p *Product) { p.A = p.A[:5] },
		"A's rows overlap":     func(p *Product) { p.LDA = 1 },
		"A is not transposed":  func(p *Product) { p.TransA = true },
		"short B":              func(p *Product) { p.B = p.B[:7] },
		"B's rows overlap":     func(p *Product) { p.LDB = 3 },
		"B is not transposed":  func(p *Product) { p.TransB, p.LDB = true, 1 },
		"short C":              func(p *Product) { p.C = p.C[:11] },
		"C's rows overlap":     func(p *Product) { p.LDC = 3 },
		"short neighbour":      func(p *Product) { p.Prefetch[1] = Prefetch{x[:11], 4} },
		"no C and no epilogue": func(p *Product) { p.C = nil },
		"no C but a beta":      func(p *Product) { p.C, p.Epilogue, p.Beta = nil, nothing{}, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			spoil(&p)
			defer func() {
				if recover() == nil {
					t.Error("Run accepts it")
				}
			}()
			e.Run(&p)
		})
	}
}
