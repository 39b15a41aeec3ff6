package cases

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A firstLayer is the first layer of a network whose inputs are mostly 0, with the
// matrices of its training step. All of them are initialised.
type firstLayer struct {
	p                *judge.Problem
	pixels           compute.Bytes
	x, z, delta      compute.Mat // a batch
	w, other, g      compute.Mat // weights, other weights and a gradient
	sum, bias        compute.Mat // rows
	gather           compute.Gather
	forward, product compute.MatMul // z = x·wᵀ and g = deltaᵀ·x
	update           compute.Update // of w by g
}

func newFirstLayer(p *judge.Problem) *firstLayer {
	const batch, inputs, units = 130, 90, 37
	p.Bare = true
	state := func(name string, rows, cols int) compute.Mat { return p.State(name, rows, cols, p.Random(0.3)) }
	t := &firstLayer{
		p: p, pixels: p.NewSparseBytes(batch+1, inputs),
		x: state("X", batch, inputs), z: state("Z", batch, units), delta: state("delta", batch, units),
		w: state("W", units, inputs), other: state("other", units, inputs), g: state("G", units, inputs),
		sum: state("Sum", 1, inputs), bias: state("bias", 1, units),
	}
	t.gather = compute.Gather{Dst: t.x, Src: t.pixels, Scale: 1. / 255}
	t.forward = compute.MatMul{Dst: t.z, A: t.x, B: t.w, TransB: true}
	t.product = compute.MatMul{Dst: t.g, A: t.delta, B: t.x, TransA: true}
	t.update = compute.Update{W: t.w, G: t.g}
	for i := range 2 {
		p.AddRun(compute.Args{Row: i, LearningRate: 0.1})
	}
	return t
}

// An ordering is a program on a first layer, and the reason for its order.
type ordering struct {
	reason string
	build  func(t *firstLayer) (mats, ops) // returns scratch and the program
}

type (
	mats = []compute.Mat
	ops  = []compute.Op
)

