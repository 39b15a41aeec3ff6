package judge

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Activate]{
		bound:     boundActivate,
		roundings: func(compute.Activate) int { return 4 },
		kernel:    func(o compute.Activate) string { return "activate_" + o.F.String() },
	})
}

func boundActivate(o compute.Activate, e *evaluation) {
	src, bias, dst := e.load(o.Src), e.load(o.Bias), e.result(o.Dst)
	for i := range src.Rows {
		z, tz := biased(src, bias, i)
		y := dst.Row(i)
		for j, ty := range outputBounds(o.F, z, y, tz) {
			dst.set(i*src.Cols+j, y[j], ty+functionBound(o.F, y[j]), outputMagnitude(o.F, z[j], y[j]))
		}
	}
}

// biased returns row i of src plus bias, with its bounds. bias may be nil.
func biased(src, bias *bounded, i int) (z, tz []float64) {
	s, ts := src.Row(i), src.rowBounds(i)
	if bias == nil {
		return s, ts
	}
	z, tz = reference.Biased(src.Matrix, bias.Matrix, i), make([]float64, len(s))
	for j := range s {
		tz[j] = ts[j] + bias.tol[j]
		if !math.IsInf(z[j], 0) { // an infinite sum is exact
			tz[j] += sumBound * (math.Abs(s[j]) + math.Abs(bias.Val[j]))
		}
	}
	return z, tz
}

// outputBounds returns by how much an exact activation's outputs y may change while its inputs z change by at most tz.
func outputBounds(f compute.Activation, z, y, tz []float64) []float64 {
	ty := make([]float64, len(z))
	if f == compute.Softmax {
		// If no z is off by more than t, each e^z and their sum are off by
		// factors within e^±t, so y by one within e^±2t.
		// All y lie between 0 and 1, so none is off by more than 1.
		spread := math.Expm1(2 * slices.Max(tz))
		for j := range y {
			if ty[j] = y[j] * spread; !(ty[j] <= 1) {
				ty[j] = 1
			}
		}
		return ty
	}
	for j := range z {
		switch f {
		case compute.Identity, compute.Tanh: // slope at most 1
			ty[j] = tz[j]
		case compute.Sigmoid: // slope at most 1/4
			ty[j] = tz[j] / 4
		case compute.ScaledTanh: // slope at most A·B
			ty[j] = compute.TanhAmplitude * compute.TanhSlope * tz[j]
		case compute.LeakyReLU:
			// Below zero by more than its error the slope is that of the leak.
			if ty[j] = tz[j]; z[j] < -tz[j] {
				ty[j] *= compute.Leak
			}
		case compute.ReLU:
			// Below zero by more than its error the output is exactly 0.
			if z[j] > -tz[j] {
				ty[j] = tz[j]
			}
		}
	}
	return ty
}

// transcendental reports whether f uses exp or tanh.
func transcendental(f compute.Activation) bool {
	return f == compute.Sigmoid || f == compute.Tanh || f == compute.Softmax || f == compute.ScaledTanh
}

// functionBound returns the error that f itself may have where its value is y.
func functionBound(f compute.Activation, y float64) float64 {
	switch {
	case f == compute.ScaledTanh:
		return Bound(compute.TanhAmplitude, y)
	case transcendental(f):
		return Bound(1, y)
	case f == compute.LeakyReLU && y < 0:
		// The leak is not a float32. A backend multiplies by it or divides by its inverse.
		return (divisionBound + stepBound) * math.Abs(y)
	}
	return 0
}

// outputMagnitude returns the magnitude that y's error is small compared with. Softmax divides numbers as large as its results.
// Sigmoid and tanh are made from terms of 1, and scaled tanh from terms of its amplitude.
func outputMagnitude(f compute.Activation, z, y float64) float64 {
	switch f {
	case compute.Softmax:
		return y
	case compute.Sigmoid, compute.Tanh:
		return 1
	case compute.ScaledTanh:
		return compute.TanhAmplitude
	}
	return math.Abs(z)
}
