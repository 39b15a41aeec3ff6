// Package train is the training loop: epochs, shuffling, learning rates, losses
// and accuracies, checkpoints, and what happens when something goes wrong.
//
// A [Run] moves the data set to a backend once. A step is one queued run of a
// compiled program; the host reads nothing back but the sums of loss and hits,
// once an epoch, and now and then, without waiting, for the progress line.
// After each epoch the parameters come to the host as a [State], from which a run
// can go on, on any backend, with the same bits on the same one.
package train

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Options are all that decides the outcome of a run, beside data and device. Those that are
// left at their zero values do nothing, but for what is said of them.
type Options struct {
	Network      mlp.Config `json:"network"`
	Batch        int        `json:"batch"` // samples a step; 0 is the whole set
	Epochs       int        `json:"epochs"`
	LearningRate float64    `json:"learning_rate"` // η, the highest of the schedule
	Momentum     float64    `json:"momentum"`      // μ; β1 of Adam
	Schedule     Schedule   `json:"schedule"`
	Seed         uint64     `json:"seed"`
	// Training is what a step does beside going down the gradient.
	Training mlp.Training `json:"training"`

	// RateEnd is the last rate of Linear, Cosine and Exponential.
	RateEnd float64 `json:"rate_end,omitempty"`
	// Decay is γ of Step and Exponential, and DecayEvery after how many epochs the rate is
	// γ times what it was; 0 is 1.
	Decay      float64 `json:"decay,omitempty"`
	DecayEvery int     `json:"decay_every,omitempty"`
	// Warmup is for how many epochs the rate rises in a straight line, from nearly 0.
	Warmup float64 `json:"warmup,omitempty"`
	// MomentumEnd is the momentum after MomentumEpochs epochs, to which it goes in equal
	// steps, an epoch each, and where it stays. Without MomentumEpochs it stays at Momentum.
	MomentumEnd    float64 `json:"momentum_end,omitempty"`
	MomentumEpochs int     `json:"momentum_epochs,omitempty"`
	// CycleMomentum has OneCycle's momentum go the other way than the rate: it falls from
	// Momentum to MomentumEnd while the rate rises, and comes back while that falls.
	CycleMomentum bool `json:"cycle_momentum,omitempty"`
	// Dampen multiplies a step's rate by 1 − μ.
	Dampen bool `json:"dampen,omitempty"`

	// Validation is how many samples of the training set were put aside to choose by, as
	// dataset.Data.Split does with Seed, or dataset.TrainingItself.
	Validation int `json:"validation,omitempty"`
	// Patience is for how many epochs nothing better needs to come out of the validation set
	// before the run stops; 0 is for ever. What is better is said at Best.
	Patience int `json:"patience,omitempty"`
	// MinDelta is by how much at least better is better.
	MinDelta float64 `json:"min_delta,omitempty"`
	// Test is when the test set is looked at. The zero value is TestEach, which is what runs
	// did before there was a choice.
	Test TestPolicy `json:"test,omitempty"`
}

// A TestPolicy says when the test set is looked at.
type TestPolicy string

// The policies.
const (
	TestAtEnd TestPolicy = "end"  // once, when the run is complete
	TestEach  TestPolicy = "each" // after each epoch, too
)

// TestPolicies lists every policy.
func TestPolicies() []TestPolicy { return []TestPolicy{TestAtEnd, TestEach} }

// Validates tells whether there is a set to choose by.
func (o Options) Validates() bool { return o.Validation != 0 }

// TestsEach tells whether the test set is looked at after each epoch.
func (o Options) TestsEach() bool { return o.Test != TestAtEnd }

// StepTraining returns Training as a step has it: rule SGD keeps velocities where the
// momentum is not always 0.
func (o Options) StepTraining() mlp.Training {
	t := o.Training
	if t.Rule == compute.SGD {
		t.Velocity = t.Velocity || o.Momentum != 0 || o.MomentumEnd != 0
	}
	return t
}

