package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Delta]{
		bound:     boundDelta,
		roundings: func(compute.Delta) int { return 4 },
		kernel:    func(o compute.Delta) string { return "delta_" + o.F.String() },
	})
}

func boundDelta(o compute.Delta, e *evaluation) {
	back, y, dst := e.load(o.Back), e.load(o.Y), e.result(o.Dst)
	for i, val := range dst.Val {
		b, tb := back.Val[i], back.tol[i]
		d, td := reference.Derivative(o.F, y.Val[i]), derivativeBound(o.F, y.Val[i], y.tol[i])
		terms := math.Abs(b) * derivativeTerms(o.F, y.Val[i])
		tol := math.Abs(d)*tb + (math.Abs(b)+tb)*td
		switch {
		case transcendental(o.F):
			tol += sumBound * terms
		case o.F == compute.LeakyReLU && d < 1:
			tol += (divisionBound + stepBound) * math.Abs(val)
		}
		dst.set(i, val, tol, terms)
	}
}

// derivativeBound returns by how much F′ at the output y may change while y changes by at most ty.
func derivativeBound(f compute.Activation, y, ty float64) float64 {
	switch f {
	case compute.Sigmoid:
		return math.Abs(1-2*y)*ty + ty*ty
	case compute.Tanh:
		return 2*math.Abs(y)*ty + ty*ty
	case compute.ScaledTanh:
		const ratio = compute.TanhSlope / compute.TanhAmplitude
		return (2*math.Abs(y)*ty + ty*ty) * ratio
	}
	if math.Abs(y) <= ty && ty > 0 { // on either side of the corner
		switch f {
		case compute.ReLU:
			return 1
		case compute.LeakyReLU:
			return 1 - compute.Leak
		}
	}
	return 0
}

// derivativeTerms returns Σ|aᵢbᵢ| of F′ multiplied out, such as y − y² or 1 − y²: a backend may multiply in any order.
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
