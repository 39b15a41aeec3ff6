package sgemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"

	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// A byteProblem is a product one of whose operands is bytes, and the same product with the
// numbers that they stand for.
type byteProblem struct {
	*problem
	isB   bool
	bytes Bytes
}

// newByteProblem takes rows out of twice as many, in any order and some of them several
// times, or in their natural order.
func newByteProblem(isB bool, t blas.Transpose, m, n, k, padding int, alpha, beta float32, natural bool, seed uint64) *byteProblem {
	r := rand.New(rand.NewPCG(seed, 31))
	q := &byteProblem{isB: isB}
	var x *matrix
	if isB {
		q.problem = newProblem(t, blas.NoTrans, m, n, k, padding, alpha, beta, normal(seed))
		x = q.b
	} else {
		q.problem = newProblem(blas.NoTrans, t, m, n, k, padding, alpha, beta, normal(seed))
		x = q.a
	}
	b := &q.bytes
	*b = Bytes{LD: max(x.cols+padding, 1), Scale: r.Float32() - 0.5, Shift: r.Float32() - 0.5}
	count := 2*x.rows + 1
	if natural {
		count = x.rows
	} else {
		b.Rows = make([]uint32, x.rows)
		for i := range b.Rows {
			b.Rows[i] = uint32(r.IntN(count))
		}
		if x.rows > 0 {
			b.Rows[r.IntN(x.rows)] = uint32(count - 1) // the last one's end is the memory's
		}
	}
	b.X = make([]byte, max((count-1)*b.LD+x.cols, 1))
	for i := range b.X {
		b.X[i] = byte(r.Uint32())
	}
	for i := range x.rows {
		for j := range x.row(i) {
			row := i
			if b.Rows != nil {
				row = int(b.Rows[i])
			}
			product := b.Scale * float32(b.X[row*b.LD+j])
			x.row(i)[j] = float32(product) + b.Shift
		}
	}
	return q
}

// product is the problem with bytes for the engine.
func (q *byteProblem) product(c *matrix) *Product {
	p := q.problem.product(c)
	if q.isB {
		p.B, p.LDB, p.BBytes = nil, 0, q.bytes
	} else {
		p.A, p.LDA, p.ABytes = nil, 0, q.bytes
	}
	return p
}

// check runs both products and requires the same bits. Small products are also compared with
// float64 arithmetic.
func (q *byteProblem) check(t *testing.T, e *Engine) {
	t.Helper()
	want, got := q.c.clone(), q.c.clone()
	e.Run(q.problem.product(want))
	if q.m*q.n*q.k < 1<<16 {
		q.problem.check(t, want)
	}
	e.Run(q.product(got))
	if i := sameBits(want.x, got.x); i >= 0 {
		t.Fatalf("%v, B is bytes: %v: place %d is %v from bytes, %v from numbers", q.problem, q.isB, i-guard, got.x[i], want.x[i])
	}
}

// TestBytesSizes multiplies at sizes around every edge of the tiles, panels and squares of
// bytes.
func TestBytesSizes(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		e := newEngine(pool, k)
		seed := uint64(0)
		for _, isB := range []bool{false, true} {
			for _, trans := range transposes[:2] {
				for _, m := range []int{0, 1, 2, 3, 5, 7, 8, 9, 12, 13, 16, 17, 24, 25, 41} {
					for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 50, 64, 81} {
						for _, k := range []int{0, 1, 2, 3, 15, 16, 17, 31, 32, 47} {
							if seed++; sample.Skip(int(seed), 7) {
								continue
							}
							newByteProblem(isB, trans, m, n, k, int(seed%3)*3, 1, float32(seed%2), seed%5 == 0, seed).check(t, e)
						}
					}
				}
			}
		}
	})
}

