package judge

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// A network is a perceptron with all that a training step depends on.
type network struct {
	sizes          []int // inputs, hidden units, outputs
	hidden, output compute.Activation
	kind           compute.LossKind
	batch          int
	biases         bool
	momentum       bool
	indexed        bool // batches are taken in the order of an index
	shared         bool // all matrices lie in one buffer
	inPlace        bool // activations and deltas overwrite what they came from
	scratch        bool // what is not a parameter is scratch
	sparse         bool // most pixels are 0, and matrices have buffers of their own
	runs           int
	shift          float32 // of the pixels, which are p/255 + shift
	rate           float32 // the learning rate, or 0 for one that suits the number of inputs
}

func (n network) String() string {
	s := fmt.Sprintf("%d", n.sizes[0])
	for _, v := range n.sizes[1:] {
		s += fmt.Sprintf("-%d", v)
	}
	for _, part := range []string{n.hidden.String(), n.output.String(), n.kind.String(), fmt.Sprintf("batch=%d", n.batch),
		flag(n.biases, "bias"), flag(n.momentum, "momentum"), flag(n.indexed, "index"), flag(n.shared, "shared"),
		flag(n.inPlace, "inplace"), flag(n.shift != 0, fmt.Sprintf("shift=%g", n.shift)), flag(n.scratch, "scratch"), flag(n.sparse, "sparse"), fmt.Sprintf("runs=%d", n.runs)} {
		if part != "" {
			s += "," + part
		}
	}
	return s
}

// A layer has its parameters, and what a step makes of them.
type layer struct {
	w, b, dw, db, vw, vb compute.Mat
	z, y, delta          compute.Mat
	f                    compute.Activation
}

// A step is the program of a network on a problem, with its matrices.
type step struct {
	network
	p      *problem
	rows   int
	x      compute.Mat
	layers []layer
	stats  compute.Mat
	pixels compute.Bytes
	labels compute.Bytes
	index  compute.Index
}

// newStep puts the matrices of a network into p, and a data set.
func newStep(p *problem, n network) *step {
	p.shared, p.bare = n.shared, n.sparse
	s := &step{network: n, p: p, rows: n.batch*n.runs + 2}
	classes := max(n.sizes[len(n.sizes)-1], 2)
	if n.sparse {
		s.pixels = p.newSparseBytes(s.rows, n.sizes[0])
	} else {
		s.pixels = p.newBytes(s.rows, n.sizes[0], 256)
	}
	s.labels = p.newBytes(s.rows, 1, classes)
	if n.indexed {
		s.index = p.newIndex(n.batch*n.runs+1, s.rows)
	}
	s.stats = p.state("Stats", n.batch*n.runs, 2, p.random(1))
	s.x = p.output("X", n.batch, n.sizes[0])
	for i, out := range n.sizes[1:] {
		s.layers = append(s.layers, s.newLayer(i+1, n.sizes[i], out))
	}
	s.layers[len(s.layers)-1].f = n.output
	return s
}

func (s *step) newLayer(number, in, out int) layer {
	p := s.p
	name := func(what string) string { return fmt.Sprintf("%s%d", what, number) }
	l := layer{f: s.hidden}
	// He's initialisation keeps the values of deep networks near 1.
	l.w = p.state(name("W"), out, in, p.random(math.Sqrt(2/float64(in))))
	l.dw = p.output(name("dW"), out, in)
	if s.biases {
		l.b = p.state(name("b"), 1, out, p.random(0.1))
		l.db = p.output(name("db"), 1, out)
	}
	if s.momentum {
		l.vw = p.state(name("V"), out, in, p.random(0.1))
		if s.biases {
			l.vb = p.state(name("v"), 1, out, p.random(0.1))
		}
	}
	l.z = p.output(name("Z"), s.batch, out)
	l.y, l.delta = l.z, l.z
	if !s.inPlace {
		l.y = p.output(name("Y"), s.batch, out)
		l.delta = p.output(name("delta"), s.batch, out)
	}
	return l
}

// forward puts the ops up to the loss into the problem's program; gradient tells
// whether the loss's gradient is wanted.
func (s *step) forward(gradient bool) {
	s.p.do(compute.Gather{Dst: s.x, Src: s.pixels, Index: s.index, Scale: 1. / 255, Shift: s.shift})
	in := s.x
	for i, l := range s.layers {
		s.p.do(compute.MatMul{Dst: l.z, A: in, B: l.w, TransB: true})
		if i < len(s.layers)-1 {
			s.p.do(compute.Activate{Dst: l.y, Src: l.z, Bias: l.b, F: l.f})
			in = l.y
			continue
		}
		op := compute.Loss{Stats: s.stats, Z: l.z, Bias: l.b, Labels: s.labels, Index: s.index,
			F: l.f, Kind: s.kind, On: 1, Weight: 1, Scale: 1 / float32(s.batch)}
		if gradient {
			op.Delta = l.delta
		}
		s.p.do(op)
	}
}

// backward puts the gradients into the program, and the updates where wanted.
// The error of a layer's inputs is taken through its weights before they change.
func (s *step) backward(update bool) {
	for i := len(s.layers) - 1; i >= 0; i-- {
		l := s.layers[i]
		in := s.x
		if i > 0 {
			in = s.layers[i-1].y
		}
		s.p.do(compute.MatMul{Dst: l.dw, A: l.delta, B: in, TransA: true})
		if s.biases {
			s.p.do(compute.ColumnSum{Dst: l.db, Src: l.delta})
		}
		if i > 0 {
			s.back(i)
		}
		if !update {
			continue
		}
		s.p.do(compute.Update{W: l.w, V: l.vw, G: l.dw})
		if s.biases {
			s.p.do(compute.Update{W: l.b, V: l.vb, G: l.db})
		}
	}
}

// forget makes everything scratch that a step leaves behind but nobody needs.
func (s *step) forget() {
	s.p.forget(s.x)
	for _, l := range s.layers {
		for _, m := range []compute.Mat{l.z, l.y, l.delta, l.dw, l.db} {
			if !m.IsZero() && !slices.Contains(s.p.scratch, m) {
				s.p.forget(m)
			}
		}
	}
}

// back takes the error of layer i to the layer before it.
func (s *step) back(i int) {
	below := s.layers[i-1]
	// Where y shares its memory with delta the product needs a place of its own.
	product := below.delta
	if s.inPlace {
		product = s.p.output(fmt.Sprintf("back%d", i), s.batch, s.sizes[i])
	}
	s.p.do(compute.MatMul{Dst: product, A: s.layers[i].delta, B: s.layers[i].w})
	s.p.do(compute.Delta{Dst: product, Back: product, Y: below.y, F: below.f})
	s.layers[i-1].delta = product
}

// train makes the problem a number of training steps, one batch each. They are
// as long as they can be without saturating the network, after which all
// gradients would be 0.
func (s *step) train() {
	s.forward(true)
	s.backward(true)
	if s.scratch {
		s.forget()
	}
	rate := s.rate
	if rate == 0 {
		rate = min(0.3, 5/float32(s.sizes[0]))
	}
	for i := range s.runs {
		s.p.run(compute.Args{Row: i * s.batch, LearningRate: rate / float32(i+1), Momentum: 0.9})
	}
}
