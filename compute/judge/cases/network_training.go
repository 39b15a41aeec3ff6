package cases

import (
	"fmt"

	"shadegrad/compute"
)

// The streams of a step's random numbers; the dropout of hidden layer i has dropStream + i.
const (
	noiseStream = iota
	warpStream
	dropStream

	stepSeed = 0xFEEDFACE_00000007
)

// newTraining adds the matrices that do not belong to a layer.
func (s *step) newTraining() {
	p := s.p
	if s.fed = s.x; s.DropInput > 0 {
		s.fed = p.Output("fed", s.Batch, s.Sizes[0])
	}
	if s.Update.Clip > 0 {
		n := len(s.Sizes) - 1
		if s.Biases {
			n *= 2
		}
		s.norms = p.Output("Norms", 1, n)
	}
	if s.elastic() {
		s.newField()
	}
}

// newState adds state of a layer's updates: one matrix for the weights and one for the biases, if there are any.
func (s *step) newState(weights, biases string, layer, out, in int, value func(int) float32) (w, b compute.Mat) {
	w = s.p.State(fmt.Sprint(weights, layer), out, in, value)
	if s.Biases {
		b = s.p.State(fmt.Sprint(biases, layer), 1, out, value)
	}
	return w, b
}

// read adds the ops that make the network's inputs.
func (s *step) read(training bool) {
	switch {
	case s.Numbers:
		s.p.Add(compute.Take{Dst: s.x, Src: s.values, Index: s.index})
	case training && s.Warp.Width > 0:
		s.distort()
	default:
		s.p.Add(compute.Gather{Dst: s.x, Src: s.pixels, Index: s.index, Scale: 1. / 255, Shift: s.shift})
	}
	if training {
		s.dropout(s.fed, s.x, s.DropInput, 0)
	}
}

// dropout adds the dropout of layer i's outputs, if there is one.
func (s *step) dropout(dst, src compute.Mat, rate float32, i int) {
	if rate > 0 && !dst.IsZero() {
		s.p.Add(compute.Dropout{Dst: dst, Src: src, Rate: rate, Stream: uint32(dropStream + i)})
	}
}

// input returns the input of layer i.
func (s *step) input(i int) compute.Mat {
	switch {
	case i == 0:
		return s.fed
	case s.layers[i-1].dropped.IsZero():
		return s.layers[i-1].y
	}
	return s.layers[i-1].dropped
}

// A parameter is the weights or the biases of a layer, with the state of their updates.
type parameter struct {
	w, v, s, a, g compute.Mat
	gradient      compute.Op // computes g
	bias          bool
}

// parameters lists the parameters of layer i.
func (s *step) parameters(i int) []parameter {
	l := s.layers[i]
	list := []parameter{{l.w, l.vw, l.sw, l.aw, l.dw, compute.MatMul{Dst: l.dw, A: l.delta, B: s.input(i), TransA: true}, false}}
	if s.Biases {
		list = append(list, parameter{l.b, l.vb, l.sb, l.ab, l.db, compute.ColumnSum{Dst: l.db, Src: l.delta}, true})
	}
	return list
}

// norm is the element of the norms for the i-th gradient.
func (s *step) norm(i int) compute.Mat {
	return compute.Mat{Buf: s.norms.Buf, Off: s.norms.Off + i, Rows: 1, Cols: 1}
}

// updates lists the ops that change a parameter. Penalties and norm limits apply only to weights.
func (s *step) updates(m parameter) []compute.Op {
	u := s.Update
	u.W, u.V, u.S, u.G, u.Norms = m.w, m.v, m.s, m.g, s.norms
	if m.bias {
		u.L2, u.L1, u.Decay = 0, 0, 0
	}
	ops := []compute.Op{u}
	if s.MaxNorm > 0 && !m.bias {
		ops = append(ops, compute.MaxNorm{W: m.w, Limit: s.MaxNorm})
	}
	if s.Average > 0 {
		ops = append(ops, compute.Average{Dst: m.a, Src: m.w, Decay: s.Average})
	}
	return ops
}

// forgetTraining marks the matrices of a training as scratch that later steps do not need.
func (s *step) forgetTraining() {
	list := []compute.Mat{s.batchTargets, s.field.noise, s.field.blurred, s.field.field, s.norms}
	if s.fed != s.x {
		list = append(list, s.fed)
	}
	if !s.field.blurred.IsZero() {
		b, f := s.field.blurred, s.field.field
		list = append(list, compute.Mat{Buf: b.Buf, Off: b.Off, Rows: f.Rows, Cols: f.Cols})
	}
	for i := range s.norms.Cols {
		list = append(list, s.norm(i))
	}
	s.p.Scratch(list...)
}
