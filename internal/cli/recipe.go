package cli

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// A recipe is the part of the flags that decides the outcome, and that a checkpoint
// remembers. What a flag sets as it stands is in the Options; the rest follows from other
// flags or from the data, unless it is given.
type recipe struct {
	train.Options
	hidden      []int
	outputs     int // 0: one for each class
	output      choice[compute.Activation]
	loss        choice[lossName]
	init        choice[weights]
	pixels      choice[span] // what a pixel of 0 and one of 255 become
	targets     choice[span] // of the other classes' outputs and of the sample's own
	smoothing   float64
	optimizer   optimizerName
	momentum    choice[float64]
	lr          choice[float64]
	rho         choice[float32]
	epsilon     choice[float32]
	weightDecay choice[float32]
	gradient    gradientName
}

// defaultRecipe is that of a command line without flags.
func defaultRecipe() recipe {
	r := recipe{hidden: []int{256}, optimizer: optimizerSGD, gradient: gradientMean}
	r.Network.Hidden = compute.ReLU
	r.Batch, r.Epochs, r.Schedule, r.Seed, r.Test = 64, 5, train.OneCycle, 1, train.TestAtEnd
	return r
}

// A choice is a value that follows from others until the user sets it.
type choice[T any] struct {
	set   bool
	value T
}

func (c choice[T]) or(follows T) T {
	if c.set {
		return c.value
	}
	return follows
}

// usual returns samples to check flags with before the data are there: as many and as large
// as MNIST's, or with as many targets as a form asks for.
func (r *recipe) usual(f dataset.Form) *dataset.Set {
	s := &dataset.Set{Width: 28, Height: 28, Classes: 10, Labels: make([]byte, 60000)}
	if r.outputs == 1 {
		s.Classes = 2
	}
	if n := f.Targets.Count; n > 0 {
		s.Classes, s.Labels, s.Outputs, s.Targets = 0, nil, n, make([]float32, 256*n) // the rate is no other with more
	}
	return s
}

// check tells, before data in a form are read, which flags do not go together.
func (r *recipe) check(f dataset.Form) error {
	for _, check := range []func() error{r.checkLoss, r.checkOptimizer} {
		if err := check(); err != nil {
			return err
		}
	}
	_, err := r.on(r.usual(f))
	return err
}

// checkLoss tells which flags of the loss and the outputs do not go together.
func (r *recipe) checkLoss() error {
	f, l := r.output.or(compute.Softmax), r.loss.or(lossCrossEntropy)
	off, on := r.targets.value.from, r.targets.value.to
	switch {
	case r.outputs == 1 && r.output.set && f == compute.Softmax:
		return usagef("-outputs=1 does not go with softmax, whose only output is always 1; use -output=sigmoid")
	case r.targets.set && r.smoothing > 0:
		return usagef("-smoothing=%v does not go with -targets: it makes targets of its own; leave one of them out", r.smoothing)
	case r.targets.set && off == on:
		return usagef("-targets=%s: the two must differ", r.targets.value)
	case r.targets.set && l == lossCrossEntropy && (min(off, on) < 0 || max(off, on) > 1):
		return usagef("-targets=%s: with -loss=cross-entropy both must be from 0 to 1", r.targets.value)
	}
	return nil
}

// checkOptimizer tells which flags of the optimiser do not go together.
func (r *recipe) checkOptimizer() error {
	switch {
	case r.Network.NoBias && r.Network.ZeroBiases:
		return usagef("-zero-biases does nothing with -no-bias, which leaves the biases out; leave one of them out, or turn a preset's off with -zero-biases=false")
	case r.optimizer == optimizerAdamW && r.weightDecay.set && r.weightDecay.value == 0:
		return usagef("-optimizer=adamw needs a -weight-decay above 0; without one it is adam")
	}
	return nil
}

// options returns the options of a run on a data set.
func (r *recipe) options(d *dataset.Data) (train.Options, error) { return r.on(&d.Train) }

