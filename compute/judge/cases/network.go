package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A network is a perceptron with everything that its training step depends on.
type network struct {
	Step
	indexed   bool // batches follow an index
	shared    bool // all matrices lie in one buffer
	inPlace   bool // activations and deltas overwrite their operands
	scratch   bool // all but the parameters is scratch
	sparse    bool // most pixels are 0, and matrices are bare
	backFirst bool // a layer's error is propagated before its gradients are computed
	runs      int
	shift     float32 // of the pixels, which are p/255 + shift
	rate      float32 // learning rate; 0 chooses it by the number of inputs
	// On, Off and Weight of op Loss, or all 0 for 1, 0 and 1.
	on, off, weight float32
}

// elastic reports whether the images get an elastic distortion.
func (n network) elastic() bool { return n.Warp.Width > 0 && n.Warp.Alpha[1] > 0 }

// String names the network in cases. It seeds their random numbers.
func (n network) String() string {
	s, u := fmt.Sprint(n.Sizes[0]), n.Update
	for _, v := range n.Sizes[1:] {
		s += fmt.Sprintf("-%d", v)
	}
	number := func(v float32, name string) string { return flag(v > 0, fmt.Sprintf("%s=%g", name, v)) }
	for _, part := range []string{n.Hidden.String(), n.Output.String(), n.Loss.String(), fmt.Sprintf("batch=%d", n.Batch),
		flag(n.Biases, "bias"), flag(n.Momentum, "momentum"), flag(n.indexed, "index"), flag(n.shared, "shared"),
		flag(n.inPlace, "inplace"), flag(n.shift != 0, fmt.Sprintf("shift=%g", n.shift)),
		flag(n.weight != 0, fmt.Sprintf("on=%g,off=%g,weight=%g", n.on, n.off, n.weight)), flag(n.scratch, "scratch"), flag(n.sparse, "sparse"),
		number(u.L2, "l2"), number(u.L1, "l1"), number(u.Decay, "decay"), number(u.Clip, "clip"), number(n.MaxNorm, "limit"),
		number(n.Average, "average"), number(n.DropInput, "drop-input"), number(n.Drop, "drop"),
		flag(u.Rule != compute.SGD, u.Rule.String()), flag(n.Warp.Width > 0, "warp"), flag(n.elastic(), "elastic"),
		flag(n.Numbers, "numbers"), flag(n.Regression, "regression"), flag(n.backFirst, "back first"), fmt.Sprintf("runs=%d", n.runs)} {
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
	s := &step{network: n, p: p, rows: n.Batch*n.runs + 2}
	classes := max(n.Sizes[len(n.Sizes)-1], 2)
	switch {
	case n.Numbers:
		s.values = p.Input("Values", s.rows, n.Sizes[0], p.Random(1))
	case n.Warp.Width > 0:
		s.pixels = newWarpedImages(p, s.rows, n.Sizes[0])
	case n.sparse:
		s.pixels = p.NewSparseBytes(s.rows, n.Sizes[0])
	default:
		s.pixels = p.NewBytes(s.rows, n.Sizes[0], 256)
	}
	if n.Regression {
		s.targets = p.Input("Targets", s.rows, n.Sizes[len(n.Sizes)-1], p.Random(1))
		s.batchTargets = p.Output("T", n.Batch, n.Sizes[len(n.Sizes)-1])
	} else {
		s.labels = p.NewBytes(s.rows, 1, classes)
	}
	if n.indexed {
		s.index = p.NewIndex(n.Batch*n.runs+1, s.rows)
	}
	s.stats = p.State("Stats", n.Batch*n.runs, 2, p.Random(1))
	s.x = p.Output("X", n.Batch, n.Sizes[0])
	s.newTraining()
	for i, out := range n.Sizes[1:] {
		s.layers = append(s.layers, s.newLayer(i+1, n.Sizes[i], out))
	}
	s.layers[len(s.layers)-1].f = n.Output
	return s
}

func (s *step) newLayer(number, in, out int) layer {
	p := s.p
	name := func(what string) string { return fmt.Sprintf("%s%d", what, number) }
	l := layer{f: s.Hidden}
	// He's initialisation keeps the values of deep networks near 1.
	l.w = p.State(name("W"), out, in, p.Random(math.Sqrt(2/float64(in))))
	l.dw = p.Output(name("dW"), out, in)
	if s.Biases {
		l.b = p.State(name("b"), 1, out, p.Random(0.1))
		l.db = p.Output(name("db"), 1, out)
	}
	if s.Momentum || s.Update.Rule == compute.Nesterov || s.Update.Rule == compute.Adam {
		l.vw, l.vb = s.newState("V", "v", number, out, in, p.Random(0.1))
	}
	if s.Update.Rule == compute.RMSProp || s.Update.Rule == compute.Adam {
		squares := func(int) float32 { return float32(math.Abs(float64(p.Normal(0.1)))) }
		l.sw, l.sb = s.newState("S", "s", number, out, in, squares)
	}
	if s.Average > 0 {
		l.aw, l.ab = s.newState("A", "a", number, out, in, p.Random(0.1))
	}
	l.z = p.Output(name("Z"), s.Batch, out)
	l.y, l.delta = l.z, l.z
	if !s.inPlace {
		l.y = p.Output(name("Y"), s.Batch, out)
		l.delta = p.Output(name("delta"), s.Batch, out)
	}
	if s.Drop > 0 && number < len(s.Sizes)-1 {
		l.dropped = p.Output(name("dropped"), s.Batch, out)
	}
	return l
}

// hidden adds the ops up to the products of the last layer. With train it also adds those only for training.
func (s *step) hidden(train bool) (last layer) {
	s.read(train)
	for i, l := range s.layers {
		s.p.Add(compute.MatMul{Dst: l.z, A: s.input(i), B: l.w, TransB: true})
		if i < len(s.layers)-1 {
			s.p.Add(compute.Activate{Dst: l.y, Src: l.z, Bias: l.b, F: l.f})
			s.dropout(l.dropped, l.y, s.Drop, i+1)
		}
		last = l
	}
	return last
}

// forward adds the ops up to the loss. With gradient it also computes the gradient of
// the loss, for training.
func (s *step) forward(gradient bool) {
	l := s.hidden(gradient)
	op := compute.Loss{Stats: s.stats, Z: l.z, Bias: l.b, Labels: s.labels, Index: s.index,
		F: l.f, Kind: s.Loss, On: 1, Weight: 1, Scale: 1 / float32(s.Batch)}
	if s.weight != 0 {
		op.On, op.Off, op.Weight = s.on, s.off, s.weight
	}
	if s.Regression {
		op.Labels, op.Index, op.Targets = compute.Bytes{}, compute.Index{}, s.batchTargets
		s.p.Add(compute.Take{Dst: op.Targets, Src: s.targets, Index: s.index})
	}
	if gradient {
		op.Delta = l.delta
	}
	s.p.Add(op)
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
			if update && s.Update.Clip > 0 {
				last = append(last, compute.SquareSum{Dst: s.norm(len(last)), Src: m.g})
			}
			if update && s.backFirst && s.Update.Clip == 0 {
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
			if update && s.Update.Clip == 0 {
				s.p.Ops = append(s.p.Ops, s.updates(m)...)
			}
		}
	}
	if s.Update.Clip > 0 {
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
		s.p.Scratch(l.z, l.y, l.dropped, l.delta, l.dw, l.db)
	}
}

// back adds the ops that propagate the error of layer i to the layer below.
func (s *step) back(i int) {
	below := s.layers[i-1]
	// If y shares memory with delta, the product needs a separate matrix.
	product := below.delta
	if s.inPlace {
		product = s.p.Output(fmt.Sprintf("back%d", i), s.Batch, s.Sizes[i])
	}
	s.p.Add(compute.MatMul{Dst: product, A: s.layers[i].delta, B: s.layers[i].w})
	if s.Drop > 0 {
		s.p.Add(compute.Dropout{Dst: product, Src: product, Rate: s.Drop, Stream: uint32(dropStream + i)})
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
		rate = min(0.3, 5/float32(s.Sizes[0]))
	}
	for i := range s.runs {
		s.p.AddRun(compute.Args{Row: i * s.Batch, LearningRate: rate / float32(i+1), Momentum: 0.9, Step: uint32(i), Seed: stepSeed})
	}
	if s.Warp.Width > 0 {
		s.settle()
	}
}
