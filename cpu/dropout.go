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

func (l *plan) dropoutNode(i int, o compute.Dropout) *node {
	if b := l.batches[i]; b != nil && b.buf.data != nil {
		return l.dropPicturesNode(i, o)
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

// dropPictures is compute.Dropout of numbers that are bytes, which products are given in
// their place.
type dropPictures struct {
	from      pictures
	batch     []byte
	stream    uint32
	threshold uint32
}

func (l *plan) dropPicturesNode(i int, o compute.Dropout) *node {
	p, _ := l.pictures(i)
	d := &dropPictures{from: *p.batch.from, batch: p.batch.buf.data, stream: o.Stream}
	d.threshold, _ = o.Threshold()
	return &node{row: d, rows: o.Dst.Rows, cost: drawCost * float64(o.Dst.Len()), in: d.from.made(true), out: p.made(true)}
}

func (d *dropPictures) rows(_, lo, hi int, args *compute.Args) {
	cols, src, row := d.from.set.Cols, d.from.bytes(), d.from.row(args)
	for i := lo; i < hi; i++ {
		from := rowNumber(d.from.index, row+i) * cols
		copy(d.batch[i*cols:(i+1)*cols], src[from:from+cols])
	}
	simd.DropBytes(d.batch[lo*cols:hi*cols], args.Draws(d.stream), uint64(lo*cols), d.threshold)
}
