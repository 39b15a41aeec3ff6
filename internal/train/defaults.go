package train

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// DefaultMomentum returns the momentum that suits rule SGD, a loss and batches of a size: 0.9,
// except
//
//   - none for small batches, since the following steps average the noise anyway, and a step
//     without velocities is much faster;
//   - none for squared error, whose first steps all point in one direction: with momentum they
//     saturate sigmoid outputs, from which few networks recover.
func DefaultMomentum(loss compute.LossKind, batch int) float64 {
	if batch < 8 || loss == compute.SquaredError {
		return 0
	}
	return 0.9
}

// DefaultRate returns the learning rate η that suits rule SGD, a network, batches of a size and a
// momentum μ, as the highest of a schedule. It keeps the long-run effect of one sample on the
// weights, η/(1−μ)/batch, constant: the linear scaling of Goyal et al., "Accurate, Large Minibatch
// SGD: Training ImageNet in 1 Hour" (2017).
//
//	η = (1−μ)·min(batch, 256)/64, at most 1   for cross-entropy
//	η = (1−μ)·min(batch, 64)/64               for squared error
//	η = 8·(1−μ)·min(batch, 64)/64             for squared error of sigmoid or softmax
//	η = (1−μ)·min(batch, 64)/64/50            for regression
//
// In the third case the gradient passes through F′, which is small. The factors and the limits
// were found on MNIST and its first 3,000 images: beyond the limit the gradient of a batch is
// hardly more accurate, and longer steps do not converge. Targets of a regression can have any
// size, and so can its gradients: 50 allows for targets of some tens; 5 diverged with them.
func DefaultRate(c mlp.Config, batch int, momentum float64) float64 {
	scale, samples := 1., 256
	if c.Loss == compute.SquaredError {
		samples = 64
		switch {
		case c.Regression:
			scale = 1. / 50
		case c.Output == compute.Sigmoid || c.Output == compute.Softmax:
			scale = 8
		}
	}
	rate := (1 - momentum) * float64(min(batch, samples)) / 64
	return math.Round(scale*min(rate, 1)*1e9) / 1e9 // 0.1, and not 0.09999999999999998
}

// UsualMomentum returns the momentum that suits these options, except for their own momentum, and
// a training set of n samples: 0 for RMSProp, 0.9 for Nesterov and for Adam (β1), and
// DefaultMomentum for SGD.
func (o Options) UsualMomentum(n int) float64 {
	switch o.Training.Rule {
	case compute.RMSProp:
		return 0
	case compute.Adam, compute.Nesterov:
		return 0.9
	}
	return DefaultMomentum(o.Network.Loss, o.BatchSize(n))
}

// UsualRate returns the learning rate that suits these options, except for their own rate, and a
// training set of n samples: 0.001 for RMSProp and Adam; for SGD and Nesterov DefaultRate for the
// highest momentum of the run, divided by the batch size if the gradients of a batch are summed,
// and by the number of outputs if their squared errors are summed.
func (o Options) UsualRate(n int) float64 {
	if o.Training.Squares() {
		// Their steps have the length of the rate, whatever the size of the gradient: Kingma and Ba,
		// "Adam" (ICLR 2015), algorithm 1, and Keras.
		return 0.001
	}
	momentum, batch := max(o.Momentum, o.MomentumEnd), o.BatchSize(n)
	if o.Dampen { // which multiplies each step by 1 − μ
		momentum = 0
	}
	rate := DefaultRate(o.Network, batch, momentum)
	if o.Training.Sum {
		rate /= float64(batch)
	}
	if o.Network.Loss == compute.SquaredError {
		switch outputs := float64(o.Network.Outputs()); o.Network.Reduction {
		case mlp.ReduceSum:
			rate /= outputs
		case mlp.ReduceHalf:
			rate /= outputs / 2
		}
	}
	return rate
}

// UsualRho returns the ρ that suits a rule, the decay of its squared gradients: 0.9 for RMSProp
// (Tieleman and Hinton's lecture), 0.999 for Adam (its paper), 0 for other rules.
func UsualRho(r compute.Rule) float32 {
	switch r {
	case compute.RMSProp:
		return 0.9
	case compute.Adam:
		return 0.999
	}
	return 0
}

// UsualEpsilon returns the ε that suits a rule: 1e-7 for RMSProp (Keras 2), 1e-8 for Adam (its
// paper), 0 for other rules.
func UsualEpsilon(r compute.Rule) float32 {
	switch r {
	case compute.RMSProp:
		return 1e-7
	case compute.Adam:
		return 1e-8
	}
	return 0
}

// UsualDecay is the decoupled weight decay of AdamW in PyTorch: Loshchilov and Hutter, "Decoupled
// weight decay regularization" (ICLR 2019).
const UsualDecay = 0.01
