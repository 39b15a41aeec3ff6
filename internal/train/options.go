// Package train is the training loop: epochs, shuffling, learning rates, losses and accuracies,
// checkpoints, and the handling of failures.
//
// A [Run] moves the data set to a backend once. A step is one queued run of a compiled program. The
// host reads back only the sums of losses and hits, once per epoch, and at intervals, without
// waiting, for the progress line. After each epoch the parameters are read into a [State], from
// which a run can resume on any backend; on the same one the results are bit-identical.
package train

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Options determine the result of a run, together with the data set and the device. A zero value
// has no effect unless its comment says otherwise.
type Options struct {
	Network      mlp.Config `json:"network"`
	Batch        int        `json:"batch"` // samples per step; 0 is the whole set
	Epochs       int        `json:"epochs"`
	LearningRate float64    `json:"learning_rate"` // η, the highest of the schedule
	Momentum     float64    `json:"momentum"`      // μ; β1 of Adam
	Schedule     Schedule   `json:"schedule"`
	Seed         uint64     `json:"seed"`
	// Training has the update rule and the regularisation of a step.
	Training mlp.Training `json:"training"`

	// RateEnd is the last rate of Linear, Cosine and Exponential.
	RateEnd float64 `json:"rate_end,omitempty"`
	// Decay is γ of Step and Exponential, the factor of the rate after DecayEvery epochs, where 0
	// is 1.
	Decay      float64 `json:"decay,omitempty"`
	DecayEvery int     `json:"decay_every,omitempty"`
	// Warmup is the number of epochs in which the rate rises linearly, from nearly 0.
	Warmup float64 `json:"warmup,omitempty"`
	// MomentumEnd is the momentum after MomentumEpochs epochs. It is reached in equal steps, one
	// per epoch, and stays. Without MomentumEpochs the momentum stays at Momentum.
	MomentumEnd    float64 `json:"momentum_end,omitempty"`
	MomentumEpochs int     `json:"momentum_epochs,omitempty"`
	// Dampen multiplies the rate of a step by 1 − μ.
	Dampen bool `json:"dampen,omitempty"`

	// From is the SHA-256 of the weights of the network that the run begins with, or empty if its weights are drawn.
	From string `json:"from,omitempty"`

	// Validation is the number of held-out samples of the training set, as dataset.Data.Split with
	// Seed selects them, or dataset.TrainingItself.
	Validation int `json:"validation,omitempty"`
	// Patience is the number of epochs without an improvement on the validation set after which
	// the run stops; 0 is never. Best defines an improvement.
	Patience int `json:"patience,omitempty"`
	// Test determines when the test set is evaluated. The zero value is TestEach, as in the first
	// checkpoints.
	Test TestPolicy `json:"test,omitempty"`
}

// A TestPolicy determines when the test set is evaluated.
type TestPolicy string

// The policies.
const (
	TestAtEnd TestPolicy = "end"  // once, when the run is complete
	TestEach  TestPolicy = "each" // after each epoch
)

// TestPolicies lists every policy.
func TestPolicies() []TestPolicy { return []TestPolicy{TestAtEnd, TestEach} }

// Validates reports whether there is a validation set.
func (o Options) Validates() bool { return o.Validation != 0 }

// TestsEach reports whether the test set is evaluated after each epoch.
func (o Options) TestsEach() bool { return o.Test != TestAtEnd }

// A RemovedError reports an option of a file that no longer exists.
type RemovedError struct {
	Option string
	Value  any
}

func (e *RemovedError) Error() string {
	return fmt.Sprintf("the option %s=%v no longer exists; use the program that wrote the file", e.Option, e.Value)
}

// UnmarshalJSON returns a *RemovedError if the text sets an option that no longer exists.
func (o *Options) UnmarshalJSON(text []byte) error {
	type options Options // has no UnmarshalJSON
	stored := struct {
		*options
		CycleMomentum bool    `json:"cycle_momentum"`
		MinDelta      float64 `json:"min_delta"`
	}{options: (*options)(o)}
	err := json.Unmarshal(text, &stored)
	switch {
	case err != nil:
		return err
	case stored.CycleMomentum:
		return &RemovedError{"cycle_momentum", true}
	case stored.MinDelta != 0:
		return &RemovedError{"min_delta", stored.MinDelta}
	}
	return nil
}

// StepTraining returns Training for a step: rule SGD keeps velocities unless the momentum is
// always 0.
func (o Options) StepTraining() mlp.Training {
	t := o.Training
	if t.Rule == compute.SGD {
		t.Velocity = t.Velocity || o.Momentum != 0 || o.MomentumEnd != 0
	}
	return t
}

