package judge

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// activate is op Activate; bias may be nil.
func activate(src, bias *grid, f compute.Activation) *grid {
	out := newGrid(src.rows, src.cols)
	for i := range src.rows {
		z, tz := biased(src, bias, i)
		y, ty := outputs(f, z, tz)
		for j := range y {
			out.set(i*src.cols+j, y[j], ty[j]+outputBound(f, y[j]), outputMagnitude(f, z[j], y[j]))
		}
	}
	return out
}

// biased returns row i of src, plus bias where there is one, and its bounds.
func biased(src, bias *grid, i int) (z, tz []float64) {
	s, ts := src.row(i)
	if bias == nil {
		return s, ts
	}
	z, tz = make([]float64, len(s)), make([]float64, len(s))
	for j := range s {
		b, tb := bias.val[j], bias.tol[j]
		z[j] = s[j] + b
		tz[j] = ts[j] + tb + sumBound*(math.Abs(s[j])+math.Abs(b))
	}
	return z, tz
}

// outputs applies f to a row z whose elements may be off by tz, and returns by how
// much that may put y off, f itself being exact.
func outputs(f compute.Activation, z, tz []float64) (y, ty []float64) {
	y, ty = make([]float64, len(z)), make([]float64, len(z))
	if f == compute.Softmax {
		copy(y, softmax(z))
		// Where no z is off by more than t, each e^z and their sum are off by
		// factors within e^±t, so y by one within e^±2t.
		// All y lie between 0 and 1, so none is off by more than 1.
		spread := math.Expm1(2 * largest(tz))
		for j := range y {
			if ty[j] = y[j] * spread; !(ty[j] <= 1) {
				ty[j] = 1
			}
		}
		return y, ty
	}
	for j := range z {
		y[j] = Function(f, z[j])
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
			// Below zero by more than its error: the mask is exact.
			if z[j] > -tz[j] {
				ty[j] = tz[j]
			}
		}
	}
	return y, ty
}

// transcendental tells whether f needs exp or tanh.
func transcendental(f compute.Activation) bool {
	return f == compute.Sigmoid || f == compute.Tanh || f == compute.Softmax || f == compute.ScaledTanh
}

// outputBound is the error that f itself may have where its value is y.
func outputBound(f compute.Activation, y float64) float64 {
	switch {
	case f == compute.ScaledTanh:
		return Bound(compute.TanhAmplitude, y)
	case transcendental(f):
		return Bound(1, y)
	case f == compute.LeakyReLU && y < 0:
		// The leak is no float32, and multiplied with; or its inverse divides.
		return (divisionBound + stepBound) * math.Abs(y)
	}
	return 0
}

// outputMagnitude is the magnitude beside which y's error is small. Softmax
// divides numbers of its own size; sigmoid and tanh are made from terms of 1, and
// scaled tanh from terms of its amplitude.
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

// Function is an activation F(z) that works on each element.
func Function(f compute.Activation, z float64) float64 {
	switch f {
	case compute.Identity:
		return z
	case compute.Sigmoid:
		return 1 / (1 + math.Exp(-z))
	case compute.Tanh:
		return math.Tanh(z)
	case compute.ReLU:
		return math.Max(0, z)
	case compute.ScaledTanh:
		return compute.TanhAmplitude * math.Tanh(compute.TanhSlope*z)
	case compute.LeakyReLU:
		if z > 0 {
			return z
		}
		return compute.Leak * z
	}
	panic(fmt.Sprintf("judge: %s does not work on each element", f))
}

// softmax is the activation that works on whole rows. The largest element is
// taken off first, which changes nothing but keeps e^z finite.
func softmax(z []float64) []float64 {
	y := make([]float64, len(z))
	top, sum := largest(z), 0.
	for j := range z {
		y[j] = math.Exp(z[j] - top)
		sum += y[j]
	}
	for j := range y {
		y[j] /= sum
	}
	return y
}

func largest(x []float64) float64 {
	top := x[0]
	for _, v := range x[1:] {
		top = math.Max(top, v)
	}
	return top
}
