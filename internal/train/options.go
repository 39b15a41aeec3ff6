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

	"shadegrad/internal/mlp"
)

// Options are all that decides the outcome of a run, beside data and device.
type Options struct {
	Network      mlp.Config `json:"network"`
	Batch        int        `json:"batch"` // samples a step; 0 is the whole set
	Epochs       int        `json:"epochs"`
	LearningRate float64    `json:"learning_rate"` // the highest of the schedule
	Momentum     float64    `json:"momentum"`
	Schedule     Schedule   `json:"schedule"`
	Seed         uint64     `json:"seed"`
	// Training is what a step does beside going down the gradient.
	Training mlp.Training `json:"training"`
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
	case !(o.Momentum >= 0 && float32(o.Momentum) < 1): // as a float32, which is what backends take
		return fmt.Errorf("-momentum=%v: must be at least 0 and below 1", o.Momentum)
	}
	if err := o.Schedule.check(); err != nil {
		return err
	}
	return o.Network.Check()
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
