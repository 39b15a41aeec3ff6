// Package bench times training steps of a network on several backends, side by side.
//
// A backend with wrong results should not be timed: Step.Check compares
// two steps of the same network with the reference. Backends run alternately, so that other
// load on the machine affects all of them equally. A figure is the median of many short runs.
package bench

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/philox"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// A Step is a training step of a network, which is timed.
type Step struct {
	Network  mlp.Config
	Batch    int
	Training mlp.Training
	Numbers  bool // samples are rows of numbers, not images
}

// Flops returns the floating-point operations of a step's products, a multiply-add
// being two: forward, backward and gradient, without the gradient of the input.
func (s Step) Flops() float64 {
	sum := 0.
	for l, in := range s.Network.Sizes[:len(s.Network.Sizes)-1] {
		products := 3.
		if l == 0 {
			products = 2
		}
		sum += products * 2 * float64(s.Batch) * float64(in) * float64(s.Network.Sizes[l+1])
	}
	return sum
}

// A WrongError reports that a backend's results are wrong, so that its speed does not matter.
type WrongError struct {
	Info compute.Info
	Err  error // the judge's
}

func (e *WrongError) Error() string {
	return fmt.Sprintf("%s computes wrongly and is not timed: %v", e.Info.Device, e.Err)
}

// Unwrap returns the judge's error.
func (e *WrongError) Unwrap() error { return e.Err }

// mostChecked is the largest batch that is checked. The reference takes a minute for a batch of all of
// MNIST.
const mostChecked = 2048

// Check compares two of these steps on a backend with the reference, with batches of at most
// mostChecked.
func (s Step) Check(b compute.Backend) error {
	if err := s.Judged().Case().Check(b); err != nil {
		return &WrongError{b.Info(), err}
	}
	return nil
}

// Judged returns the judge's description of the step. It omits the average of the weights.
func (s Step) Judged() cases.Step {
	n, t := s.Network, s.Training
	c := cases.Step{Sizes: n.Sizes, Hidden: n.Hidden, Output: n.Output, Loss: n.Loss, Batch: min(s.Batch, mostChecked),
		Momentum: t.Rule == compute.SGD && t.Velocity, Biases: !n.NoBias, Numbers: s.Numbers, Regression: n.Regression,
		Update:  compute.Update{Rule: t.Rule, Rho: t.Rho, Epsilon: t.Epsilon, L2: t.L2, L1: t.L1, Decay: t.Decay, Clip: t.Clip},
		MaxNorm: t.MaxNorm, DropInput: t.DropInput, Drop: t.Drop}
	if a := t.Augment; !a.IsZero() {
		c.Warp = compute.Warp{Width: n.Width, Height: n.Height, Rotation: a.Rotation * math.Pi / 180, Scaling: a.Scaling,
			Shear: a.Shear, Translation: a.Translation, Alpha: a.Alpha}
		for _, class := range a.Calm {
			c.Warp.Calm |= 1 << class
		}
	}
	return c
}

// TrainingText describes what a step does besides gradient descent.
func (s Step) TrainingText() string {
	t := s.Training
	text := t.Rule.String()
	if t.Rule == compute.SGD {
		text = "without momentum"
		if t.Velocity {
			text = "with momentum"
		}
	}
	for _, x := range []struct {
		part string
		has  bool
	}{
		{"penalties", t.L2 > 0 || t.L1 > 0 || t.Decay > 0}, {"bounds", t.Clip > 0 || t.MaxNorm > 0},
		{"dropout", t.Drop > 0 || t.DropInput > 0}, {"distorted images", !t.Augment.IsZero() && !t.Augment.Elastic()},
		{"elastic images", t.Augment.Elastic()},
	} {
		if x.has {
			text += ", " + x.part
		}
	}
	return text
}

// A Subject is a network on a backend that trains it step by step.
type Subject struct {
	Backend compute.Backend
	Step    Step
	network *mlp.Network
	set     mlp.Set
	step    compute.Executable
	batches int // in the data set
	next    int
	done    uint32 // steps
	buffers []compute.Buffer
}

// NewSubject loads a network and a data set onto a backend, which the caller must close. It
// does not check the backend.
func NewSubject(b compute.Backend, s Step, d *dataset.Set) (*Subject, error) {
	j := &Subject{Backend: b, Step: s, batches: d.Len() / s.Batch}
	if j.batches == 0 {
		return nil, fmt.Errorf("a batch of %d needs more than %d images", s.Batch, d.Len())
	}
	if err := j.prepare(d); err != nil {
		j.Free()
		return nil, err
	}
	return j, nil
}

func (j *Subject) prepare(d *dataset.Set) (err error) {
	b := j.Backend
	if j.network, err = mlp.New(b, j.Step.Network, j.Step.Batch, j.Step.Training); err != nil {
		return err
	}
	if err = j.network.Load(j.network.Parameters(), j.Step.Network.InitialParameters(1)); err != nil {
		return err
	}
	if a := j.Step.Training.Augment; a.Elastic() {
		if err = j.network.Blur(a.SigmaOf(1, 0)); err != nil {
			return err
		}
	}
	if j.set, err = train.Share(b, d, func(buf compute.Buffer) { j.buffers = append(j.buffers, buf) }); err != nil {
		return err
	}
	if j.set.Stats, err = b.Alloc(d.Len(), 2); err != nil {
		return err
	}
	if j.set.Order, err = b.AllocIndex(d.Len(), d.Len()); err != nil {
		return err
	}
	order := make([]uint32, d.Len())
	philox.Stream{Seed: 1}.Shuffle(order)
	if err = b.WriteIndex(j.set.Order, order); err != nil {
		return err
	}
	p, err := j.network.TrainStep(j.set, j.Step.Batch)
	if err != nil {
		return err
	}
	j.step, err = b.Compile(p)
	return err
}

// Free frees the memory of the subject on its backend.
func (j *Subject) Free() {
	if j.step != nil {
		j.step.Release()
	}
	if j.network != nil {
		j.network.Free()
	}
	for _, buf := range append(j.buffers, j.set.Stats.Buf, j.set.Order.Buf) {
		j.Backend.Free(buf)
	}
}

// rate is the learning rate of the steps. It is so low that no result becomes infinite or NaN, which slows
// some devices down.
const rate = 1e-4

// Run does a number of steps and waits for them.
func (j *Subject) Run(steps int) error {
	a := compute.Args{LearningRate: rate, Seed: 1}
	if j.Step.Training.Velocities() {
		a.Momentum = 0.9
	}
	for range steps {
		a.Row, a.Step = j.next*j.Step.Batch, j.done
		j.done++
		j.step.Run(a)
		j.next = (j.next + 1) % j.batches
	}
	return j.Backend.Sync()
}
