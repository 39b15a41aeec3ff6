package judge

import (
	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() { register(opRules[compute.Take]{bound: boundTake}) }

// boundTake moves the bounds as the op moves the elements.
func boundTake(o compute.Take, e *evaluation) {
	src, dst, index := e.load(o.Src), e.result(o.Dst), e.Index(o.Index)
	move := func(v []float64) []float64 {
		return reference.Take(o, e.args, &reference.Matrix{Rows: src.Rows, Cols: src.Cols, Val: v}, index).Val
	}
	dst.tol, dst.mag = move(src.tol), move(src.mag)
}
