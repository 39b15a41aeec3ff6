package judge

import (
	"math"

	"shadegrad/compute"
)

// gather is op Gather. Every backend gives the same bits, so this one is in
// float32 like them, and has no error.
func gather(o compute.Gather, args compute.Args, src []byte, index []uint32) *grid {
	out := newGrid(o.Dst.Rows, o.Dst.Cols)
	for i := range out.rows {
		row := visited(index, args.Row+i)
		for j := range out.cols {
			// The conversion of the product forbids the compiler to fuse it
			// with the sum.
			p := float32(o.Scale * float32(src[row*o.Src.Cols+j]))
			v := float64(p + o.Shift)
			out.set(i*out.cols+j, v, 0, math.Abs(v))
		}
	}
	return out
}

// visited returns the row of the data set that an epoch visits at place i. A
// nil index is the natural order.
func visited(index []uint32, i int) int {
	if index == nil {
		return i
	}
	return int(index[i])
}
