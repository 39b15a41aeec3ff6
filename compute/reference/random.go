package reference

import "shadegrad/compute"

func init() {
	register(dropout)
	register(noise)
}

// dropout rounds the product with K to float32 if Src is a float32, because every backend must give the same bits.
func dropout(o compute.Dropout, args compute.Args, m Memory) {
	src, kept := m.Load(o.Src), Kept(o, args)
	dst := NewMatrix(src.Rows, src.Cols)
	_, k := o.Threshold()
	for e, v := range src.Val {
		switch {
		case !kept(e):
		case v == float64(float32(v)):
			dst.Val[e] = float64(float32(v) * k)
		default:
			dst.Val[e] = v * float64(k)
		}
	}
	m.Store(o.Dst, dst)
}

// Kept returns a function that reports whether op Dropout keeps element e.
func Kept(o compute.Dropout, args compute.Args) func(e int) bool {
	draws := args.Draws(o.Stream)
	threshold, _ := o.Threshold()
	return func(e int) bool { return uint32(draws.Half(uint64(e))) >= threshold }
}

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
