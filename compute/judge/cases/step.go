package cases

import (
	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A Step is a perceptron whose training step a backend is to be judged on: the shapes
// and functions that a program is about to use.
type Step struct {
	Sizes          []int // inputs, hidden units, outputs
	Hidden, Output compute.Activation
	Loss           compute.LossKind
	Batch          int
	Momentum       bool // of rule SGD
	Biases         bool

	// Update has the rule and the numbers of op Update, and none of its matrices. L2, L1 and
	// Decay are those of the weights.
	Update  compute.Update
	MaxNorm float32 // op MaxNorm's Limit, after each update of weights; 0 is none
	Average float32 // op Average's Decay; 0 is none
	// DropInput and Drop are the rates of op Dropout for inputs and hidden units.
	DropInput, Drop float32
	// Warp has the ranges, the classes and the size of op Warp, and none of its matrices. Where
	// its Width is 0 images are not distorted; where its Alpha is above 0 a field is made of noise.
	Warp    compute.Warp
	Numbers bool // the inputs are numbers, as op Take reads them
	// Regression has numbers for targets, and no classes.
	Regression bool
}

// Case returns two training steps of the network on batches of random data, most of it
// zero as MNIST's is.
func (s Step) Case() judge.Case {
	t := training{update: s.Update, limit: s.MaxNorm, average: s.Average, dropIn: s.DropInput, drop: s.Drop,
		warp: s.Warp, elastic: s.Warp.Width > 0 && s.Warp.Alpha[1] > 0,
		numbers: s.Numbers, regression: s.Regression, backFirst: true}
	n := network{sizes: s.Sizes, hidden: s.Hidden, output: s.Output, kind: s.Loss, batch: s.Batch, biases: s.Biases,
		momentum: s.Momentum, indexed: true, scratch: true, sparse: true, runs: 2, training: t}
	return judge.Case{Name: "step/" + n.String(), Op: "program", Kernel: "step", Build: func(p *judge.Problem) { newStep(p, n).train() }}
}
