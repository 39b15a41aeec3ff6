package reference

import "shadegrad/compute"

func init() { register(fill) }

func fill(o compute.Fill, _ compute.Args, m Memory) {
	dst := NewMatrix(o.Dst.Rows, o.Dst.Cols)
	for e := range dst.Val {
		dst.Val[e] = float64(o.Value)
	}
	m.Store(o.Dst, dst)
}
