package judge

import "shadegrad/compute"

// take is op Take, which changes no number.
func take(o compute.Take, args compute.Args, src *grid, index []uint32) *grid {
	out := newGrid(o.Dst.Rows, o.Dst.Cols)
	for i := range out.rows {
		from, to := visited(index, args.Row+i)*src.cols, i*out.cols
		copy(out.val[to:to+out.cols], src.val[from:])
		copy(out.tol[to:to+out.cols], src.tol[from:])
		copy(out.mag[to:to+out.cols], src.mag[from:])
	}
	return out
}
