package cases

import (
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
