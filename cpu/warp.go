package cpu

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
)

func init() { register((*plan).warpNode) }

// warp is compute.Warp.
type warp struct {
	op          compute.Warp
	src, labels []byte
	index       []uint32
	field       []float32 // Field; without one, a row of zeros for every image
	made        *field    // the field that the workers make, or nil
	numbers     []float32 // Dst; nil if it is not written
	batch       []byte    // nil if no product reads bytes
	perWorker   []warper
}

// A warper is the memory of a worker that distorts images.
type warper struct {
	engine *sgemm.Engine
	image  *simd.Sampler
	field  *elastic // nil if the field is in memory
	bytes  []byte
	_      [64]byte // padding: the next worker's is on another cache line
}

func (l *plan) warpNode(i int, o compute.Warp) *node {
	p, _ := l.byteMatrix(i)
	w := &warp{op: o, src: o.Src.Buf.(*buffer[byte]).data, index: rowNumbers(o.Index), field: data(o.Field), made: p.batch.field, batch: p.batch.buf.data}
	if o.Calm != 0 {
		w.labels = o.Labels.Buf.(*buffer[byte]).data
	}
	if o.Field.IsZero() {
		w.field = make([]float32, o.Width)
	}
	n := &node{row: w, rows: o.Dst.Rows, cost: warpCost * float64(o.Dst.Len()), in: spans(o.Field)}
	if w.made != nil {
		n.in = spans(w.made.blurX, w.made.blurY)
		n.cost += float64(o.Dst.Len()) * (2*drawCost + 4*float64(o.Width+o.Height))
	}
	if w.batch != nil {
		n.out = p.byteSpans(true)
	}
	if !p.batch.bytesOnly {
		w.numbers = data(o.Dst)
		n.out = append(n.out, localSpans(o.Dst)...)
	}
	for _, e := range l.backend.engines {
		own := warper{engine: e, image: simd.NewSampler(o.Width, o.Height), bytes: make([]byte, o.Src.Cols+simd.WarpRoom)}
		if w.made != nil {
			own.field = newElastic(w.made, o, e)
		}
		w.perWorker = append(w.perWorker, own)
	}
	return n
}

// warpCost is the cost of distorting a pixel, in floating-point operations.
const warpCost = 64

func (w *warp) rows(worker, lo, hi int, args *compute.Args) {
	own, o := &w.perWorker[worker], &w.op
	if w.index != nil { // images in random order are not in the cache
		simd.PrefetchRows(w.src, o.Src.Cols, w.index[args.Row+lo:args.Row+hi])
	}
	if own.field == nil {
		ld := o.Field.Cols
		for i := lo; i < hi; i++ {
			fx, fy := w.field, w.field
			if ld > 0 {
				fx, fy = w.field[i*o.Width:], w.field[(o.Dst.Rows+i)*o.Width:]
			}
			w.image(own, i, fx, fy, ld, args)
		}
		return
	}
	for ; lo < hi; lo += fieldsAtATime {
		n := min(fieldsAtATime, hi-lo)
		f := own.field.make(lo, n, args.Draws(own.field.stream))
		for i := range n {
			w.image(own, lo+i, f[i*o.Width:], f[(n+i)*o.Width:], 2*n*o.Width, args)
		}
	}
}

// image distorts image i of the batch.
func (w *warp) image(own *warper, i int, fx, fy []float32, ld int, args *compute.Args) {
	from, cols := rowNumber(w.index, args.Row+i), w.op.Src.Cols
	place := w.place(from, args.Draws(w.op.Stream), i)
	own.image.Load(w.src[from*cols:][:cols])
	own.image.Warp(own.bytes, fx, fy, ld, &place)
	if w.batch != nil {
		copy(w.batch[i*cols:(i+1)*cols], own.bytes)
	}
	if w.numbers != nil {
		b := sgemm.Bytes{X: own.bytes, LD: cols, Scale: w.op.Scale, Shift: w.op.Shift}
		own.engine.Gather(w.numbers[i*cols:(i+1)*cols], &b, 1, cols)
	}
}

// place draws the distortion of image i of the batch, which is row from of the data set.
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
