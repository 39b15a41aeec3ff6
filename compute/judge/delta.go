package judge

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// delta is op Delta.
func delta(back, y *grid, f compute.Activation) *grid {
	out := newGrid(back.rows, back.cols)
	for e := range out.val {
		b, tb := back.val[e], back.tol[e]
		d, td := derivative(f, y.val[e], y.tol[e])
		terms := math.Abs(b) * derivativeTerms(f, y.val[e])
		tol := math.Abs(d)*tb + (math.Abs(b)+tb)*td
		switch {
		case transcendental(f):
			tol += sumBound * terms
		case f == compute.LeakyReLU && d < 1:
			tol += (divisionBound + stepBound) * math.Abs(b*d)
		}
		out.set(e, b*d, tol, terms)
	}
	return out
}

// derivative returns F′ at the output y, and by how much it may change while y
// changes by at most ty.
func derivative(f compute.Activation, y, ty float64) (d, td float64) {
	switch f {
	case compute.Identity:
		return 1, 0
	case compute.Sigmoid:
		return y * (1 - y), math.Abs(1-2*y)*ty + ty*ty
	case compute.Tanh:
		return 1 - y*y, 2*math.Abs(y)*ty + ty*ty
	case compute.ReLU:
		if y > 0 {
			d = 1
		}
		if math.Abs(y) <= ty && ty > 0 {
			td = 1 // either side of the corner
		}
		return d, td
	case compute.ScaledTanh:
		const a, ratio = compute.TanhAmplitude, compute.TanhSlope / compute.TanhAmplitude
		return (a - y) * (a + y) * ratio, (2*math.Abs(y)*ty + ty*ty) * ratio
	case compute.LeakyReLU:
		d = compute.Leak
		if y > 0 {
			d = 1
		}
		if math.Abs(y) <= ty && ty > 0 {
			td = 1 - compute.Leak
		}
		return d, td
	}
	panic(fmt.Sprintf("judge: %s has no derivative of one element", f))
}

// derivativeTerms is Σ|aᵢbᵢ| of F′ multiplied out, as y − y² or 1 − y²: a backend
// may multiply in the order it likes.
func derivativeTerms(f compute.Activation, y float64) float64 {
	switch f {
	case compute.Sigmoid:
		return math.Abs(y) + y*y
	case compute.Tanh:
		return 1 + y*y
	case compute.ScaledTanh:
		const a = compute.TanhAmplitude
		return (a*a + y*y) * compute.TanhSlope / a
	}
	return 1
}
