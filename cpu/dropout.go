package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/simd"
)

func init() { register((*plan).dropoutNode) }

// dropout is compute.Dropout.
type dropout struct {
	dst, src  []float32
	cols      int
	stream    uint32
	threshold uint32
	factor    float32
}

func (l *plan) dropoutNode(i int, o compute.Dropout) *node {
	if b := l.byteBatches[i]; b != nil && b.buf.data != nil {
		return l.dropBytesNode(i, o)
	}
	d := &dropout{dst: data(o.Dst), src: data(o.Src), cols: o.Dst.Cols, stream: o.Stream}
	d.threshold, d.factor = o.Threshold()
	return &node{row: d, rows: o.Dst.Rows, cost: drawCost * float64(o.Dst.Len()),
		in: localSpans(o.Src), out: localSpans(o.Dst)}
}

func (d *dropout) rows(_, lo, hi int, args *compute.Args) {
	lo, hi = lo*d.cols, hi*d.cols
	simd.Dropout(d.dst[lo:hi], d.src[lo:hi], args.Draws(d.stream), uint64(lo), d.threshold, d.factor)
}

// dropBytes is compute.Dropout of a byteMatrix whose bytes products read.
type dropBytes struct {
	source    byteMatrix
	batch     []byte
	stream    uint32
	threshold uint32
}

func (l *plan) dropBytesNode(i int, o compute.Dropout) *node {
	p, _ := l.byteMatrix(i)
	d := &dropBytes{source: *p.batch.source, batch: p.batch.buf.data, stream: o.Stream}
	d.threshold, _ = o.Threshold()
	return &node{row: d, rows: o.Dst.Rows, cost: drawCost * float64(o.Dst.Len()), in: d.source.byteSpans(true), out: p.byteSpans(true)}
}

func (d *dropBytes) rows(_, lo, hi int, args *compute.Args) {
	cols, src, row := d.source.set.Cols, d.source.bytes(), d.source.row(args)
	for i := lo; i < hi; i++ {
		from := rowNumber(d.source.index, row+i) * cols
		copy(d.batch[i*cols:(i+1)*cols], src[from:from+cols])
	}
	simd.DropBytes(d.batch[lo*cols:hi*cols], args.Draws(d.stream), uint64(lo*cols), d.threshold)
}
