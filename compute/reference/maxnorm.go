package reference

import (
	"math"

	"shadegrad/compute"
)

func init() { register(maxNorm) }

func maxNorm(o compute.MaxNorm, _ compute.Args, m Memory) {
	w := m.Load(o.W)
	dst := NewMatrix(w.Rows, w.Cols)
	for i := range w.Rows {
		s := Squares(w.Row(i))
		factor := NormFactor(o, s)
		if s > math.MaxFloat32 {
			factor = math.NaN()
		}
		for j, v := range w.Row(i) {
			dst.Row(i)[j] = v * factor
		}
	}
	m.Store(o.W, dst)
}

// NormFactor returns what a row is multiplied by if the sum of its squares is s.
func NormFactor(o compute.MaxNorm, s float64) float64 {
	limit := float64(o.Limit)
	return math.Sqrt(limit / math.Max(limit, s))
}
