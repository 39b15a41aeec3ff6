package reference

import "shadegrad/compute"

func init() { register(noise) }

func noise(o compute.Noise, args compute.Args, m Memory) {
	dst := NewMatrix(o.Dst.Rows, o.Dst.Cols)
	draws := args.Draws(o.Stream)
	for e := range dst.Val {
		dst.Val[e] = centred(draws.Half(uint64(e)))
	}
	m.Store(o.Dst, dst)
}

// centred maps 16 random bits to (−1, 1): the middle of one of 2¹⁶ intervals.
func centred(u uint16) float64 { return (2*float64(u)+1)/0x1p16 - 1 }
