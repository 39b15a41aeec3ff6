package judge

import "shadegrad/compute"

// A Step is a perceptron whose training step a backend is to be judged on: the shapes
// and functions that a program is about to use.
type Step struct {
	Sizes          []int // inputs, hidden units, outputs
	Hidden, Output compute.Activation
	Loss           compute.LossKind
	Batch          int
	Momentum       bool
	Biases         bool
}

// Case returns two training steps of the network on batches of random data, most of it
// zero as MNIST's is.
func (s Step) Case() Case {
	n := network{sizes: s.Sizes, hidden: s.Hidden, output: s.Output, kind: s.Loss, batch: s.Batch, biases: s.Biases,
		momentum: s.Momentum, indexed: true, scratch: true, sparse: true, runs: 2}
	return Case{Name: "step/" + n.String(), Op: "program", Kernel: "step", build: func(p *problem) { newStep(p, n).train() }}
}