// Check tells what is wrong with options, by the names of the command's flags.
func (o Options) Check() error {
	switch {
	case o.Batch < 0:
		return fmt.Errorf("-batch=%d: must be 1 or more, or 0 for the whole set", o.Batch)
	case o.Epochs <= 0:
		return fmt.Errorf("-epochs=%d: must be 1 or more", o.Epochs)
	case o.Epochs > math.MaxInt32:
		return fmt.Errorf("-epochs=%d: must be at most %d", o.Epochs, math.MaxInt32)
	case !(float32(o.LearningRate) > 0) || math.IsInf(float64(float32(o.LearningRate)), 0):
		return fmt.Errorf("-lr=%v: must be a number above 0", o.LearningRate)
	case !isMomentum(o.Momentum):
		return fmt.Errorf("-momentum=%v: must be at least 0 and below 1", o.Momentum)
	}
	for _, check := range []func() error{o.checkSchedule, o.checkMomentum, o.checkStopping, o.Training.Check, o.Network.Check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// isMomentum tells whether a momentum is one as a float32, which is what backends take.
func isMomentum(m float64) bool { return m >= 0 && float32(m) < 1 }

// checkMomentum tells what is wrong with how the momentum changes.
func (o Options) checkMomentum() error {
	rule := o.Training.Rule
	switch {
	case !isMomentum(o.MomentumEnd):
		return fmt.Errorf("-momentum-end=%v: must be at least 0 and below 1", o.MomentumEnd)
	case o.MomentumEpochs < 0:
		return fmt.Errorf("-momentum-epochs=%d: must be 1 or more", o.MomentumEpochs)
	case o.MomentumEpochs > 0 && rule == compute.Adam:
		// 1 − μᵗ, by which the mean of the gradients is corrected, supposes one μ: with one that rises the steps grow without bound.
		return fmt.Errorf("-momentum-epochs=%d does not go with -optimizer=%s, whose first steps are corrected for one momentum; leave it out", o.MomentumEpochs, rule)
	case o.MomentumEpochs > 0 && o.MomentumEnd == 0:
		return fmt.Errorf("-momentum-epochs=%d needs a -momentum-end above 0, what the momentum is after them", o.MomentumEpochs)
	case rule == compute.RMSProp && (o.Momentum != 0 || o.MomentumEnd != 0):
		return fmt.Errorf("-optimizer=%s has no momentum; leave -momentum and -momentum-end out", rule)
	case o.Dampen && o.Training.Squares():
		return fmt.Errorf("-dampen does not go with -optimizer=%s, whose steps do not grow with the momentum", rule)
	case o.CycleMomentum && o.Schedule != OneCycle:
		return fmt.Errorf("-cycle-momentum does not go with -schedule=%s; it needs -schedule=%s", o.Schedule, OneCycle)
	case o.CycleMomentum && o.MomentumEpochs > 0:
		return fmt.Errorf("-cycle-momentum does not go with -momentum-epochs; leave one of them out")
	case o.CycleMomentum && o.MomentumEnd >= o.Momentum:
		return fmt.Errorf("-cycle-momentum needs a -momentum-end, the lowest, below -momentum=%v, as 0.85 below 0.95", o.Momentum)
	case !o.CycleMomentum && o.MomentumEnd != 0 && o.MomentumEpochs == 0:
		return fmt.Errorf("-momentum-end=%v needs -momentum-epochs, the epochs it takes to get there, or -cycle-momentum", o.MomentumEnd)
	}
	return nil
}

// checkStopping tells what is wrong with how a run is chosen from and tested.
func (o Options) checkStopping() error {
	switch {
	case o.Validation < 0 && o.Validation != dataset.TrainingItself:
		return fmt.Errorf("-validation=%d: must be 0 or more, or training", o.Validation)
	case o.Patience < 0:
		return fmt.Errorf("-patience=%d: must be 0 or more", o.Patience)
	case !(o.MinDelta >= 0) || math.IsInf(o.MinDelta, 0):
		return fmt.Errorf("-min-delta=%v: must be at least 0 and finite", o.MinDelta)
	case o.Patience > 0 && o.Validation == 0:
		return fmt.Errorf("-patience=%d needs a -validation set to judge by, such as -validation=5000", o.Patience)
	case o.MinDelta > 0 && o.Patience == 0:
		return fmt.Errorf("-min-delta=%v does nothing without -patience", o.MinDelta)
	case o.Test != "" && o.Test != TestAtEnd && o.Test != TestEach:
		return fmt.Errorf("-test=%s: there are %q", string(o.Test), TestPolicies())
	}
	return nil
}

// checkSteps tells whether the run over n training samples has more steps than can be counted:
// their number is a part of what is drawn in each.
func (o Options) checkSteps(n int) error {
	if steps := o.steps(n); uint64(steps)*uint64(o.Epochs) > math.MaxUint32 {
		return fmt.Errorf("-epochs=%d with %d steps each, for -batch=%d, are more than %d steps; take fewer -epochs or a larger -batch",
			o.Epochs, steps, o.BatchSize(n), uint32(math.MaxUint32))
	}
	return nil
}

// BatchSize returns the samples a step takes of a set of n.
func (o Options) BatchSize(n int) int {
	if o.Batch == 0 || o.Batch > n {
		return n
	}
	return o.Batch
}

// steps returns the steps an epoch over n samples takes; the last may be smaller.
func (o Options) steps(n int) int {
	b := o.BatchSize(n)
	return (n + b - 1) / b
}
