// Package sgemm multiplies float32 matrices at the speed of the machine.
//
// It has two interfaces. An [Implementation] is gonum's BLAS with a faster Sgemm. Install
// it with blas32.Use. An [Engine] is the layer below, with features for training steps:
// operands stored as bytes, and an [Epilogue] that processes each block of the product
// while it is in cache.
package sgemm

//go:generate go run -C ../gen . sgemm

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// An Implementation is gonum's BLAS with a faster Sgemm. Several goroutines may use it.
// It computes their products one after the other.
type Implementation struct {
	gonum.Implementation

	mu     sync.Mutex // guards engine
	engine *Engine
}

var _ blas.Float32 = (*Implementation)(nil)

// New returns a BLAS whose Sgemm runs on the pool's workers.
func New(pool *workers.Pool) *Implementation {
	return newImplementation(pool, kernelsFor(simd.Current()))
}

func newImplementation(pool *workers.Pool, k *kernels) *Implementation {
	return &Implementation{engine: newEngine(pool, k)}
}

// Sgemm computes
//
//	C = α·op(A)·op(B) + β·C
//
// where op(A) is m×k, op(B) is k×n, C is m×n, and op(X) is X or Xᵀ. It panics in the same
// cases as gonum's Sgemm. If β is zero, C is not read.
//
// NaN and infinity propagate as in IEEE 754. gonum's own Sgemm skips zeros in A, even if
// the corresponding element of B is NaN or infinite. The kernels do not skip them, but a
// machine without kernels uses gonum's.
func (g *Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if !valid(tA, tB, m, n, k, a, lda, b, ldb, c, ldc) {
		// gonum checks the arguments and panics, or a size is zero.
		g.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.engine.Run(&Product{
		TransA: tA != blas.NoTrans, TransB: tB != blas.NoTrans, M: m, N: n, K: k,
		A: a, LDA: lda, B: b, LDB: ldb, C: c, LDC: ldc, Alpha: alpha, Beta: beta,
	})
}

// valid reports whether gonum's Sgemm would accept the arguments.
func valid(tA, tB blas.Transpose, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) bool {
	rowsA, colsA, okA := stored(tA, m, k)
	rowsB, colsB, okB := stored(tB, k, n)
	return okA && okB && m > 0 && n > 0 && k > 0 &&
		fits(a, lda, rowsA, colsA) && fits(b, ldb, rowsB, colsB) && fits(c, ldc, m, n)
}

// stored returns the size in memory of a matrix X whose op(X) is rows×cols.
func stored(t blas.Transpose, rows, cols int) (int, int, bool) {
	switch t {
	case blas.NoTrans:
		return rows, cols, true
	case blas.Trans, blas.ConjTrans:
		return cols, rows, true
	}
	return 0, 0, false
}
