package judge

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// matmul is op MatMul.
//
// Where a and b may be off by ta and tb, |a|·|b| + what was lost is at most
// (|a|+ta)·(|b|+tb), a product like the first.
func matmul(a, b *grid, transA, transB bool) *grid {
	value := product(a.dense(a.val), b.dense(b.val), transA, transB)
	if a.plain && b.plain {
		rows, cols := value.Dims()
		out := newGrid(rows, cols)
		copy(out.val, value.RawMatrix().Data)
		return out
	}
	exact := product(a.dense(abs(a.val)), b.dense(abs(b.val)), transA, transB)
	worst := exact
	if !zero(a.tol) || !zero(b.tol) {
		worst = product(a.dense(plus(abs(a.val), a.tol)), b.dense(plus(abs(b.val), b.tol)), transA, transB)
	}
	rows, cols := value.Dims()
	out := newGrid(rows, cols)
	for i := range rows {
		for j := range cols {
			p, q := exact.At(i, j), worst.At(i, j)
			out.set(i*cols+j, value.At(i, j), sumBound*q+(q-p), p)
		}
	}
	return out
}

// product returns op(a)·op(b).
func product(a, b *mat.Dense, transA, transB bool) *mat.Dense {
	var out mat.Dense
	out.Mul(transposed(a, transA), transposed(b, transB))
	return &out
}

func transposed(m *mat.Dense, t bool) mat.Matrix {
	if t {
		return m.T()
	}
	return m
}

func abs(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Abs(v)
	}
	return y
}

func plus(x, y []float64) []float64 {
	z := make([]float64, len(x))
	for i := range x {
		z[i] = x[i] + y[i]
	}
	return z
}

func zero(x []float64) bool {
	for _, v := range x {
		if v != 0 {
			return false
		}
	}
	return true
}
