//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A trainer is a network on a backend, with data and a step of training.
type trainer struct {
	backend compute.Backend
	network *mlp.Network
	set     mlp.Set
	batch   int
	step    compute.Executable
	sums    compute.Executable
	next    int // the row that the next step begins with
	args    compute.Args
}

// newTrainer returns a network with the given sizes of layers, and images to train it: each class has a
// pattern, with noise.
func newTrainer(t testing.TB, b compute.Backend, samples, batch int, momentum float32, layers ...int) *trainer {
	t.Helper()
	return newTrainerOf(t, b, samples, batch, descent(momentum), layers...)
}

// A recipe is how a trainer trains, and the activation of hidden layers. The first step has the arguments
// args, except the row.
type recipe struct {
	hidden   compute.Activation
	args     compute.Args
	training mlp.Training
}

// descent is gradient descent with momentum, or without.
func descent(momentum float32) recipe {
	return recipe{compute.ReLU, compute.Args{LearningRate: 0.02, Momentum: momentum}, mlp.Training{Velocity: momentum != 0}}
}

// newTrainerOf is newTrainer for recipes of any kind.
func newTrainerOf(t testing.TB, b compute.Backend, samples, batch int, how recipe, layers ...int) *trainer {
	t.Helper()
	return newTrainerWith(t, b, samples, batch, how, mlp.Config{Sizes: layers, Hidden: how.hidden, Output: compute.Softmax,
		Loss: compute.CrossEntropy, Init: mlp.He, Scale: 1. / 255, On: 1})
}

// newTrainerWith is newTrainerOf for networks of any kind.
func newTrainerWith(t testing.TB, b compute.Backend, samples, batch int, how recipe, c mlp.Config) *trainer {
	t.Helper()
	layers := c.Sizes
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	if side := int(math.Sqrt(float64(layers[0]))); side*side == layers[0] {
		c.Width, c.Height = side, side
	}
	r := &trainer{backend: b, batch: batch, args: how.args}
	inputs, classes := layers[0], layers[len(layers)-1]
	pixels, labels, order := make([]byte, samples*inputs), make([]byte, samples), make([]uint32, samples)
	noise := uint32(1)
	for i := range samples {
		labels[i], order[i] = byte(i%classes), uint32((i*7+3)%samples)
		for j := range inputs {
			noise = noise*1664525 + 1013904223
			if (j*j/3+int(labels[i])*j)%11 < 3 {
				pixels[i*inputs+j] = byte(80 + noise>>25)
			}
		}
	}
	var err [6]error
	r.set.Images, err[0] = b.AllocBytes(samples, inputs)
	r.set.Labels, err[1] = b.AllocBytes(samples, 1)
	r.set.Order, err[2] = b.AllocIndex(samples, samples)
	r.set.Stats, err[3] = b.Alloc(samples, 2)
	r.set.Totals, err[4] = b.Alloc(1, 2)
	r.network, err[5] = mlp.New(b, c, batch, how.training)
	must(err[:]...)
	must(b.WriteBytes(r.set.Images, pixels), b.WriteBytes(r.set.Labels, labels), b.WriteIndex(r.set.Order, order),
		r.network.Load(r.network.Parameters(), c.InitialParameters(7)), r.network.Blur(5))
	p, err1 := r.network.TrainStep(r.set, batch)
	must(err1)
	var err2, err3 error
	r.step, err2 = b.Compile(p)
	r.sums, err3 = b.Compile(mlp.Sums(r.set))
	must(err2, err3)
	return r
}

// run runs some steps.
func (r *trainer) run(steps int) {
	for range steps {
		if r.next+r.batch > r.set.Stats.Rows {
			r.next = 0
		}
		r.args.Row = r.next
		r.step.Run(r.args)
		r.next += r.batch
		r.args.Step++
	}
}

// free releases the network, its programs and its data.
func (r *trainer) free() {
	r.step.Release()
	r.sums.Release()
	r.network.Free()
	for _, buf := range []compute.Buffer{r.set.Images.Buf, r.set.Labels.Buf, r.set.Order.Buf, r.set.Stats.Buf, r.set.Totals.Buf} {
		r.backend.Free(buf)
	}
}
