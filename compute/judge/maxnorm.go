package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.MaxNorm]{bound: boundMaxNorm, roundings: func(o compute.MaxNorm) int { return 2*o.W.Cols + 4 }})
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