// orderings are programs like a training step, in which ops must keep
// their order or must not be fused. Each has a different reason.
var orderings = []ordering{
	{"gathered rows are a result", func(t *firstLayer) (mats, ops) { return mats{t.g}, ops{t.gather, t.forward, t.product, t.update} }},
	{"gathered rows are read before", func(t *firstLayer) (mats, ops) { return nil, ops{t.forward, t.gather} }},
	{"gathered rows change in part", func(t *firstLayer) (mats, ops) {
		part := compute.Gather{Dst: t.x.RowRange(7, 30), Src: t.pixels, Scale: 2}
		return mats{t.x, t.g}, ops{t.gather, t.forward, part, t.product, t.update}
	}},
	{"weights are read by another op", func(t *firstLayer) (mats, ops) {
		return mats{t.x}, ops{t.gather, t.forward, compute.ColumnSum{Dst: t.sum, Src: t.w}}
	}},
	{"weights are seen in another shape", func(t *firstLayer) (mats, ops) {
		turned := compute.Mat{Buf: t.w.Buf, Rows: t.w.Cols, Cols: t.w.Rows}
		return mats{t.x, t.g}, ops{t.gather, t.forward, t.product, compute.Fill{Dst: turned.RowRange(1, 3), Value: 0.5}, t.update}
	}},
	{"weights change before they are used", func(t *firstLayer) (mats, ops) { return mats{t.x, t.g}, ops{t.gather, t.product, t.update, t.forward} }},
	{"weights are not those of the product", func(t *firstLayer) (mats, ops) {
		return mats{t.x, t.g}, ops{t.gather, t.forward, t.product, compute.Update{W: t.other, G: t.g}}
	}},
	{"weights are the deltas their gradient is made of", func(t *firstLayer) (mats, ops) {
		w := compute.Mat{Buf: t.delta.Buf, Rows: t.g.Rows, Cols: t.g.Cols}
		return mats{t.g}, ops{t.product, compute.Update{W: w, G: t.g}}
	}},
	{"velocities are the deltas the gradient is made of", func(t *firstLayer) (mats, ops) {
		v := compute.Mat{Buf: t.delta.Buf, Rows: t.g.Rows, Cols: t.g.Cols}
		return mats{t.g}, ops{t.product, compute.Update{W: t.w, V: v, G: t.g}}
	}},
	{"deltas are part of the gathered samples", func(t *firstLayer) (mats, ops) {
		t.product.A = compute.Mat{Buf: t.x.Buf, Off: 5, Rows: t.delta.Rows, Cols: t.delta.Cols}
		return mats{t.x, t.g}, ops{t.gather, t.forward, t.product, t.update}
	}},
	{"gradient is read again", func(t *firstLayer) (mats, ops) {
		return mats{t.x, t.g}, ops{t.gather, t.forward, t.product, t.update, compute.ColumnSum{Dst: t.sum, Src: t.g}}
	}},
	{"gradient of dense inputs is read again", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, t.update, compute.ColumnSum{Dst: t.sum, Src: t.g}}
	}},
	{"gradient is used twice", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, t.update, compute.Update{W: t.other, G: t.g}}
	}},
	{"gradient is used in part", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, compute.Update{W: t.w.RowRange(1, 2), G: t.g.RowRange(2, 2)}}
	}},
	{"deltas change before the update", func(t *firstLayer) (mats, ops) {
		return mats{t.x, t.g}, ops{t.gather, t.forward, t.product, compute.Fill{Dst: t.delta.RowRange(0, 9), Value: 0.5}, t.update}
	}},
	{"inputs change before the update", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, compute.Fill{Dst: t.x.RowRange(0, 9), Value: 0.5}, t.update}
	}},
	{"activation takes the place of the inputs", func(t *firstLayer) (mats, ops) {
		place := compute.Mat{Buf: t.x.Buf, Rows: t.z.Rows, Cols: t.z.Cols}
		return mats{t.z}, ops{t.forward, compute.Activate{Dst: place, Src: t.z, Bias: t.bias, F: compute.Tanh}}
	}},
	{"activation takes the place of the weights", func(t *firstLayer) (mats, ops) {
		z := t.z.RowRange(0, 64)
		place := compute.Mat{Buf: t.w.Buf, Rows: z.Rows, Cols: z.Cols}
		return mats{z}, ops{compute.MatMul{Dst: z, A: t.x.RowRange(0, 64), B: t.w, TransB: true},
			compute.Activate{Dst: place, Src: z, F: compute.Sigmoid}}
	}},
	{"deltas take the place of those they are made of", func(t *firstLayer) (mats, ops) {
		const rows = 50
		back := t.x.RowRange(0, rows)
		place := func(m compute.Mat) compute.Mat { return compute.Mat{Buf: m.Buf, Rows: rows, Cols: back.Cols} }
		return mats{back}, ops{
			compute.MatMul{Dst: back, A: t.delta.RowRange(0, rows), B: t.w},
			compute.Delta{Dst: place(t.delta), Back: back, Y: place(t.z), F: compute.Tanh},
		}
	}},
	{"inputs of one gradient are weights that another changes", func(t *firstLayer) (mats, ops) {
		return mats{t.g, t.other}, ops{t.product, t.update,
			compute.MatMul{Dst: t.other, A: t.delta.RowRange(0, t.w.Rows), B: t.w, TransA: true},
			compute.Update{W: compute.Mat{Buf: t.x.Buf, Rows: t.w.Rows, Cols: t.w.Cols}, G: t.other}}
	}},
	{"rows are read one further on", func(t *firstLayer) (mats, ops) {
		n := t.x.Rows - 1
		return nil, ops{
			compute.Activate{Dst: t.z.RowRange(0, n), Src: t.delta.RowRange(0, n), F: compute.Tanh},
			compute.Activate{Dst: t.delta.RowRange(0, n), Src: t.z.RowRange(1, n), F: compute.Sigmoid},
		}
	}},
	{"all rows are needed by each", func(t *firstLayer) (mats, ops) {
		const n = 99
		square := compute.Mat{Buf: t.x.Buf, Rows: n, Cols: n}
		return nil, ops{
			compute.Activate{Dst: t.z.RowRange(0, n), Src: t.delta.RowRange(0, n), F: compute.Tanh},
			compute.MatMul{Dst: t.delta.RowRange(0, n), A: square, B: t.z.RowRange(0, n)},
		}
	}},
	{"last of two writes stays", func(t *firstLayer) (mats, ops) {
		return nil, ops{
			t.gather,
			compute.Fill{Dst: t.z, Value: 0.5},
			compute.Activate{Dst: t.z, Src: t.delta, Bias: t.bias, F: compute.Tanh},
		}
	}},
}

func (l *caseList) orderings() {
	if l.quick {
		return
	}
	for _, o := range slices.Concat(orderings, trainingOrderings) {
		l.add("program", "ordering", []string{o.reason}, func(p *judge.Problem) {
			scratch, ops := o.build(newFirstLayer(p))
			p.Scratch(scratch...)
			p.Add(ops...)
		})
	}
}
