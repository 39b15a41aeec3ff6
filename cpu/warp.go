package cpu

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
)

// A warped is what becomes of the images that an op Warp distorts.
type warped struct {
	batch  *buffer[byte] // them as bytes, which products are given; without data where none is
	silent bool          // Dst is not written
}

// warp is compute.Warp.
type warp struct {
	op          compute.Warp
	src, labels []byte
	index       []uint32
	field       []float32 // nil for none, which is 0
	numbers     []float32 // Dst; nil where it is not written
	batch       []byte    // nil where nobody reads them
	own         []warper  // of each worker
}

// A warper is what a worker needs to distort an image.
type warper struct {
	engine *sgemm.Engine
	image  *simd.Sampler
	bytes  []byte
	_      [64]byte // keeps the next worker's off this one's cache line
}

func (l *plan) warpNode(i int, o compute.Warp) *node {
	w := &warp{op: o, src: o.Src.Buf.(*buffer[byte]).data, index: rowNumbers(o.Index), field: data(o.Field)}
	if o.Calm != 0 {
		w.labels = o.Labels.Buf.(*buffer[byte]).data
	}
	if w.field == nil {
		w.field = make([]float32, o.Width) // of every row of every image
	}
	n := &node{row: w, rows: o.Dst.Rows, cost: warpCost * float64(o.Dst.Len()), in: spans(o.Field)}
	l.pictures(i)
	to := l.warps[i]
	if w.batch = to.batch.data; w.batch != nil {
		n.out = []span{{buf: to.batch, hi: len(w.batch), local: true}}
	}
	if !to.silent {
		w.numbers = data(o.Dst)
		n.out = append(n.out, localSpans(o.Dst)...)
	}
	for _, e := range l.backend.alone {
		w.own = append(w.own, warper{engine: e, image: simd.NewSampler(o.Width, o.Height), bytes: make([]byte, o.Src.Cols+simd.WarpRoom)})
	}
	return n
}

// warpCost is what it costs to distort a pixel, in floating-point operations.
const warpCost = 64

func (w *warp) rows(worker, lo, hi int, args *compute.Args) {
	own, cols, stream := &w.own[worker], w.op.Src.Cols, args.Draws(w.op.Stream)
	for i := lo; i < hi; i++ {
		w.image(own, i, args.Row, stream)
		if w.batch != nil {
			copy(w.batch[i*cols:(i+1)*cols], own.bytes)
		}
		if w.numbers != nil {
			b := sgemm.Bytes{X: own.bytes, LD: cols, Scale: w.op.Scale, Shift: w.op.Shift}
			own.engine.Gather(w.numbers[i*cols:(i+1)*cols], &b, 1, cols)
		}
	}
}

// image distorts image i of the batch at a row.
func (w *warp) image(own *warper, i, row int, stream philox.Stream) {
	o, from := &w.op, rowNumber(w.index, row+i)
	place := w.place(from, stream, i)
	own.image.Load(w.src[from*o.Src.Cols:][:o.Src.Cols])
	fx, fy, ld := w.field, w.field, 0
	if !o.Field.IsZero() {
		fx, fy, ld = w.field[i*o.Width:], w.field[(o.Dst.Rows+i)*o.Width:], o.Field.Cols
	}
	own.image.Warp(own.bytes, fx, fy, ld, &place)
}

// place draws how image i of the batch, which is row from of the data set, is distorted.
func (w *warp) place(from int, stream philox.Stream, i int) simd.Place {
	o := &w.op
	var halves [compute.WarpDraws]uint16
	stream.Halves(halves[:], compute.WarpDraws*uint64(i))
	u := func(l int) float64 { return (2*float64(halves[l])+1)/(1<<16) - 1 }
	h := 1.
	if w.labels != nil {
		if class := w.labels[from]; class < 64 && o.Calm>>class&1 != 0 {
			h = 0.5
		}
	}
	sin, cos := math.Sincos(h * float64(o.Rotation) * u(0))
	a, b := 1+float64(o.Scaling)*u(1), 1+float64(o.Scaling)*u(2)
	k := h * float64(o.Shear) * u(3)
	least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
	return simd.Place{
		XX: float32(cos / a), XY: float32((cos*k - sin) / b), X0: float32(float64(o.Width-1)/2 + float64(o.Translation)*u(4)),
		YX: float32(sin / a), YY: float32((sin*k + cos) / b), Y0: float32(float64(o.Height-1)/2 + float64(o.Translation)*u(5)),
		Alpha: float32((least+most)/2 + (most-least)/2*u(6)),
	}
}
