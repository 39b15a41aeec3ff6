package cases

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A tower is the first layer of a network whose inputs are mostly 0, with the
// memory of its training step, all of which holds numbers from the beginning.
type tower struct {
	p                *judge.Problem
	pixels           compute.Bytes
	x, z, delta      compute.Mat // a batch
	w, other, g      compute.Mat // weights, as many more, and a gradient
	sum, bias        compute.Mat // rows
	gather           compute.Gather
	forward, product compute.MatMul // z = x·wᵀ and g = deltaᵀ·x
	update           compute.Update // of w by g
}

func newTower(p *judge.Problem) *tower {
	const batch, inputs, units = 130, 90, 37
	p.Bare = true
	state := func(name string, rows, cols int) compute.Mat { return p.State(name, rows, cols, p.Random(0.3)) }
	t := &tower{
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

// An ordering is a program on a tower, and the reason for its order.
type ordering struct {
	reason string
	build  func(t *tower) []compute.Op
}

// orderings are programs in which ops that look like a training step's must keep
// their order, or must not be made one op, each for a reason of its own.
var orderings = []ordering{
	{"gathered rows are a result", func(t *tower) []compute.Op {
		t.p.Scratch(t.g)
		return []compute.Op{t.gather, t.forward, t.product, t.update}
	}},
	{"gathered rows are read before", func(t *tower) []compute.Op {
		return []compute.Op{t.forward, t.gather}
	}},
	{"gathered rows change in part", func(t *tower) []compute.Op {
		part := compute.Gather{Dst: t.x.RowRange(7, 30), Src: t.pixels, Scale: 2}
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, part, t.product, t.update}
	}},
	{"weights are read by another op", func(t *tower) []compute.Op {
		t.p.Scratch(t.x)
		return []compute.Op{t.gather, t.forward, compute.ColumnSum{Dst: t.sum, Src: t.w}}
	}},
	{"weights are seen in another shape", func(t *tower) []compute.Op {
		turned := compute.Mat{Buf: t.w.Buf, Rows: t.w.Cols, Cols: t.w.Rows}
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, t.product, compute.Fill{Dst: turned.RowRange(1, 3), Value: 0.5}, t.update}
	}},
	{"weights change before they are used", func(t *tower) []compute.Op {
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.product, t.update, t.forward}
	}},
	{"weights are not those of the product", func(t *tower) []compute.Op {
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, t.product, compute.Update{W: t.other, G: t.g}}
	}},
	{"weights are the deltas their gradient is made of", func(t *tower) []compute.Op {
		w := compute.Mat{Buf: t.delta.Buf, Rows: t.g.Rows, Cols: t.g.Cols}
		t.p.Scratch(t.g)
		return []compute.Op{t.product, compute.Update{W: w, G: t.g}}
	}},
	{"velocities are the deltas the gradient is made of", func(t *tower) []compute.Op {
		v := compute.Mat{Buf: t.delta.Buf, Rows: t.g.Rows, Cols: t.g.Cols}
		t.p.Scratch(t.g)
		return []compute.Op{t.product, compute.Update{W: t.w, V: v, G: t.g}}
	}},
	{"deltas are part of what is gathered", func(t *tower) []compute.Op {
		t.product.A = compute.Mat{Buf: t.x.Buf, Off: 5, Rows: t.delta.Rows, Cols: t.delta.Cols}
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, t.product, t.update}
	}},
	{"gradient is read again", func(t *tower) []compute.Op {
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, t.product, t.update, compute.ColumnSum{Dst: t.sum, Src: t.g}}
	}},
	{"gradient of dense inputs is read again", func(t *tower) []compute.Op {
		t.p.Scratch(t.g)
		return []compute.Op{t.product, t.update, compute.ColumnSum{Dst: t.sum, Src: t.g}}
	}},
	{"gradient is used twice", func(t *tower) []compute.Op {
		t.p.Scratch(t.g)
		return []compute.Op{t.product, t.update, compute.Update{W: t.other, G: t.g}}
	}},
	{"gradient is used in part", func(t *tower) []compute.Op {
		t.p.Scratch(t.g)
		return []compute.Op{t.product, compute.Update{W: t.w.RowRange(1, 2), G: t.g.RowRange(2, 2)}}
	}},
	{"deltas change before the update", func(t *tower) []compute.Op {
		t.p.Scratch(t.x, t.g)
		return []compute.Op{t.gather, t.forward, t.product, compute.Fill{Dst: t.delta.RowRange(0, 9), Value: 0.5}, t.update}
	}},
	{"inputs change before the update", func(t *tower) []compute.Op {
		t.p.Scratch(t.g)
		return []compute.Op{t.product, compute.Fill{Dst: t.x.RowRange(0, 9), Value: 0.5}, t.update}
	}},
	{"activation takes the place of the inputs", func(t *tower) []compute.Op {
		t.p.Scratch(t.z)
		place := compute.Mat{Buf: t.x.Buf, Rows: t.z.Rows, Cols: t.z.Cols}
		return []compute.Op{t.forward, compute.Activate{Dst: place, Src: t.z, Bias: t.bias, F: compute.Tanh}}
	}},
	{"activation takes the place of the weights", func(t *tower) []compute.Op {
		z := t.z.RowRange(0, 64)
		t.p.Scratch(z)
		place := compute.Mat{Buf: t.w.Buf, Rows: z.Rows, Cols: z.Cols}
		return []compute.Op{compute.MatMul{Dst: z, A: t.x.RowRange(0, 64), B: t.w, TransB: true},
			compute.Activate{Dst: place, Src: z, F: compute.Sigmoid}}
	}},
	{"deltas take the place of those they are made of", func(t *tower) []compute.Op {
		const rows = 50
		back := t.x.RowRange(0, rows)
		t.p.Scratch(back)
		place := func(m compute.Mat) compute.Mat { return compute.Mat{Buf: m.Buf, Rows: rows, Cols: back.Cols} }
		return []compute.Op{
			compute.MatMul{Dst: back, A: t.delta.RowRange(0, rows), B: t.w},
			compute.Delta{Dst: place(t.delta), Back: back, Y: place(t.z), F: compute.Tanh},
		}
	}},
	{"inputs of one gradient are weights that another changes", func(t *tower) []compute.Op {
		t.p.Scratch(t.g, t.other)
		return []compute.Op{t.product, t.update,
			compute.MatMul{Dst: t.other, A: t.delta.RowRange(0, t.w.Rows), B: t.w, TransA: true},
			compute.Update{W: compute.Mat{Buf: t.x.Buf, Rows: t.w.Rows, Cols: t.w.Cols}, G: t.other}}
	}},
	{"rows are read one further on", func(t *tower) []compute.Op {
		n := t.x.Rows - 1
		return []compute.Op{
			compute.Activate{Dst: t.z.RowRange(0, n), Src: t.delta.RowRange(0, n), F: compute.Tanh},
			compute.Activate{Dst: t.delta.RowRange(0, n), Src: t.z.RowRange(1, n), F: compute.Sigmoid},
		}
	}},
	{"all rows are needed by each", func(t *tower) []compute.Op {
		const n = 99
		square := compute.Mat{Buf: t.x.Buf, Rows: n, Cols: n}
		return []compute.Op{
			compute.Activate{Dst: t.z.RowRange(0, n), Src: t.delta.RowRange(0, n), F: compute.Tanh},
			compute.MatMul{Dst: t.delta.RowRange(0, n), A: square, B: t.z.RowRange(0, n)},
		}
	}},
	{"last of two writes stays", func(t *tower) []compute.Op {
		return []compute.Op{
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
		l.add("program", "ordering", []string{o.reason}, func(p *judge.Problem) { p.Ops = o.build(newTower(p)) })
	}
}
