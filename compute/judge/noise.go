package judge

import (
	"math"

	"shadegrad/compute"
)

// noise is op Noise, and exact: its numbers have 17 bits.
func noise(o compute.Noise, args compute.Args) *grid {
	out := newGrid(o.Dst.Rows, o.Dst.Cols)
	draws := args.Draws(o.Stream)
	for e := range out.val {
		v := centred(draws.Half(uint64(e)))
		out.set(e, v, 0, math.Abs(v))
	}
	return out
}

// centred makes 16 random bits a number in (−1, 1): the middle of one of 2¹⁶ parts.
func centred(u uint16) float64 { return (2*float64(u)+1)/0x1p16 - 1 }
