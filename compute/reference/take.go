package reference

import "shadegrad/compute"

func init() { register(take) }

func take(o compute.Take, args compute.Args, m Memory) {
	m.Store(o.Dst, Take(o, args, m.Load(o.Src), m.Index(o.Index)))
}

// Take returns Dst of op Take.
func Take(o compute.Take, args compute.Args, src *Matrix, index []uint32) *Matrix {
	dst := NewMatrix(o.Dst.Rows, o.Dst.Cols)
	for i := range dst.Rows {
		copy(dst.Row(i), src.Row(visited(index, args.Row+i)))
	}
	return dst
}
