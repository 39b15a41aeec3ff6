package sgemm

import (
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// A Product is C = α·op(A)·op(B) + β·C, and what follows it.
//
// op(A) is M×K, op(B) is K×N and C is M×N; op(X) is X, or Xᵀ where the matrix's
// Trans field is set, so that A is stored M×K or K×M and B is stored K×N or N×K.
// All are row-major; LDA, LDB and LDC are the distances between rows, in elements.
// C must not overlap A or B. Where β is zero, what C held is not read.
//
// The K products of an element are added up with fused multiply-adds, in chains of some
// hundred whose sums are added to β·C. With K up to 60,000 the error stays below 16·2⁻²⁴
// times the sum of the absolute values of what is added.
//
// A step of gradient descent w −= η·δᵀ·x is best made with C = w, α = −η and β = 1; an
// epilogue is for what is more than that.
type Product struct {
	TransA, TransB bool
	M, N, K        int
	A              []float32
	LDA            int
	B              []float32
	LDB            int
	ABytes, BBytes Bytes     // one of them, if its X is not nil, is A or B, not transposed
	C              []float32 // nil with an Epilogue: its blocks are handed over in scratch memory and go nowhere else; β must then be zero
	LDC            int
	Alpha, Beta    float32
	Epilogue       Epilogue  // nil: none
	Near           [2]Beside // what the epilogue works on beside C
}

// A Beside is a matrix of C's size, rows LD apart, that the epilogue will read or write
// beside C: what belongs to a block is fetched to the cache while the block is computed.
// X is nil if there is none.
type Beside struct {
	X  []float32
	LD int
}

// An Epilogue works on each finished block of C while it is in cache.
type Epilogue interface {
	// Block is told of rows [i, i+rows) and columns [j, j+cols) of C. c[0] is the
	// block's first element, ld the distance between its rows. Each element of C is
	// in one block, and is finished. worker, less than the pool's size, is the one
	// that calls; workers call at the same time, each for blocks of its own.
	Block(worker, i, j, rows, cols int, c []float32, ld int)
}

// An Engine runs products on a pool of workers. It keeps the memory that they
// need, so that Run allocates nothing once it has run products as large. Like its
// pool, it is for one goroutine at a time.
type Engine struct {
	pool    *workers.Pool
	kernels *kernels // nil: none for this machine
	cache   int      // how many bytes of B are kept near
	product Product
	workers []worker
	tall    int // parts that the rows are divided into
	wide    int // parts that the columns are divided into
}

// NewEngine returns an engine for the machine's best kernels, or for those that
// SHADEGRAD_SIMD names.
func NewEngine(pool *workers.Pool) *Engine {
	return newEngine(pool, kernelsFor(simd.Current()))
}

func newEngine(pool *workers.Pool, k *kernels) *Engine {
	return &Engine{pool: pool, kernels: k, cache: level2, workers: make([]worker, pool.Size())}
}

// Run computes a product. It panics if a size is negative or a matrix does not
// fit into its slice.
//
// The bits of the result depend on the values, the sizes and the transposes alone: not on
// the number of workers, nor on which kernels the machine has. Only where it has none
// are they others.
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
	e.product = Product{} // lets go of the caller's memory
}

// A task is an engine as the pool sees it.
type task Engine

// Work makes one worker's part of the product.
func (t *task) Work(w, _ int) { (*Engine)(t).work(w) }

// check panics if the product is not one.
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
			panic("sgemm: without a C there must be an epilogue, and no beta")
		}
	} else if !fits(p.C, p.LDC, p.M, p.N) {
		panic("sgemm: C is shorter than its rows, or its rows overlap")
	}
	for _, x := range p.Near {
		if x.X != nil && !fits(x.X, x.LD, p.M, p.N) {
			panic("sgemm: what is near is shorter than its rows, or its rows overlap")
		}
	}
}

func fits(x []float32, ld, rows, cols int) bool {
	return rows == 0 || cols == 0 || ld >= cols && len(x) >= (rows-1)*ld+cols
}