// on returns the options of a run on a training set.
func (r *recipe) on(d *dataset.Set) (train.Options, error) {
	o := r.Options
	if err := r.network(&o.Network, d); err != nil {
		return o, err
	}
	t := &o.Training
	t.Rule, t.Sum = r.optimizer.rule(), r.gradient == gradientSum
	t.Rho, t.Epsilon = r.rho.or(train.UsualRho(t.Rule)), r.epsilon.or(train.UsualEpsilon(t.Rule))
	t.Decay = r.weightDecay.value
	if r.optimizer == optimizerAdamW {
		t.Decay = r.weightDecay.or(train.UsualDecay)
	}
	o.Momentum = r.momentum.or(o.UsualMomentum(d.Len()))
	o.LearningRate = r.lr.or(o.UsualRate(d.Len()))
	if err := o.Check(); err != nil {
		return o, &usageError{inFlags(err).Error()}
	}
	return o, nil
}

// shortOfMomentum says how far the momentum comes in a run that ends before -momentum-end is reached.
func shortOfMomentum(o train.Options) string {
	if o.MomentumEpochs <= o.Epochs {
		return ""
	}
	last := o.MomentumAt(o.Epochs-1, 1) // of one sample each step is an epoch
	return fmt.Sprintf("-momentum-end=%v is not reached: with -epochs=%d and -momentum-epochs=%d the momentum of the last epoch is %.4g",
		o.MomentumEnd, o.Epochs, o.MomentumEpochs, last)
}

// network completes the config of the network for a training set.
func (r *recipe) network(c *mlp.Config, d *dataset.Set) error {
	regression := d.Outputs > 0
	if err := r.suits(d); err != nil {
		return err
	}
	outputs := d.Outputs
	if !regression {
		// One output stands for two classes, so that one class takes two.
		outputs = max(d.Classes, 2)
	}
	classes := outputs
	if r.outputs == 1 {
		outputs = 1
	}
	c.Sizes = append(append([]int{d.Features()}, r.hidden...), outputs)
	loss, output := lossCrossEntropy, compute.Softmax
	if regression {
		loss = lossMSE
	}
	loss = r.loss.or(loss)
	c.Loss, c.Reduction, c.Regression = loss.kind(), loss.reduction(), regression
	switch {
	case regression:
		output = compute.Identity
	case loss != lossCrossEntropy || outputs == 1:
		output = compute.Sigmoid
	}
	c.Output = r.output.or(output)
	w := weights{init: mlp.Xavier}
	switch c.Hidden {
	case compute.ReLU, compute.LeakyReLU:
		w.init = mlp.He
	case compute.ScaledTanh:
		w.init = mlp.Inputs
	}
	w = r.init.or(w)
	c.Init, c.InitScale = w.init, w.scale
	pixels := r.pixels.or(span{0, 1})
	c.Scale, c.Shift = float32((pixels.to-pixels.from)/255), float32(pixels.from)
	targets := r.targets.or(smooth(r.smoothing, classes))
	c.Off, c.On = float32(targets.from), float32(targets.to)
	if !r.Training.Augment.IsZero() {
		c.Width, c.Height = d.Width, d.Height
	}
	return nil
}

// smooth returns the targets that label smoothing by ε gives n classes: Szegedy, Vanhoucke,
// Ioffe, Shlens and Wojna, "Rethinking the Inception architecture" (CVPR 2016).
func smooth(ε float64, n int) span { return span{ε / float64(n), 1 - ε + ε/float64(n)} }

// suits tells which flags a training set is not made for.
func (r *recipe) suits(d *dataset.Set) error {
	numbers := d.Values != nil
	switch {
	case r.outputs == 1 && d.Outputs == 0 && d.Classes > 2:
		return usagef("-outputs=1 tells two classes apart, and the data have %d", d.Classes)
	case numbers && r.pixels.set:
		return usagef("-pixels is for images, and the data are rows of numbers; -standardise brings those to one scale")
	case numbers && !r.Training.Augment.IsZero():
		return usagef("-augment is for images, and the data are rows of numbers")
	case d.Outputs > 0 && r.loss.set && r.loss.value == lossCrossEntropy:
		return usagef("-loss=cross-entropy needs classes, and the data have numbers as targets; use -loss=mse")
	case d.Outputs > 0 && r.outputs > 0:
		return usagef("-outputs is for classes, and the data have numbers as targets, one output for each")
	case d.Outputs > 0 && (r.targets.set || r.smoothing > 0):
		return usagef("-targets and -smoothing are for classes, and the data have numbers as targets")
	case d.Outputs > 0:
		return nil
	}
	return checkCalm(r.Training.Augment, d.Classes)
}
