// Package recipe maps the flags of a training run to the options of package train, and back. It holds the
// presets: the recipes of tutorials and papers.
package recipe

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// A Recipe has the values of the flags that determine the result of a run and that a checkpoint stores.
// Flags set the Options directly. The other values depend on other flags or on the data unless
// they are set.
type Recipe struct {
	train.Options
	Preset      string
	Path        string       // of the data set
	Form        dataset.Form // of the data set
	Stored      bool         // the form comes from a file, not from flags
	Hidden      []int
	holdOut     float64 // of -validation: samples, a fraction below 1, or dataset.TrainingItself
	outputs     int     // 0: one per class
	output      choice[compute.Activation]
	loss        choice[lossName]
	init        choice[weights]
	pixels      choice[span] // the inputs for pixels of 0 and 255
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

// Default returns the recipe of a command line without flags.
func Default() Recipe {
	r := Recipe{Hidden: []int{256}, optimizer: optimizerSGD, gradient: gradientMean}
	r.Network.Hidden = compute.ReLU
	r.Batch, r.Epochs, r.Schedule, r.Seed, r.Test = 64, 5, train.OneCycle, 1, train.TestAtEnd
	return r
}

// A choice is a value that has a default rule until it is set.
type choice[T any] struct {
	set   bool
	value T
}

func (c choice[T]) or(fallback T) T {
	if c.set {
		return c.value
	}
	return fallback
}

// String returns the value as a flag has it, or "" if it is not set.
func (c choice[T]) String() string {
	if !c.set {
		return ""
	}
	return fmt.Sprint(c.value)
}

// Usual returns a training set of the size of MNIST, or with the targets of the form, to check flags
// before the data are read.
func (r *Recipe) Usual() *dataset.Set {
	s := &dataset.Set{Width: 28, Height: 28, Classes: 10, Labels: make([]byte, 60000)}
	if r.outputs == 1 {
		s.Classes = 2
	}
	if n := r.Form.Targets.Count; n > 0 {
		s.Classes, s.Labels, s.Outputs, s.Targets = 0, nil, n, make([]float32, 256*n) // larger sets have the same learning rate
	}
	return s
}

// Check returns an *flags.Error or a *mlp.FieldError if the flags contradict each other. It does not need
// the data.
func (r *Recipe) Check() error {
	_, err := r.OptionsOn(r.Usual())
	return err
}

// check returns an error for flags that contradict each other in a way that the options do not show.
func (r *Recipe) check() error {
	off, on := r.targets.value.from, r.targets.value.to
	switch {
	case !(r.smoothing >= 0 && r.smoothing < 1):
		return flags.Errorf("-smoothing=%v: must be at least 0 and below 1", r.smoothing)
	case r.outputs == 1 && r.output.or(compute.Sigmoid) == compute.Softmax:
		return flags.Errorf("-outputs=1 does not go with -output=softmax: a single softmax output is always 1; use -output=sigmoid")
	case r.targets.set && r.smoothing > 0:
		return flags.Errorf("-smoothing=%v does not go with -targets: it sets the targets itself; omit one of them", r.smoothing)
	case r.targets.set && off == on:
		return flags.Errorf("-targets=%s: the two must differ", r.targets.value)
	case r.targets.set && r.loss.or(lossCrossEntropy) == lossCrossEntropy && (min(off, on) < 0 || max(off, on) > 1):
		return flags.Errorf("-targets=%s: both must be from 0 to 1 with -loss=cross-entropy", r.targets.value)
	case r.Network.NoBias && r.Network.ZeroBiases:
		return flags.Errorf("-zero-biases does nothing with -no-bias; omit one of them, or override a preset with -zero-biases=false")
	case r.optimizer == optimizerAdamW && r.weightDecay.set && r.weightDecay.value == 0:
		return flags.Errorf("-optimizer=adamw needs a -weight-decay above 0; without weight decay use adam")
	}
	return nil
}

// OptionsOn returns the options of a run on a training set.
func (r *Recipe) OptionsOn(d *dataset.Set) (train.Options, error) {
	o := r.Options
	o.Validation = dataset.HeldOut(r.holdOut, d.Len())
	if err := r.check(); err != nil {
		return o, err
	}
	if err := r.suits(d); err != nil {
		return o, err
	}
	r.network(&o.Network, d)
	t := &o.Training
	t.Rule, t.Sum = r.optimizer.rule(), r.gradient == gradientSum
	t.Rho, t.Epsilon = r.rho.or(train.UsualRho(t.Rule)), r.epsilon.or(train.UsualEpsilon(t.Rule))
	t.Decay = r.weightDecay.value
	if r.optimizer == optimizerAdamW {
		t.Decay = r.weightDecay.or(train.UsualDecay)
	}
	o.Momentum = r.momentum.or(o.UsualMomentum(d.Len()))
	if o.LearningRate = r.lr.value; !r.lr.set {
		o.LearningRate = 1 // the default rate depends on the other options, which must be valid
		if err := o.Check(); err != nil {
			return o, err
		}
		o.LearningRate = o.UsualRate(d.Len())
	}
	return o, o.Check()
}

// network completes the config of the network for a training set.
func (r *Recipe) network(c *mlp.Config, d *dataset.Set) {
	regression := d.Outputs > 0
	outputs := d.Outputs
	if !regression {
		outputs = max(d.Classes, 2) // softmax needs two for a single class
	}
	classes := outputs
	if r.outputs == 1 {
		outputs = 1
	}
	c.Sizes = append(append([]int{d.Features()}, r.Hidden...), outputs)
	loss, output := lossCrossEntropy, compute.Softmax
	if regression {
		loss = lossMSE
	}
	loss = r.loss.or(loss)
	c.Regression = regression
	c.Loss, c.Reduction = loss.kind()
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
}

// smooth returns the targets of label smoothing by ε for n classes: Szegedy, Vanhoucke, Ioffe,
// Shlens and Wojna, "Rethinking the Inception architecture" (CVPR 2016).
func smooth(ε float64, n int) span { return span{ε / float64(n), 1 - ε + ε/float64(n)} }

// suits returns an error for flags that do not suit a training set.
func (r *Recipe) suits(d *dataset.Set) error {
	numbers := d.Values != nil
	switch {
	case r.outputs == 1 && d.Outputs == 0 && d.Classes > 2:
		return flags.Errorf("-outputs=1: a single output separates two classes; the data have %d", d.Classes)
	case numbers && r.pixels.set:
		return flags.Errorf("-pixels is for images; the data are rows of numbers; to scale these, use -standardise")
	case numbers && !r.Training.Augment.IsZero():
		return flags.Errorf("-augment is for images; the data are rows of numbers")
	case d.Outputs > 0 && r.loss.set && r.loss.value == lossCrossEntropy:
		return flags.Errorf("-loss=cross-entropy needs classes; the data have numeric targets; use -loss=mse")
	case d.Outputs > 0 && r.outputs > 0:
		return flags.Errorf("-outputs is for classes; the data have numeric targets, with one output each")
	case d.Outputs > 0 && (r.targets.set || r.smoothing > 0):
		return flags.Errorf("-targets and -smoothing are for classes; the data have numeric targets")
	case d.Outputs > 0:
		return nil
	}
	return CheckCalm(r.Training.Augment, d.Classes)
}

// UnreachedMomentum returns a note for a run that ends before its momentum reaches -momentum-end, else "".
func UnreachedMomentum(o train.Options) string {
	if o.MomentumEpochs <= o.Epochs {
		return ""
	}
	last := o.MomentumAt(o.Epochs-1, 1) // with one sample each step is an epoch
	return fmt.Sprintf("-momentum-end=%v is not reached: with -epochs=%d and -momentum-epochs=%d the momentum of the last epoch is %.4g",
		o.MomentumEnd, o.Epochs, o.MomentumEpochs, last)
}