// TestBytesLarge multiplies matrices that are divided among workers and cut into chunks, bands
// and panels.
func TestBytesLarge(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		for _, size := range []int{1, 3} {
			pool := workers.New(size)
			defer pool.Close()
			e := newEngine(pool, k)
			if size > 2 {
				e.cache = smallCache
			}
			turn := size
			for i, s := range [][3]int{{64, 128, 784}, {128, 784, 64}, {1, 1030, 600}, {200, 784, 1}, {64, 10, 300}, {97, 1100, 30}, {20, 700, 512}, {40, 399, 350}} {
				for _, isB := range []bool{false, true} {
					for _, trans := range transposes[:2] {
						if turn++; sample.Skip(turn, 3) {
							continue
						}
						newByteProblem(isB, trans, s[0], s[1], s[2], i%2, -0.1, 1, i%3 == 0, uint64(i)).check(t, e)
					}
				}
			}
		}
	})
}

// TestBytesEpilogue multiplies without a result matrix, with an epilogue only.
func TestBytesEpilogue(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(3)
		defer pool.Close()
		e := newEngine(pool, k)
		for _, isB := range []bool{false, true} {
			for _, trans := range transposes[:2] {
				q := newByteProblem(isB, trans, 64, 130, 300, 0, 1, 0, false, 41)
				want := q.c.clone()
				e.Run(q.problem.product(want))
				r := newRecorder(t, q.m, q.n, 3)
				p := q.product(nil)
				p.Epilogue = r
				e.Run(p)
				r.check(q.problem)
				for i := range q.m {
					if sameBits(want.row(i), r.got.row(i)) >= 0 {
						t.Fatalf("%v: row %d differs", q.problem, i)
					}
				}
			}
		}
	})
}

// TestGatherIsExact converts every byte with scales and shifts for which product and sum must
// be rounded separately.
func TestGatherIsExact(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		e := newEngine(pool, k)
		r := rand.New(rand.NewPCG(51, 52))
		fused := 0
		for cols := 1; cols < 70; cols++ {
			b := Bytes{LD: cols, Scale: r.Float32() - 0.5, Shift: r.Float32() - 0.5}
			if cols%9 == 0 {
				b.Scale, b.Shift = 1./255, 0
			}
			rows := 1 + 600/cols
			b.X = make([]byte, rows*cols)
			for i := range b.X {
				b.X[i] = byte(i)
			}
			got := make([]float32, rows*cols+40)
			for i := range got {
				got[i] = -77
			}
			e.Gather(got[:rows*cols:rows*cols], &b, rows, cols)
			for i, p := range b.X {
				product := float64(float32(float64(b.Scale) * float64(p)))
				want := float32(product + float64(b.Shift))
				if math.Float32bits(got[i]) != math.Float32bits(want) {
					t.Fatalf("%d columns: byte %d is %v, want %v", cols, p, got[i], want)
				}
				if want != float32(float64(b.Scale)*float64(p)+float64(b.Shift)) {
					fused++
				}
			}
			for _, v := range got[rows*cols:] {
				if v != -77 {
					t.Fatalf("%d columns: wrote beyond the end", cols)
				}
			}
		}
		if fused == 0 {
			t.Error("a fused multiply-add would give the same: the test is blind")
		}
	})
}

func TestBytesAllocateNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(2)
		defer pool.Close()
		e := newEngine(pool, k)
		var products []*Product
		for _, isB := range []bool{false, true} {
			for _, trans := range transposes[:2] {
				q := newByteProblem(isB, trans, 64, 200, 300, 0, 1, 1, false, 42)
				products = append(products, q.product(q.c))
				q = newByteProblem(isB, trans, 1, 200, 30, 0, 1, 1, true, 43)
				products = append(products, q.product(q.c))
			}
		}
		if n := testing.AllocsPerRun(5, func() {
			for _, p := range products {
				e.Run(p)
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// TestCheckBytes checks that slices with too few bytes are refused.
func TestCheckBytes(t *testing.T) {
	pool := workers.New(1)
	defer pool.Close()
	e := NewEngine(pool)
	x := make([]float32, 12)
	bytes := Bytes{X: make([]byte, 8), LD: 2, Scale: 1}
	listed := Bytes{X: make([]byte, 8), LD: 2, Rows: []uint32{3, 0, 3}}
	a := Product{M: 3, N: 4, K: 2, ABytes: bytes, B: x[:8], LDB: 4, C: x[:12], LDC: 4, Alpha: 1}
	b := Product{M: 3, N: 2, K: 4, A: x[:12], LDA: 4, BBytes: bytes, C: make([]float32, 6), LDC: 2, Alpha: 1}
	e.Run(&a)
	e.Run(&b)
	for name, spoil := range map[string]func(){
		"A is short":           func() { a.ABytes.X = a.ABytes.X[:5] },
		"B is short":           func() { b.BBytes.X = b.BBytes.X[:7] },
		"A's rows overlap":     func() { a.ABytes.LD = 1 },
		"B's rows overlap":     func() { b.BBytes.LD = 1 },
		"A is transposed":      func() { a.TransA = true },
		"B is transposed":      func() { b.TransB = true },
		"a row is not there":   func() { a.ABytes = listed; a.ABytes.X = a.ABytes.X[:7] },
		"too few row numbers":  func() { b.BBytes = listed },
		"both are bytes":       func() { a.BBytes = bytes; a.BBytes.LD = 4 },
		"shorter than one row": func() { a.ABytes.X = a.ABytes.X[:1] },
	} {
		t.Run(name, func(t *testing.T) {
			keepA, keepB := a, b
			defer func() {
				a, b = keepA, keepB
				if recover() == nil {
					t.Error("Run accepts it")
				}
			}()
			spoil()
			e.Run(&a)
			e.Run(&b)
		})
	}
	a.ABytes = listed
	e.Run(&a)
	t.Run("gathering into too little", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("Gather accepts it")
			}
		}()
		e.Gather(x[:5], &bytes, 3, 2)
	})
}

// FuzzBytes compares products of bytes with products of the float32 numbers they represent, on
// every kernel.
func FuzzBytes(f *testing.F) {
	f.Add(uint64(1), uint16(1), uint16(1), uint16(1), uint8(0), uint8(0), float32(1), float32(0))
	f.Add(uint64(2), uint16(64), uint16(128), uint16(300), uint8(2), uint8(0), float32(1), float32(0))
	f.Add(uint64(3), uint16(64), uint16(399), uint16(64), uint8(3), uint8(5), float32(-0.1), float32(1))
	f.Add(uint64(4), uint16(1), uint16(200), uint16(300), uint8(2), uint8(0), float32(1), float32(0))
	f.Add(uint64(5), uint16(12), uint16(33), uint16(17), uint8(5), uint8(255), float32(1), float32(-1))
	pool := workers.New(2)
	f.Cleanup(pool.Close)
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k uint16, forms, padding uint8, alpha, beta float32) {
		if !ordinary(alpha) || !ordinary(beta) {
			t.Skip("float32 would overflow or lose digits to denormals, unlike float64")
		}
		q := newByteProblem(forms&1 != 0, transposes[forms>>1&1], int(m%70), int(n%600), int(k%400), int(padding), alpha, beta, forms&4 != 0, seed)
		for _, l := range simd.Levels() {
			q.check(t, newEngine(pool, kernelsFor(l)))
		}
	})
}

// BenchmarkBytes multiplies the first layers of 784-128-10 and 784-800-10 with bytes, and with
// the float32 numbers they represent.
func BenchmarkBytes(b *testing.B) {
	for _, threads := range []int{1, 2} {
		pool := workers.New(threads)
		defer pool.Close()
		e := NewEngine(pool)
		for _, s := range []shape{{"NT", 64, 128, 784}, {"TN", 128, 784, 64}, {"NT", 128, 800, 784}, {"TN", 800, 784, 128}} {
			isB := s.form == "TN"
			alpha, beta := float32(1), float32(0)
			if isB {
				alpha, beta = -1e-9, 1
			}
			q := newByteProblem(isB, blas.Trans, s.m, s.n, s.k, 0, alpha, beta, false, 61)
			for what, p := range map[string]*Product{"bytes": q.product(q.c), "numbers": q.problem.product(q.c)} {
				b.Run(fmt.Sprintf("threads=%d/%v/%s", threads, s, what), func(b *testing.B) {
					share(b, s.flops(), threads, func() { e.Run(p) })
				})
			}
		}
	}
}
