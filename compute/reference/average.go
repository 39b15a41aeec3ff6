package reference

import (
	"math"

	"shadegrad/compute"
)

func init() { register(average) }

func average(o compute.Average, args compute.Args, m Memory) {
	before, src, beta := m.Load(o.Dst), m.Load(o.Src), Beta(o, args)
	dst := NewMatrix(before.Rows, before.Cols)
	for e := range dst.Val {
		dst.Val[e] = beta*before.Val[e] + (1-beta)*src.Val[e]
	}
	m.Store(o.Dst, dst)
}

// Beta returns β of op Average.
func Beta(o compute.Average, args compute.Args) float64 {
	t := float64(args.Step)
	return math.Min(float64(o.Decay), (1+t)/(10+t))
}
