package judge

import "math"

// columnSum is op ColumnSum.
func columnSum(src *grid) *grid {
	out := newGrid(1, src.cols)
	for i := range src.rows {
		val, tol := src.row(i)
		for j := range val {
			out.val[j] += val[j]
			out.mag[j] += math.Abs(val[j])
			out.tol[j] += tol[j]
		}
	}
	for j := range out.tol {
		out.tol[j] += sumBound * (out.mag[j] + out.tol[j])
	}
	return out
}
