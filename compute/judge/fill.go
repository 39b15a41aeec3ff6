package judge

import (
	"math"

	"shadegrad/compute"
)

// fill is op Fill, and exact.
func fill(o compute.Fill) *grid {
	out := newGrid(o.Dst.Rows, o.Dst.Cols)
	for e := range out.val {
		out.set(e, float64(o.Value), 0, math.Abs(float64(o.Value)))
	}
	return out
}
