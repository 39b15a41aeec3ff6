package judge

import (
	"math"

	"shadegrad/compute"
)

func init() {
	register(opRules[compute.SquareSum]{bound: boundSquareSum, roundings: func(o compute.SquareSum) int { return 2 * o.Src.Len() }})
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

// squaresBound bounds sum = Σx². As for a product it includes the effect of the errors: if x may be off by t, a square is
// at most (|x|+t)².
func squaresBound(sum float64, x, tx []float64) float64 {
	worst := 0.
	for i, v := range x {
		worst += (math.Abs(v) + tx[i]) * (math.Abs(v) + tx[i])
	}
	return sumBound*worst + (worst - sum)
}
