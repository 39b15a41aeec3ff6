package judge

import (
	"math"

	"shadegrad/compute"
)

func init() {
	register(opRules[compute.ColumnSum]{bound: boundColumnSum, roundings: func(o compute.ColumnSum) int { return o.Src.Rows }})
}

func boundColumnSum(o compute.ColumnSum, e *evaluation) {
	src, dst := e.load(o.Src), e.result(o.Dst)
	clear(dst.mag)
	for i, v := range src.Val {
		j := i % src.Cols
		dst.mag[j] += math.Abs(v)
		dst.tol[j] += src.tol[i]
	}
	for j := range dst.tol {
		dst.tol[j] += sumBound * (dst.mag[j] + dst.tol[j])
	}
}
