package sgemm

import (
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// A Product is C = α·op(A)·op(B) + β·C, followed by an epilogue.
//
// op(A) is M×K, op(B) is K×N and C is M×N. op(X) is X, or Xᵀ if the Trans field of the
// matrix is set, so A is stored as M×K or K×M, and B as K×N or N×K. All matrices are
// row-major. LDA, LDB and LDC are the distances between rows, in elements. C must not
// overlap A or B. If β is zero, C is not read.
//
// The K products of an element are summed with fused multiply-adds, in chains of a few
// hundred, and the sums of the chains are added to β·C. For K up to 60,000 the error is
// below 16·2⁻²⁴ times the sum of the absolute values of the terms.
//
// To compute a step of gradient descent w −= η·δᵀ·x, set C = w, α = −η and β = 1. More
// complex updates need an epilogue.
type Product struct {
	TransA, TransB bool
	M, N, K        int
	A              []float32
	LDA            int
	B              []float32
	LDB            int
	ABytes, BBytes Bytes     // if X of one of them is not nil, it replaces A or B, not transposed
	C              []float32 // if nil, only the Epilogue receives the blocks of C, in scratch memory, and β must be zero
	LDC            int
	Alpha, Beta    float32
	Epilogue       Epilogue // may be nil
	Prefetch       [2]Prefetch
}

// A Prefetch is a matrix of the size of C, with rows LD elements apart, that the epilogue
// accesses together with C. While a block of C is computed, the same block of the matrix
// is fetched to the cache. A Prefetch is unused if X is nil.
type Prefetch struct {
	X  []float32
	LD int
}

// An Epilogue works on each finished block of C while it is in cache.
type Epilogue interface {
	// Block processes rows [i, i+rows) and columns [j, j+cols) of C. c[0] is the first
	// element of the block, and ld the distance between its rows. Each element of C is in
	// exactly one block. worker is the number of the calling worker, less than the size of
	// the pool. Several workers may call Block at the same time, for different blocks.
	Block(worker, i, j, rows, cols int, c []float32, ld int)
}

// An Engine computes products on a pool of workers. It keeps its buffers, so Run does not
// allocate after it has computed a product of the same size. Like its pool, an Engine
// must not be used by several goroutines at the same time.
type Engine struct {
	pool    *workers.Pool
	kernels *kernels // nil if this machine does not have any
	cache   int      // bytes of B to keep in the second-level cache
	product Product
	workers []worker
	tall    int // number of parts that the rows are divided into
	wide    int // number of parts that the columns are divided into
}

// NewEngine returns an engine with the kernels of the current SIMD level.
func NewEngine(pool *workers.Pool) *Engine {
	return newEngine(pool, kernelsFor(simd.Current()))
}

func newEngine(pool *workers.Pool, k *kernels) *Engine {
	return &Engine{pool: pool, kernels: k, cache: level2, workers: make([]worker, pool.Size())}
}

// Run computes a product. It panics if a size is negative or a slice is too short for its
// matrix.
//
// The result depends only on the values, the sizes and the transposes. It is bit-identical
// for all numbers of workers and for all machines with kernels. Without kernels the
// rounding differs.
func (e *Engine) Run(p *Product) {
	p.check()
	if p.M == 0 || p.N == 0 {
		return
	}
	e.product = *p
	if e.plan(); e.tall*e.wide == 1 {
		e.pool.Alone((*task)(e))
	} else {
		e.pool.Run((*task)(e))
	}
	e.product = Product{} // releases the memory of the caller
}

// A task is an Engine that implements the interface of the pool.
type task Engine

// Work computes one worker's part of the product.
func (t *task) Work(w, _ int) { (*Engine)(t).work(w) }

// check panics if the product is invalid.
func (p *Product) check() {
	if p.M < 0 || p.N < 0 || p.K < 0 {
		panic("sgemm: a size is negative")
	}
	rows, cols := p.M, p.K
	if p.TransA {
		rows, cols = cols, rows
	}
	if p.ABytes.X != nil {
		p.ABytes.check("A", p.TransA, rows, cols)
	} else if !fits(p.A, p.LDA, rows, cols) {
		panic("sgemm: A is shorter than its rows, or its rows overlap")
	}
	rows, cols = p.K, p.N
	if p.TransB {
		rows, cols = cols, rows
	}
	if p.BBytes.X != nil {
		p.BBytes.check("B", p.TransB, rows, cols)
		if p.ABytes.X != nil {
			panic("sgemm: A and B are both bytes")
		}
	} else if !fits(p.B, p.LDB, rows, cols) {
		panic("sgemm: B is shorter than its rows, or its rows overlap")
	}
	if p.C == nil && p.M > 0 && p.N > 0 {
		if p.Epilogue == nil || p.Beta != 0 {
			panic("sgemm: C is nil: want an epilogue and a beta of 0")
		}
	} else if !fits(p.C, p.LDC, p.M, p.N) {
		panic("sgemm: C is shorter than its rows, or its rows overlap")
	}
	for _, x := range p.Prefetch {
		if x.X != nil && !fits(x.X, x.LD, p.M, p.N) {
			panic("sgemm: a prefetched matrix is shorter than its rows, or its rows overlap")
		}
	}
}

func fits(x []float32, ld, rows, cols int) bool {
	return rows == 0 || cols == 0 || ld >= cols && len(x) >= (rows-1)*ld+cols
}
