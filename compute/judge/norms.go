package judge

import (
	"math"

	"shadegrad/compute"
)

// squareSum is op SquareSum. Like a product's, its bound counts all that was lost: where
// x may be off by t the squares are at most (|x|+t)². A sum that is surely beyond float32
// is infinite.
func squareSum(src *grid) *grid {
	out := newGrid(1, 1)
	val, tol := squares(src.val, src.tol)
	if val-tol > math.MaxFloat32 {
		val, tol = math.Inf(1), 0
	}
	out.set(0, val, tol, val)
	return out
}

// squares returns Σx² and its bound.
func squares(x, tx []float64) (sum, tol float64) {
	worst := 0.
	for e, v := range x {
		sum += v * v
		worst += (math.Abs(v) + tx[e]) * (math.Abs(v) + tx[e])
	}
	return sum, sumBound*worst + (worst - sum)
}

// maxNorm is op MaxNorm. A row that is surely within the limit keeps its bits, and one whose
// norm is surely beyond float32 becomes NaN.
func maxNorm(o compute.MaxNorm, w *grid) *grid {
	out := newGrid(w.rows, w.cols)
	limit := float64(o.Limit)
	factor := func(s float64) float64 { return math.Sqrt(limit / math.Max(limit, s)) }
	for i := range w.rows {
		val, tol := w.row(i)
		s, ts := squares(val, tol)
		f := term{val: factor(s)}
		switch {
		case s-ts > math.MaxFloat32:
			f.val = math.NaN()
		case !(s+ts <= largestSafe):
			f.tol = math.Inf(1)
		case s+ts > limit:
			f = within(factor(s), factor(s+ts), factor(s-ts), divisionBound+rootBound+stepBound)
		}
		for j, v := range val {
			p := v * f.val
			out.set(i*w.cols+j, p, f.val*tol[j]+f.tol*(math.Abs(v)+tol[j]), math.Abs(v))
		}
	}
	return out
}
