package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// overflows adds norms that overflow float32: norms of a gradient with one infinite norm or an infinite sum,
// sums of squares, and rows of weights. The self-test omits them, because GLSL does not promise NaN.
func (l *caseList) overflows() {
	if l.quick {
		return
	}
	for _, c := range []ruleCase{{}, {velocity: true}, {rule: compute.Nesterov}, {rule: compute.RMSProp}, {rule: compute.Adam}} {
		c.shape, c.epsilon, c.args = shape{5, 7}, 1e-7, compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: 3}
		for _, norms := range [][]float32{{4, float32(math.Inf(1)), 1}, {3e38, 3e38}} {
			l.add("update", c.kernel(), []string{c.shape.String(), fmt.Sprint("norms=", norms)}, func(p *judge.Problem) {
				op := c.op(p).(compute.Update)
				op.Clip = 0.5
				op.Norms = p.Input("Norms", 1, len(norms), func(e int) float32 { return norms[e] })
				p.Add(op)
				p.AddRun(c.args)
			})
		}
	}
	for _, s := range []shape{{3, 5}, {10, 2051}} {
		l.add("square_sum", "square_sum", []string{s.String(), "overflow"}, func(p *judge.Problem) {
			p.Add(compute.SquareSum{Src: p.Input("Src", s.m, s.n, p.Random(1e20)), Dst: p.Output("Dst", 1, 1)})
		})
		l.add("max_norm", "max_norm", []string{s.String(), "overflow"}, func(p *judge.Problem) {
			// Rows alternate: too large, within the limit, beyond the limit.
			p.Add(compute.MaxNorm{Limit: 4, W: p.State("W", s.m, s.n, func(e int) float32 {
				return []float32{1e20, 1e-3, 1}[e/s.n%3] * p.Normal(1)
			})})
		})
	}
}
