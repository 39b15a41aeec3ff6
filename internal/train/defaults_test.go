package train

import (
	"fmt"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

func TestDefaultRate(t *testing.T) {
	ce := mlp.Config{Output: compute.Softmax, Loss: compute.CrossEntropy}
	mse := mlp.Config{Output: compute.Sigmoid, Loss: compute.SquaredError}
	identity := mlp.Config{Output: compute.Identity, Loss: compute.SquaredError}
	regression := mlp.Config{Output: compute.Identity, Loss: compute.SquaredError, Regression: true}
	for _, x := range []struct {
		c        mlp.Config
		batch    int
		momentum float64
		want     float64
	}{
		{ce, 64, 0.9, 0.1}, {ce, 1, 0, 1. / 64}, {ce, 1, 0.9, 0.0015625}, {ce, 16, 0.9, 0.025},
		{ce, 256, 0.9, 0.4}, {ce, 1024, 0.9, 0.4}, {ce, 60000, 0.9, 0.4},
		{ce, 64, 0, 1}, {ce, 256, 0, 1}, {ce, 64, 0.99, 0.01},
		{mse, 64, 0, 8}, {mse, 1, 0, 0.125}, {mse, 256, 0, 8}, {mse, 64, 0.9, 0.8},
		{regression, 64, 0, 0.02}, {regression, 1000, 0, 0.02}, {regression, 16, 0.9, 0.0005},
		{identity, 64, 0, 1}, {identity, 1024, 0, 1}, {identity, 1, 0, 1. / 64},
	} {
		if got := DefaultRate(x.c, x.batch, x.momentum); got != x.want {
			t.Errorf("%v of %v, batch %d, momentum %v: rate %v, want %v", x.c.Loss, x.c.Output, x.batch, x.momentum, got, x.want)
		}
	}
	for batch, want := range map[int]float64{1: 0, 7: 0, 8: 0.9, 64: 0.9, 60000: 0.9} {
		if got := DefaultMomentum(compute.CrossEntropy, batch); got != want {
			t.Errorf("batch %d: momentum %v, want %v", batch, got, want)
		}
		if got := DefaultMomentum(compute.SquaredError, batch); got != 0 {
			t.Errorf("squared error, batch %d: momentum %v, want 0", batch, got)
		}
	}
}

// TestUsual checks the default momentum and learning rate of each rule and reduction.
func TestUsual(t *testing.T) {
	type change func(o *Options)
	for _, x := range []struct {
		name           string
		change         change
		momentum, rate float64
	}{
		{"sgd", func(o *Options) {}, 0.9, 0.1},
		{"sgd, one at a time", func(o *Options) { o.Batch, o.Momentum = 1, 0 }, 0, 1. / 64},
		{"nesterov", func(o *Options) { o.Training.Rule = compute.Nesterov }, 0.9, 0.1},
		{"rmsprop", func(o *Options) { o.Training.Rule = compute.RMSProp }, 0, 0.001},
		{"adam", func(o *Options) { o.Training.Rule, o.Batch = compute.Adam, 1024 }, 0.9, 0.001},
		{"momentum that rises", func(o *Options) { o.Momentum, o.MomentumEnd, o.MomentumEpochs = 0.5, 0.99, 5 }, 0.9, 0.01},
		{"dampened", func(o *Options) { o.Dampen = true }, 0.9, 1},
		{"gradients added up", func(o *Options) { o.Training.Sum = true }, 0.9, 0.1 / 64},
		{"squared errors added up", func(o *Options) {
			o.Network.Loss, o.Network.Reduction, o.Momentum = compute.SquaredError, mlp.ReduceSum, 0
			o.Network.Sizes, o.Network.Output = []int{16, 4}, compute.Sigmoid
		}, 0, 2},
		{"half of them", func(o *Options) {
			o.Network.Loss, o.Network.Reduction, o.Momentum = compute.SquaredError, mlp.ReduceHalf, 0
			o.Network.Sizes, o.Network.Output = []int{16, 4}, compute.Sigmoid
		}, 0, 4},
	} {
		o := options(4)
		o.Batch = 64
		x.change(&o)
		if got := o.UsualMomentum(60000); got != x.momentum {
			t.Errorf("%s: momentum %v, want %v", x.name, got, x.momentum)
		}
		if got := o.UsualRate(60000); got != x.rate {
			t.Errorf("%s: rate %v, want %v", x.name, got, x.rate)
		}
	}
	for rule, want := range map[compute.Rule][2]float32{compute.SGD: {}, compute.Nesterov: {}, compute.RMSProp: {0.9, 1e-7}, compute.Adam: {0.999, 1e-8}} {
		if got := [2]float32{UsualRho(rule), UsualEpsilon(rule)}; got != want {
			t.Errorf("%v has rho and epsilon %v, want %v", rule, got, want)
		}
	}
}

// TestDefaultsLearn trains on the first images of MNIST with batches of each size. If the
// learning rate did not depend on the batch, a batch of 1 would hardly do better than guessing.
func TestDefaultsLearn(t *testing.T) {
	c := goldenRun()
	c.TrainImages = 3000
	d := goldenData(t, c)
	turn := -1
	learns := func(batch, epochs int, least float64, output compute.Activation, loss compute.LossKind) {
		if turn++; sample.Skip(turn, 6) { // of five outputs and losses for each batch
			return
		}
		o := c.Options
		o.Batch, o.Epochs, o.Network.Output, o.Network.Loss = batch, epochs, output, loss
		size := o.BatchSize(c.TrainImages)
		o.Momentum = DefaultMomentum(loss, size)
		o.LearningRate = DefaultRate(o.Network, size, o.Momentum)
		_, r := trainCPU(t, o, d)
		last := r.epochs[len(r.epochs)-1]
		text := fmt.Sprintf("%v of %v, batch %d, rate %v: accuracy %.1f%% after %d epochs",
			loss, output, batch, o.LearningRate, 100*last.TestAcc, epochs)
		t.Log(text)
		if last.TestAcc < least {
			t.Errorf("%s, want %.0f%%", text, 100*least)
		}
	}
	for _, x := range []struct {
		batch, epochs int
		least         float64 // accuracy, with cross-entropy
	}{{1, 1, 0.84}, {4, 1, 0.84}, {16, 1, 0.84}, {64, 2, 0.84}, {256, 5, 0.84}, {1024, 5, 0.74}, {0, 10, 0.7}} {
		learns(x.batch, x.epochs, x.least, compute.Softmax, compute.CrossEntropy)
		// Squared error takes some four times the steps.
		for _, f := range []compute.Activation{compute.Sigmoid, compute.Softmax, compute.Tanh, compute.Identity} {
			learns(x.batch, 4*x.epochs, x.least-0.15, f, compute.SquaredError)
		}
	}
}
