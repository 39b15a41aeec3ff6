package reference

import (
	"fmt"

	"shadegrad/compute"
)

func init() { register(delta) }

func delta(o compute.Delta, _ compute.Args, m Memory) {
	back, y := m.Load(o.Back), m.Load(o.Y)
	dst := NewMatrix(back.Rows, back.Cols)
	for e, b := range back.Val {
		dst.Val[e] = b * Derivative(o.F, y.Val[e])
	}
	m.Store(o.Dst, dst)
}

// Derivative returns F′ where F is y, of an activation that works on single elements.
func Derivative(f compute.Activation, y float64) float64 {
	switch f {
	case compute.Identity:
		return 1
	case compute.Sigmoid:
		return y * (1 - y)
	case compute.Tanh:
		return 1 - y*y
	case compute.ReLU:
		if y > 0 {
			return 1
		}
		return 0
	case compute.ScaledTanh:
		const a, ratio = compute.TanhAmplitude, compute.TanhSlope / compute.TanhAmplitude
		return (a - y) * (a + y) * ratio
	case compute.LeakyReLU:
		if y > 0 {
			return 1
		}
		return compute.Leak
	}
	panic(fmt.Sprintf("reference: %s has no derivative of single elements", f))
}
