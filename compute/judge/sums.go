package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.ColumnSum]{bound: boundColumnSum, roundings: func(o compute.ColumnSum) int { return o.Src.Rows }})
	register(opRules[compute.SquareSum]{bound: boundSquareSum, roundings: func(o compute.SquareSum) int { return 2 * o.Src.Len() }})
	register(opRules[compute.MaxNorm]{bound: boundMaxNorm, roundings: func(o compute.MaxNorm) int { return 2*o.W.Cols + 4 }})
}

func boundColumnSum(o compute.ColumnSum, e *evaluation) {
	src, dst := e.load(o.Src), e.result(o.Dst)
	clear(dst.mag)
	for i, v := range src.Val {
		j := i % src.Cols
		dst.mag[j] += math.Abs(v)
		dst.tol[j] += src.tol[i]
	}
	for j := range dst.tol {
		dst.tol[j] += sumBound * (dst.mag[j] + dst.tol[j])
	}
}

// boundSquareSum makes a sum infinite that is certain to exceed float32.
func boundSquareSum(o compute.SquareSum, e *evaluation) {
	src, dst := e.load(o.Src), e.result(o.Dst)
	val := dst.Val[0]
	tol := squaresBound(val, src.Val, src.tol)
	if val-tol > math.MaxFloat32 {
		val, tol = math.Inf(1), 0
	}
	dst.set(0, val, tol, val)
}

// squaresBound bounds sum = Σx². It includes the effect of errors in x, as for a product: if x may be off by t, a
// square is at most (|x|+t)².
func squaresBound(sum float64, x, tx []float64) float64 {
	worst := 0.
	for i, v := range x {
		worst += (math.Abs(v) + tx[i]) * (math.Abs(v) + tx[i])
	}
	return sumBound*worst + (worst - sum)
}

// boundMaxNorm keeps a row exact if its norm is certain to be within the limit, and NaN if its norm is certain to exceed
// float32.
func boundMaxNorm(o compute.MaxNorm, e *evaluation) {
	w, dst := e.load(o.W), e.result(o.W)
	factor := func(s float64) float64 { return reference.NormFactor(o, s) }
	for i := range w.Rows {
		row, tol := w.Row(i), w.rowBounds(i)
		s := reference.Squares(row)
		ts := squaresBound(s, row, tol)
		f := term{val: factor(s)}
		switch {
		case s-ts > math.MaxFloat32:
			f.val = math.NaN()
		case !(s+ts <= largestSafe):
			f.tol = math.Inf(1)
		case s+ts > float64(o.Limit):
			f = within(factor(s), factor(s+ts), factor(s-ts), divisionBound+rootBound+stepBound)
		}
		for j, v := range row {
			dst.set(i*w.Cols+j, v*f.val, f.val*tol[j]+f.tol*(math.Abs(v)+tol[j]), math.Abs(v))
		}
	}
}
