package cpu

import "shadegrad/compute"

// gather is compute.Gather.
type gather struct {
	dst   []float32
	src   []byte
	index []uint32
	cols  int
	table [256]float32 // what each byte becomes
}

func newGather(o compute.Gather) *gather {
	g := &gather{dst: data(o.Dst), src: o.Src.Buf.(*buffer[byte]).data,
		index: rowNumbers(o.Index), cols: o.Dst.Cols}
	for p := range g.table {
		// The conversion keeps processors with a fused multiply-add from using
		// it, as the op's equation asks.
		g.table[p] = float32(o.Scale*float32(p)) + o.Shift
	}
	return g
}

func (g *gather) run(args compute.Args) {
	parallel(len(g.dst)/g.cols, g.cols, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := rowNumber(g.index, args.Row+i)
			src := g.src[row*g.cols : (row+1)*g.cols]
			dst := g.dst[i*g.cols : (i+1)*g.cols]
			for j, p := range src {
				dst[j] = g.table[p]
			}
		}
	})
}
