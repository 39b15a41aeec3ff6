package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Average]{bound: boundAverage, roundings: func(compute.Average) int { return 4 }})
}

func boundAverage(o compute.Average, e *evaluation) {
	before, src, dst, beta := e.load(o.Dst), e.load(o.Src), e.result(o.Dst), reference.Beta(o, e.args)
	for i, val := range dst.Val {
		t := mixed(beta, before.term(i), src.term(i), 1, val)
		// A backend may compute β as 1 minus the rounded 1 − β.
		dst.set(i, val, t.tol+stepBound*math.Abs(before.Val[i]), t.mag)
	}
}
