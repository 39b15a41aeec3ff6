package judge

import (
	"math"

	"shadegrad/compute"
)

// average is op Average, or β·Dst + (1−β)·Src, which is the same.
func average(o compute.Average, args compute.Args, dst, src *grid) *grid {
	out := newGrid(dst.rows, dst.cols)
	t := float64(args.Step)
	beta := math.Min(float64(o.Decay), (1+t)/(10+t))
	for e := range dst.val {
		m := mixed(beta, term{val: dst.val[e], tol: dst.tol[e]}, term{val: src.val[e], tol: src.tol[e]}, 1)
		// β may be the rest of a rounded 1 − β.
		out.set(e, m.val, m.tol+stepBound*math.Abs(dst.val[e]), m.mag)
	}
	return out
}
