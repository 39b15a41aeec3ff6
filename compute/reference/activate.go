package reference

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

func init() { register(activate) }

func activate(o compute.Activate, _ compute.Args, m Memory) {
	src, bias := m.Load(o.Src), m.Load(o.Bias)
	dst := NewMatrix(src.Rows, src.Cols)
	for i := range src.Rows {
		copy(dst.Row(i), Outputs(o.F, Biased(src, bias, i)))
	}
	m.Store(o.Dst, dst)
}

// Biased returns row i of src plus bias. A nil bias is 0.
func Biased(src, bias *Matrix, i int) []float64 {
	if bias == nil {
		return src.Row(i)
	}
	z := make([]float64, src.Cols)
	for j, v := range src.Row(i) {
		z[j] = v + bias.Val[j]
	}
	return z
}

// Outputs returns F(z) of a row z.
func Outputs(f compute.Activation, z []float64) []float64 {
	if f == compute.Softmax {
		return softmax(z)
	}
	y := make([]float64, len(z))
	for j := range z {
		y[j] = Function(f, z[j])
	}
	return y
}

// Function returns F(z) of an activation that works on single elements.
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
	panic(fmt.Sprintf("reference: %s does not work on single elements", f))
}

// softmax returns e^z[j] / Σₖ e^z[k]. Subtracting the largest element first changes nothing but keeps e^z finite.
func softmax(z []float64) []float64 {
	y := make([]float64, len(z))
	top, sum := slices.Max(z), 0.
	for j := range z {
		y[j] = math.Exp(z[j] - top)
		sum += y[j]
	}
	for j := range y {
		y[j] /= sum
	}
	return y
}
