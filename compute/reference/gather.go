package reference

import "shadegrad/compute"

func init() { register(gather) }

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
