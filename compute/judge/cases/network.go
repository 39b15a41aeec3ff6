package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A network is a perceptron with everything that its training step depends on.
type network struct {
	sizes          []int // inputs, hidden units, outputs
	hidden, output compute.Activation
	kind           compute.LossKind
	batch          int
	biases         bool
	momentum       bool
	indexed        bool // batches follow an index
	shared         bool // all matrices lie in one buffer
	inPlace        bool // activations and deltas overwrite their operands
	scratch        bool // all but the parameters is scratch
	sparse         bool // most pixels are 0, and matrices are bare
	runs           int
	shift          float32 // of the pixels, which are p/255 + shift
	rate           float32 // learning rate; 0 chooses it by the number of inputs
	// On, Off and Weight of op Loss, or all 0 for 1, 0 and 1.
	on, off, weight float32
	training
}

func (n network) String() string {
	s := fmt.Sprintf("%d", n.sizes[0])
	for _, v := range n.sizes[1:] {
		s += fmt.Sprintf("-%d", v)
	}
	for _, part := range []string{n.hidden.String(), n.output.String(), n.kind.String(), fmt.Sprintf("batch=%d", n.batch),
		flag(n.biases, "bias"), flag(n.momentum, "momentum"), flag(n.indexed, "index"), flag(n.shared, "shared"),
		flag(n.inPlace, "inplace"), flag(n.shift != 0, fmt.Sprintf("shift=%g", n.shift)),
		flag(n.weight != 0, fmt.Sprintf("on=%g,off=%g,weight=%g", n.on, n.off, n.weight)), flag(n.scratch, "scratch"), flag(n.sparse, "sparse"), n.training.String(), fmt.Sprintf("runs=%d", n.runs)} {
		if part != "" {
			s += "," + part
		}
	}
	return s
}

// A layer has the parameters of a layer and the matrices of its step.
type layer struct {
	w, b, dw, db, vw, vb compute.Mat
	sw, sb, aw, ab       compute.Mat // squares and averages
	z, y, delta          compute.Mat
	dropped              compute.Mat // y after dropout, or none
	f                    compute.Activation
}

// A step is the program of a network on a problem, with its matrices.
type step struct {
	network
	p      *judge.Problem
	rows   int
	x      compute.Mat
	fed    compute.Mat // x after dropout, or x
	layers []layer
	stats  compute.Mat
	norms  compute.Mat
	pixels compute.Bytes
	labels compute.Bytes
	index  compute.Index
	values compute.Mat // of the data set, where they are numbers
	// For regression: of the data set and of a batch.
	targets, batchTargets compute.Mat
	field                 field
}

// newStep adds the matrices of a network and a data set to p.
func newStep(p *judge.Problem, n network) *step {
	p.Shared, p.Bare = n.shared, n.sparse
	s := &step{network: n, p: p, rows: n.batch*n.runs + 2}
	classes := max(n.sizes[len(n.sizes)-1], 2)
	switch {
	case n.numbers:
		s.values = p.Input("Values", s.rows, n.sizes[0], p.Random(1))
	case n.warp.Width > 0:
		s.pixels = newWarpedImages(p, s.rows, n.sizes[0])
	case n.sparse:
		s.pixels = p.NewSparseBytes(s.rows, n.sizes[0])
	default:
		s.pixels = p.NewBytes(s.rows, n.sizes[0], 256)
	}
	if n.regression {
		s.targets = p.Input("Targets", s.rows, n.sizes[len(n.sizes)-1], p.Random(1))
		s.batchTargets = p.Output("T", n.batch, n.sizes[len(n.sizes)-1])
	} else {
		s.labels = p.NewBytes(s.rows, 1, classes)
	}
	if n.indexed {
		s.index = p.NewIndex(n.batch*n.runs+1, s.rows)
	}
	s.stats = p.State("Stats", n.batch*n.runs, 2, p.Random(1))
	s.x = p.Output("X", n.batch, n.sizes[0])
	s.newTraining()
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
	l.w = p.State(name("W"), out, in, p.Random(math.Sqrt(2/float64(in))))
	l.dw = p.Output(name("dW"), out, in)
	if s.biases {
		l.b = p.State(name("b"), 1, out, p.Random(0.1))
		l.db = p.Output(name("db"), 1, out)
	}
	if s.momentum || s.update.Rule == compute.Nesterov || s.update.Rule == compute.Adam {
		l.vw = p.State(name("V"), out, in, p.Random(0.1))
		if s.biases {
			l.vb = p.State(name("v"), 1, out, p.Random(0.1))
		}
	}
	s.newState(&l, name)
	l.z = p.Output(name("Z"), s.batch, out)
	l.y, l.delta = l.z, l.z
	if !s.inPlace {
		l.y = p.Output(name("Y"), s.batch, out)
		l.delta = p.Output(name("delta"), s.batch, out)
	}
	if s.drop > 0 && number < len(s.sizes)-1 {
		l.dropped = p.Output(name("dropped"), s.batch, out)
	}
	return l
}

