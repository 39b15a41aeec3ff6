package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Take]{bound: boundTake})
	register(opRules[compute.Dropout]{bound: boundDropout, roundings: func(compute.Dropout) int { return 1 }})
}

// boundDropout leaves dropped elements exact, and products of float32 values that are known exactly. Other products
// are rounded once.
func boundDropout(o compute.Dropout, e *evaluation) {
	src, dst, kept := e.load(o.Src), e.result(o.Dst), reference.Kept(o, e.args)
	_, k32 := o.Threshold()
	k := float64(k32)
	for i, v := range src.Val {
		if !kept(i) {
			continue
		}
		p, tol := dst.Val[i], src.tol[i]*k
		if src.tol[i] != 0 || v != float64(float32(v)) {
			p = v * k
			tol += stepBound * math.Abs(p)
		}
		dst.set(i, p, tol, math.Max(math.Abs(p), src.mag[i]*k))
	}
}

// boundTake moves the bounds as the op moves the elements.
func boundTake(o compute.Take, e *evaluation) {
	src, dst, index := e.load(o.Src), e.result(o.Dst), e.Index(o.Index)
	move := func(v []float64) []float64 {
		return reference.Take(o, e.args, &reference.Matrix{Rows: src.Rows, Cols: src.Cols, Val: v}, index).Val
	}
	dst.tol, dst.mag = move(src.tol), move(src.mag)
}
