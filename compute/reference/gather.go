package reference

import "shadegrad/compute"

func init() {
	register(gather)
	register(take)
}

// gather computes in float32, because every backend must give the same bits.
func gather(o compute.Gather, args compute.Args, m Memory) {
	src, index, dst := m.Bytes(o.Src), m.Index(o.Index), NewMatrix(o.Dst.Rows, o.Dst.Cols)
	for i := range dst.Rows {
		row := src[visited(index, args.Row+i)*o.Src.Cols:]
		for j := range dst.Cols {
			// The conversion of the product prevents the compiler from fusing it with the sum.
			p := float32(o.Scale * float32(row[j]))
			dst.Row(i)[j] = float64(p + o.Shift)
		}
	}
	m.Store(o.Dst, dst)
}

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
