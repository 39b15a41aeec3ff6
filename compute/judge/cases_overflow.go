package judge

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// overflows are the norms of gradients too large for float32: one that is infinite, finite
// ones whose sum is, and the sum of squares that makes one. The self-test leaves them out,
// since GLSL does not promise that there is a NaN.
func (l *caseList) overflows() {
	if l.quick {
		return
	}
	for _, c := range []ruleCase{{}, {velocity: true}, {rule: compute.Nesterov}, {rule: compute.RMSProp}, {rule: compute.Adam}} {
		c.shape, c.epsilon, c.args = shape{5, 7}, 1e-7, compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: 3}
		for _, norms := range [][]float32{{4, float32(math.Inf(1)), 1}, {3e38, 3e38}} {
			l.add("update", c.kernel(), []string{c.shape.String(), fmt.Sprint("norms=", norms)}, func(p *problem) {
				op := c.op(p).(compute.Update)
				op.Clip = 0.5
				op.Norms = p.input("Norms", 1, len(norms), func(e int) float32 { return norms[e] })
				p.do(op)
				p.run(c.args)
			})
		}
	}
	for _, s := range []shape{{3, 5}, {10, 2051}} {
		l.add("square_sum", "square_sum", []string{s.String(), "overflow"}, func(p *problem) {
			p.do(compute.SquareSum{Src: p.input("Src", s.m, s.n, p.random(1e20)), Dst: p.output("Dst", 1, 1)})
		})
	}
}
