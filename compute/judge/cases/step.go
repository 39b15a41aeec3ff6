package cases

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A Step describes the training step of a perceptron that a program is going to run, so that the judge can check
// it on a backend.
type Step struct {
	Sizes          []int // inputs, hidden units, outputs
	Hidden, Output compute.Activation
	Loss           compute.LossKind
	Batch          int
	Momentum       bool // of rule SGD
	Biases         bool

	// Update has the rule and the numbers of op Update, without its matrices. L2, L1 and
	// Decay apply to the weights.
	Update  compute.Update
	MaxNorm float32 // Limit of op MaxNorm after each update of weights, or 0
	Average float32 // Decay of op Average, or 0
	// DropInput and Drop are the rates of op Dropout for inputs and hidden units.
	DropInput, Drop float32
	// Warp has the ranges, the classes and the size of op Warp, without its matrices. If
	// its Width is 0, images are not distorted. If its Alpha is above 0, the distortion is elastic.
	Warp    compute.Warp
	Numbers bool // the inputs are numbers, read by op Take
	// Regression has numbers as targets instead of classes.
	Regression bool
}

// Case returns two training steps of the network on batches of random data that is mostly
// zero, like MNIST's.
func (s Step) Case() judge.Case {
	n := network{Step: s, indexed: true, scratch: true, sparse: true, backFirst: true, runs: 2}
	return judge.Case{Name: "step/" + n.String(), Op: "program", Kernel: "step", Build: func(p *judge.Problem) { newStep(p, n).train() }}
}

// OfRun returns the cases of a run that takes this step with batches of some sizes, evaluates the network
// with others, and averages its weights: steps and evaluations of a small network of the same form, and
// the ops that are programs of their own.
func (s Step) OfRun(steps, evals []int) []judge.Case {
	n := s.small()
	var list caseList
	for _, batch := range steps {
		n := n
		n.Batch = min(batch, mostRows)
		list.add("program", "step", []string{n.String()}, func(p *judge.Problem) { newStep(p, n).train() })
	}
	list.evaluations(n, evals)
	separate := []string{compute.ColumnSum{}.Name(), compute.Fill{}.Name()}
	if s.Average > 0 {
		separate = append(separate, compute.Average{}.Name())
	}
	return list.withOps(separate)
}

// OfEval returns the cases of evaluations with batches of some sizes, and of predictions in which the last layer
// has one of some activations.
func (s Step) OfEval(batches []int, last []compute.Activation) []judge.Case {
	n := s.small()
	var list caseList
	list.evaluations(n, batches)
	for _, batch := range batches {
		for _, f := range last {
			n := n.tested(batch)
			list.add("program", "predict_"+f.String(), []string{n.String()}, func(p *judge.Problem) { newStep(p, n).predict(f) })
		}
	}
	return list.withOps([]string{compute.ColumnSum{}.Name(), compute.Fill{}.Name()})
}

// mostRows is the largest batch to test: larger ones use the same kernels.
const mostRows = 20

// small returns a small network of the same form. A kernel depends on the form of a step, and on which sizes
// are multiples of four, small, or sums of many terms.
func (s Step) small() network {
	const terms = 136 // of sums that kernels add in several pieces
	n := network{Step: s, indexed: true, inPlace: true, scratch: true, sparse: true, backFirst: true, runs: 2}
	n.Sizes, n.Average = slices.Clone(s.Sizes), 0
	for i, size := range n.Sizes {
		if i > 0 || s.Warp.Width == 0 {
			n.Sizes[i] = min(size, terms+size%4)
		}
	}
	return n
}

// tested returns the network for an evaluation: without an index, distortion or dropout.
func (n network) tested(batch int) network {
	n.Batch = min(batch, mostRows)
	n.indexed, n.Warp, n.DropInput, n.Drop = false, compute.Warp{}, 0, 0
	return n
}

// evaluations adds evaluations with batches of some sizes.
func (l *caseList) evaluations(n network, batches []int) {
	for _, batch := range batches {
		n := n.tested(batch)
		l.add("program", "eval", []string{n.String()}, func(p *judge.Problem) { newStep(p, n).test() })
	}
}

// withOps returns the cases, each as a whole, and those of the self-test for some ops.
func (l *caseList) withOps(names []string) []judge.Case {
	for i := range l.cases {
		l.cases[i].Whole = true
	}
	for _, c := range SelfTest() {
		if slices.Contains(names, c.Op) {
			l.cases = append(l.cases, c)
		}
	}
	return l.cases
}

// test adds evaluations of one batch each.
func (s *step) test() {
	s.forward(false)
	s.forget()
	for i := range s.runs {
		s.p.AddRun(compute.Args{Row: i * s.Batch})
	}
}

// predict applies f to the sums of the last layer.
func (s *step) predict(f compute.Activation) {
	l := s.hidden(false)
	s.p.Add(compute.Activate{Dst: l.z, Src: l.z, Bias: l.b, F: f})
	for i := range s.runs {
		s.p.AddRun(compute.Args{Row: i * s.Batch})
	}
}