// forward adds the ops up to the loss. With gradient it also computes the gradient of
// the loss, for training.
func (s *step) forward(gradient bool) {
	s.read(gradient)
	for i, l := range s.layers {
		s.p.Add(compute.MatMul{Dst: l.z, A: s.input(i), B: l.w, TransB: true})
		if i < len(s.layers)-1 {
			s.p.Add(compute.Activate{Dst: l.y, Src: l.z, Bias: l.b, F: l.f})
			s.dropout(l.dropped, l.y, s.drop, i+1)
			continue
		}
		op := compute.Loss{Stats: s.stats, Z: l.z, Bias: l.b, Labels: s.labels, Index: s.index,
			F: l.f, Kind: s.kind, On: 1, Weight: 1, Scale: 1 / float32(s.batch)}
		if s.weight != 0 {
			op.On, op.Off, op.Weight = s.on, s.off, s.weight
		}
		if s.regression {
			op.Labels, op.Index, op.Targets = compute.Bytes{}, compute.Index{}, s.batchTargets
			s.p.Add(compute.Take{Dst: op.Targets, Src: s.targets, Index: s.index})
		}
		if gradient {
			op.Delta = l.delta
		}
		s.p.Add(op)
	}
}

// backward adds the gradients and, with update, the updates.
// The error of a layer's inputs is computed with its weights before they change.
func (s *step) backward(update bool) {
	var last []compute.Op // updates that wait for all gradients
	for i := len(s.layers) - 1; i >= 0; i-- {
		if i > 0 && s.backFirst {
			s.back(i)
		}
		for _, m := range s.parameters(i) {
			s.p.Add(m.gradient)
			if update && s.update.Clip > 0 {
				last = append(last, compute.SquareSum{Dst: s.norm(len(last)), Src: m.g})
			}
			if update && s.backFirst && s.update.Clip == 0 {
				s.p.Ops = append(s.p.Ops, s.updates(m)...)
			}
		}
		if s.backFirst {
			continue
		}
		if i > 0 {
			s.back(i)
		}
		for _, m := range s.parameters(i) {
			if update && s.update.Clip == 0 {
				s.p.Ops = append(s.p.Ops, s.updates(m)...)
			}
		}
	}
	if s.update.Clip > 0 {
		for i := len(s.layers) - 1; i >= 0 && update; i-- {
			for _, m := range s.parameters(i) {
				last = append(last, s.updates(m)...)
			}
		}
	}
	s.p.Ops = append(s.p.Ops, last...)
}

// forget marks as scratch what a step computes but later steps do not need.
func (s *step) forget() {
	s.p.Scratch(s.x)
	s.forgetTraining()
	for _, l := range s.layers {
		for _, m := range []compute.Mat{l.z, l.y, l.dropped, l.delta, l.dw, l.db} {
			if !m.IsZero() && !s.p.IsScratch(m) {
				s.p.Scratch(m)
			}
		}
	}
}

// back adds the ops that propagate the error of layer i to the layer below.
func (s *step) back(i int) {
	below := s.layers[i-1]
	// If y shares memory with delta, the product needs a separate matrix.
	product := below.delta
	if s.inPlace {
		product = s.p.Output(fmt.Sprintf("back%d", i), s.batch, s.sizes[i])
	}
	s.p.Add(compute.MatMul{Dst: product, A: s.layers[i].delta, B: s.layers[i].w})
	if s.drop > 0 {
		s.p.Add(compute.Dropout{Dst: product, Src: product, Rate: s.drop, Stream: uint32(dropStream + i)})
	}
	s.p.Add(compute.Delta{Dst: product, Back: product, Y: below.y, F: below.f})
	s.layers[i-1].delta = product
}

// train adds training steps, one batch each. The steps are as long as possible without saturating
// the network, which would make all gradients 0.
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
		s.p.AddRun(compute.Args{Row: i * s.batch, LearningRate: rate / float32(i+1), Momentum: 0.9, Step: uint32(i), Seed: stepSeed})
	}
	if s.warp.Width > 0 {
		s.settle()
	}
}
