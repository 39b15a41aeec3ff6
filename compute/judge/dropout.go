package judge

import (
	"math"

	"shadegrad/compute"
)

// dropout is op Dropout. What is left out is 0, whatever it was. Of a float32 that is
// known exactly the product is the same on every backend; of others it is rounded once.
func dropout(o compute.Dropout, args compute.Args, src *grid) *grid {
	out := newGrid(src.rows, src.cols)
	draws := args.Draws(o.Stream)
	threshold, k := o.Threshold()
	for e, v := range src.val {
		if uint32(draws.Half(uint64(e))) < threshold {
			continue
		}
		p, tol := v*float64(k), src.tol[e]*float64(k)
		if src.tol[e] == 0 && v == float64(float32(v)) {
			p = float64(float32(v) * k)
		} else {
			tol += stepBound * math.Abs(p)
		}
		out.set(e, p, tol, math.Max(math.Abs(p), src.mag[e]*float64(k)))
	}
	return out
}