// Check returns a *mlp.FieldError if the options break a rule.
func (o Options) Check() error {
	switch {
	case o.Batch < 0:
		return mlp.Invalid("Batch", o.Batch, "must be 1 or more, or 0 for the whole set")
	case o.Epochs <= 0 || o.Epochs > math.MaxInt32:
		return mlp.Invalid("Epochs", o.Epochs, fmt.Sprintf("must be from 1 to %d", math.MaxInt32))
	case !(float32(o.LearningRate) > 0) || math.IsInf(float64(float32(o.LearningRate)), 0):
		return mlp.Invalid("LearningRate", o.LearningRate, "must be a number above 0")
	case !isMomentum(o.Momentum):
		return mlp.Invalid("Momentum", o.Momentum, "must be at least 0 and below 1")
	case !isMomentum(o.MomentumEnd):
		return mlp.Invalid("MomentumEnd", o.MomentumEnd, "must be at least 0 and below 1")
	}
	for _, err := range []error{o.checkSchedule(), o.checkMomentum(), o.checkStopping(),
		mlp.Within("Training", o.Training.Check()), mlp.Within("Network", o.Network.Check())} {
		if err != nil {
			return err
		}
	}
	if o.Training.Drop > 0 && o.Network.Layers() < 2 {
		return mlp.Conflict("Training.Drop", o.Training.Drop, "Network.Sizes", o.Network.Sizes, "the network has no hidden layer; drop inputs instead")
	}
	return nil
}

// isMomentum reports whether a momentum is valid as a float32, which is what backends take.
func isMomentum(m float64) bool { return m >= 0 && float32(m) < 1 }

// checkMomentum checks how the momentum changes.
func (o Options) checkMomentum() error {
	rule := o.Training.Rule
	switch {
	case o.MomentumEpochs < 0:
		return mlp.Invalid("MomentumEpochs", o.MomentumEpochs, "must be 1 or more")
	case o.MomentumEpochs > 0 && rule == compute.Adam:
		// Adam divides the mean gradient by 1 − μᵗ, which supposes one μ. With a rising μ the steps grow without bound.
		return mlp.Conflict("MomentumEpochs", o.MomentumEpochs, "Training.Rule", rule, "it corrects its first steps for one momentum")
	case o.MomentumEpochs > 0 && o.MomentumEnd == 0:
		return mlp.Conflict("MomentumEpochs", o.MomentumEpochs, "MomentumEnd", nil, "the momentum after these epochs, above 0")
	case rule == compute.RMSProp && o.Momentum != 0:
		return mlp.Conflict("Momentum", o.Momentum, "Training.Rule", rule, "it has no momentum")
	case rule == compute.RMSProp && o.MomentumEnd != 0:
		return mlp.Conflict("MomentumEnd", o.MomentumEnd, "Training.Rule", rule, "it has no momentum")
	case o.Dampen && o.Training.Squares():
		return mlp.Conflict("Dampen", true, "Training.Rule", rule, "its steps do not grow with the momentum")
	case o.Dampen && o.Momentum == 0 && o.MomentumEnd == 0:
		return mlp.Conflict("Dampen", true, "Momentum", o.Momentum, "it needs momentum, and the default of small batches and the squared error is 0")
	case o.MomentumEnd != 0 && o.MomentumEpochs == 0:
		return mlp.Conflict("MomentumEnd", o.MomentumEnd, "MomentumEpochs", nil, "the number of epochs until it is reached")
	}
	return nil
}

// checkStopping checks the options of the validation and test sets.
func (o Options) checkStopping() error {
	switch {
	case o.Validation < 0 && o.Validation != dataset.TrainingItself:
		return mlp.Invalid("Validation", o.Validation, "must be 0 or more, or training")
	case o.Patience < 0:
		return mlp.Invalid("Patience", o.Patience, "must be 0 or more")
	case o.Patience > 0 && o.Validation == 0:
		return mlp.Conflict("Patience", o.Patience, "Validation", nil, "a set to measure improvement on, such as 5000 samples")
	case o.Test != "" && !slices.Contains(TestPolicies(), o.Test):
		return mlp.Invalid("Test", o.Test, mlp.OneOf(TestPolicies()))
	}
	return nil
}

// checkSteps returns a *mlp.FieldError if a run over n training samples has more steps than op
// Args can count: the number of a step selects what is drawn in it.
func (o Options) checkSteps(n int) error {
	if steps := uint64(o.steps(n)) * uint64(o.Epochs); steps > math.MaxUint32 {
		return mlp.Conflict("Epochs", o.Epochs, "Batch", o.Batch, fmt.Sprintf("a run has at most %d steps, and these make %d", uint32(math.MaxUint32), steps))
	}
	return nil
}

// BatchSize returns the number of samples in a step on a set of n.
func (o Options) BatchSize(n int) int {
	if o.Batch == 0 {
		return n
	}
	return min(o.Batch, n)
}

// steps returns the number of steps in an epoch over n samples; the last may be smaller.
func (o Options) steps(n int) int {
	b := o.BatchSize(n)
	return (n + b - 1) / b
}
