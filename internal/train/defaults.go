package train

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// DefaultMomentum returns the momentum that suits a loss and batches of a size:
// 0.9, but none
//
//   - for batches so small that the steps after one average over its noise anyway,
//     since a step without velocities is much faster;
//   - for squared error, whose first steps all point one way: with momentum they
//     drive sigmoid outputs into saturation, from which few networks come back.
func DefaultMomentum(loss compute.LossKind, batch int) float64 {
	if batch < 8 || loss == compute.SquaredError {
		return 0
	}
	return 0.9
}

// DefaultRate returns the learning rate η that suits a network, batches of a size
// and a momentum μ, as the highest of a schedule. It keeps what one sample moves
// the weights in the long run, η/(1−μ)/batch, the same: the linear scaling of Goyal
// et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour" (2017).
//
//	η = (1−μ)·min(batch, 256)/64, at most 1   for cross-entropy
//	η = (1−μ)·min(batch, 64)/64               for squared error
//	η = 8·(1−μ)·min(batch, 64)/64             for squared error of sigmoid or softmax
//
// In the last case the gradient passes through F′, which is small. The factors and
// the limits were found on MNIST and its first 3,000 images: beyond the limit a
// batch's gradient is hardly better, and longer steps do not converge.
func DefaultRate(c mlp.Config, batch int, momentum float64) float64 {
	scale, samples := 1., 256
	if c.Loss == compute.SquaredError {
		samples = 64
		if c.Output == compute.Sigmoid || c.Output == compute.Softmax {
			scale = 8
		}
	}
	rate := (1 - momentum) * float64(min(batch, samples)) / 64
	return math.Round(scale*min(rate, 1)*1e9) / 1e9 // 0.1, and not 0.09999999999999998
}
