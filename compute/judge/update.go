package judge

import (
	"math"

	"shadegrad/compute"
)

// update is op Update; v may be nil, and then the new velocity is nil too.
//
// Each operation is correctly rounded, or fused with the next, which is better:
// with ε the relative error of one, the velocity misses μ·V + G by at most
// ε·|μ·V| for the product and ε·|μ·V + G| for the sum, and W misses W − η·V by η
// times that, ε·|η·V| for the product and ε·|W − η·V| for the difference.
func update(w, v, g *grid, args compute.Args) (newW, newV *grid) {
	eta, mu := float64(args.LearningRate), float64(args.Momentum)
	newW = newGrid(w.rows, w.cols)
	if v != nil {
		newV = newGrid(w.rows, w.cols)
	}
	for e := range w.val {
		step, stepTol := g.val[e], g.tol[e]
		if v != nil {
			kept := mu * v.val[e]
			step += kept
			stepTol += math.Abs(mu)*v.tol[e] + stepBound*(math.Abs(kept)+math.Abs(step))
			newV.set(e, step, stepTol, math.Abs(kept)+math.Abs(g.val[e]))
		}
		move := eta * step
		next := w.val[e] - move
		tol := w.tol[e] + math.Abs(eta)*stepTol + stepBound*(math.Abs(move)+math.Abs(next))
		newW.set(e, next, tol, math.Abs(w.val[e])+math.Abs(move))
	}
	return newW, newV
}
