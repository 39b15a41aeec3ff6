package cases

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/compute"
)

// A training has the options of a step besides the plain update.
type training struct {
	update       compute.Update // the rule and its numbers
	limit        float32        // of op MaxNorm
	average      float32        // op Average's decay
	dropIn, drop float32        // the rates of op Dropout: of inputs, and of hidden units
	warp         compute.Warp   // its ranges and its classes, where Width is above 0
	elastic      bool           // with an elastic field
	numbers      bool           // the inputs are numbers, read by op Take
	regression   bool           // the targets are numbers
	backFirst    bool           // a layer's error is propagated before its gradients are computed
}

func (t training) String() string {
	u, parts := t.update, []string(nil)
	for _, v := range []struct {
		value float32
		name  string
	}{{u.L2, "l2"}, {u.L1, "l1"}, {u.Decay, "decay"}, {u.Clip, "clip"}, {t.limit, "limit"}, {t.average, "average"}, {t.dropIn, "drop-input"}, {t.drop, "drop"}} {
		if v.value > 0 {
			parts = append(parts, fmt.Sprintf("%s=%g", v.name, v.value))
		}
	}
	for _, s := range []string{flag(u.Rule != compute.SGD, u.Rule.String()), flag(t.warp.Width > 0, "warp"), flag(t.elastic, "elastic"),
		flag(t.numbers, "numbers"), flag(t.regression, "regression"), flag(t.backFirst, "back first")} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ",")
}

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
	if s.fed = s.x; s.dropIn > 0 {
		s.fed = p.Output("fed", s.batch, s.sizes[0])
	}
	if s.update.Clip > 0 {
		n := len(s.sizes) - 1
		if s.biases {
			n *= 2
		}
		s.norms = p.Output("Norms", 1, n)
	}
	if s.elastic {
		s.newField()
	}
}

// newState adds the state of a layer's updates: squares and averages.
func (s *step) newState(l *layer, name func(string) string) {
	if s.update.Rule == compute.RMSProp || s.update.Rule == compute.Adam {
		squares := func(int) float32 { return float32(math.Abs(float64(s.p.Normal(0.1)))) }
		l.sw = s.p.State(name("S"), l.w.Rows, l.w.Cols, squares)
		if s.biases {
			l.sb = s.p.State(name("s"), 1, l.w.Rows, squares)
		}
	}
	if s.average > 0 {
		l.aw = s.p.State(name("A"), l.w.Rows, l.w.Cols, s.p.Random(0.1))
		if s.biases {
			l.ab = s.p.State(name("a"), 1, l.w.Rows, s.p.Random(0.1))
		}
	}
}

// read adds the ops that make the network's inputs.
func (s *step) read(training bool) {
	switch {
	case s.numbers:
		s.p.Add(compute.Take{Dst: s.x, Src: s.values, Index: s.index})
	case training && s.warp.Width > 0:
		s.distort()
	default:
		s.p.Add(compute.Gather{Dst: s.x, Src: s.pixels, Index: s.index, Scale: 1. / 255, Shift: s.shift})
	}
	if training {
		s.dropout(s.fed, s.x, s.dropIn, 0)
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
	if s.biases {
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
	u := s.update
	u.W, u.V, u.S, u.G, u.Norms = m.w, m.v, m.s, m.g, s.norms
	if m.bias {
		u.L2, u.L1, u.Decay = 0, 0, 0
	}
	ops := []compute.Op{u}
	if s.limit > 0 && !m.bias {
		ops = append(ops, compute.MaxNorm{W: m.w, Limit: s.limit})
	}
	if s.average > 0 {
		ops = append(ops, compute.Average{Dst: m.a, Src: m.w, Decay: s.average})
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
	for _, m := range list {
		if !m.IsZero() {
			s.p.Scratch(m)
		}
	}
}
