// Package diagnosis finds problems of a network in training from a few figures of each layer,
// and recommends what to change.
//
// It computes nothing on a device: its input was read back from one, and it works in float64.
// A [Layer] holds the figures of a layer. An [Examiner] follows the epochs of a run and turns
// the figures of each into a [Report].
package diagnosis

import (
	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A Layer has the figures of one layer with the weights after an epoch. E is the mean loss of the
// measured images; norms are Frobenius norms.
type Layer struct {
	Units int
	F     compute.Activation
	// Flat is the fraction, in [0, 1], of units or images that learn nothing because F has no
	// slope there. Of is what it counts.
	Flat float64
	Of   Flatness
	// Delta is ‖∂E/∂z‖ of this layer divided by ‖∂E/∂z‖ of the last layer: the fraction of the error
	// that reaches it. It is 0 if the divisor is 0.
	Delta    float64
	Gradient float64 // ‖∂E/∂W‖
	Weights  float64 // ‖W‖
	// Step is ‖ΔW‖/‖W‖ of a step at the mean learning rate of the epoch.
	Step float64
	// Moved is ‖W − W₀‖/‖W₀‖, with W₀ the weights at the beginning of the epoch.
	Moved float64
}

// Flatness is what Layer.Flat counts.
type Flatness string

// The kinds of flatness. Outputs are not judged if the loss is cross-entropy: its gradient with
// respect to z, y − t, does not pass through F′.
const (
	NotFlat   Flatness = ""          // nothing: F is nowhere flat, or its slope does not matter
	Dead      Flatness = "dead"      // ReLUs that are 0 for every image
	Saturated Flatness = "saturated" // units whose output is at an end of the range of F for most images
	Stuck     Flatness = "stuck"     // images whose own class has an output at the wrong end of the range of F
)

// An Epoch has the results of an epoch. For regression the accuracies have no meaning.
type Epoch struct {
	Epoch     int // from 1
	TrainLoss float64
	TrainAcc  float64
	// HeldOut names the set that HeldLoss and HeldAcc were measured on, "validation" or "test".
	// It is empty if there was none.
	HeldOut  string
	HeldLoss float64
	HeldAcc  float64
	// Rate is the mean learning rate of its steps.
	Rate float64
	// TriedAcc is the accuracy on the training samples that were tried, with the weights at the
	// end of the epoch; TrainAcc is measured with the weights before each step.
	TriedAcc float64
}

// A Recipe has the options of a run that the recommendations depend on.
type Recipe struct {
	Network   mlp.Config
	Rate      float64 // learning rate, the highest of the schedule
	UsualRate float64 // learning rate that suits batch, loss and momentum
	Momentum  float64
	Epochs    int
	Training  mlp.Training
	Patience  int // epochs without an improvement after which the run stops; 0 for never
}

// A Report has the figures and the findings of an epoch.
type Report struct {
	Epoch  Epoch
	Images int // samples that were tried
	Layers []Layer
	// HasGap reports whether there is an accuracy on held-out data.
	HasGap   bool
	Findings []Finding
}

// Gap returns the training accuracy minus that on the held-out data.
func (r *Report) Gap() float64 { return r.Epoch.TrainAcc - r.Epoch.HeldAcc }
