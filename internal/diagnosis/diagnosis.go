// Package diagnosis tells from a few figures of each layer whether a network learns in
// good health, and if not, what ails it and what to change, in a sentence.
//
// It computes nothing on a device: it is given what was read back, and works in
// float64. A [Layer] holds the figures; an [Examiner] remembers the epochs of a run and
// turns each one's figures into a [Report].
package diagnosis

import (
	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A Layer is what was measured of one layer, with the weights as they are after an
// epoch and E the mean loss of the images that were tried. Norms are Frobenius'.
type Layer struct {
	Units int
	F     compute.Activation
	// Flat is the share of what is lost to learning because F has no slope there, in
	// [0, 1], and of what that is follows from Of.
	Flat float64
	Of   Flatness
	// Delta is ‖∂E/∂z‖ of this layer divided by that of the last: how much of the error
	// has come back so far. Where the last layer's is 0 it is 0.
	Delta    float64
	Gradient float64 // ‖∂E/∂W‖
	Weights  float64 // ‖W‖
	// Step is ‖ΔW‖/‖W‖ of a step at the epoch's mean learning rate.
	Step float64
	// Moved is ‖W − W₀‖/‖W₀‖, with W₀ the weights when the epoch began.
	Moved float64
}

// Flatness says what Layer.Flat counts.
type Flatness string

// What Layer.Flat counts. Outputs are not judged where the loss is cross-entropy: its
// gradient with respect to z, y − t, does not pass through F′.
const (
	NotFlat   Flatness = ""          // nothing: F is nowhere flat, or does not matter
	Dead      Flatness = "dead"      // ReLUs that are 0 for every image
	Saturated Flatness = "saturated" // units whose output is at an end of F's range for most images
	Stuck     Flatness = "stuck"     // images whose own class has an output at the wrong end of F's range
)

// An Epoch is what an epoch came to. Accuracies are of no use for regression.
type Epoch struct {
	Epoch     int // from 1
	TrainLoss float64
	TrainAcc  float64
	// HeldOut is what the set is called, "validation" or "test", that HeldLoss and HeldAcc are
	// of, and that was not trained on. It is empty where none was looked at.
	HeldOut  string
	HeldLoss float64
	HeldAcc  float64
	// Rate is the mean learning rate of its steps.
	Rate float64
	// TriedAcc is the share of hits among the training samples that were tried, with the
	// weights of the epoch's end, and not as they were before each step.
	TriedAcc float64
}

// A Recipe is what a run was told to do, as far as advice needs it.
type Recipe struct {
	Network   mlp.Config
	Rate      float64 // the learning rate, the highest of the schedule
	UsualRate float64 // that which suits batch, loss and momentum
	Momentum  float64
	Epochs    int
	Training  mlp.Training
	Patience  int  // epochs without an improvement after which the run stops; 0: never
	Numbers   bool // samples are no images, but rows of numbers
}

// A Report is what is known of a run after an epoch.
type Report struct {
	Epoch  int
	Images int // that were tried, or other samples
	Layers []Layer
	// Gap is the training accuracy minus that on the set HeldOut, which is empty where there
	// is none, or no accuracy.
	Gap      float64
	HeldOut  string
	Findings []Finding
}

// A Finding is something unhealthy.
type Finding struct {
	Kind  Kind
	Layer int    // the one that is worst, from 1; 0 where it is not of a layer
	Text  string // one sentence: what it is, by which figures, and what to change
}

// A Kind is what a finding is about.
type Kind string

// The kinds, in the order in which reports have them.
const (
	DeadLayer         Kind = "dead_layer"
	SaturatedLayer    Kind = "saturated_layer"
	StuckOutputs      Kind = "stuck_outputs"
	ExplodingGradient Kind = "exploding_gradient"
	VanishingGradient Kind = "vanishing_gradient"
	RateTooHigh       Kind = "rate_too_high"
	RateTooLow        Kind = "rate_too_low"
	Overfitting       Kind = "overfitting"
)
