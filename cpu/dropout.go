package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/simd"
)

// dropout is compute.Dropout.
type dropout struct {
	dst, src  []float32
	cols      int
	stream    uint32
	threshold uint32
	factor    float32
}

func dropoutNode(o compute.Dropout) *node {
	d := &dropout{dst: data(o.Dst), src: data(o.Src), cols: o.Dst.Cols, stream: o.Stream}
	d.threshold, d.factor = o.Threshold()
	return &node{row: d, rows: o.Dst.Rows, cost: drawCost * float64(o.Dst.Len()),
		in: localSpans(o.Src), out: localSpans(o.Dst)}
}

func (d *dropout) rows(_, lo, hi int, args *compute.Args) {
	lo, hi = lo*d.cols, hi*d.cols
	simd.Dropout(d.dst[lo:hi], d.src[lo:hi], args.Draws(d.stream), uint64(lo), d.threshold, d.factor)
}
