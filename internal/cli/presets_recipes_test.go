package cli

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// A source has the figures of a tutorial or a paper for a recipe.
type source struct {
	samples int    // of its data set, or 0 for MNIST
	figure  string // its result, in numbers
	options train.Options
	// open sets options to zero that the source does not state, or for which the preset states a difference.
	open func(o *train.Options)
}

// optimiser sets the options of the optimiser to zero.
func optimiser(o *train.Options) {
	o.LearningRate, o.RateEnd, o.Momentum, o.Schedule, o.Batch, o.Epochs, o.Training.Average = 0, 0, 0, "", 0, 0, 0
}

// ciresanImages is the distortion of the paper of 2010: σ from 5 to 6, α from 36 to 38, rotation by up to
// 15°, half of that for the digits 1 and 7, and scaling by 15 to 20%, here by the middle of 17.5%.
var ciresanImages = mlp.Augment{Sigma: [2]float32{5, 6}, Alpha: [2]float32{36, 38}, Rotation: 15, Scaling: 0.175, Calm: []int{1, 7}}

// sources have the numbers of the tutorials and papers, by preset.
var sources = map[string]source{
	// All weights and biases are uniform in ±½, the default of InitScale. The batch is the four points, whose gradients
	// are summed. The back-propagated error is y−t.
	"xor": {4, "73 100", train.Options{
		Network: mlp.Config{Sizes: []int{2, 2, 1}, Hidden: compute.Sigmoid, Output: compute.Sigmoid,
			Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Uniform, Scale: 1. / 255, On: 1},
		Batch: 0, Epochs: 2000, LearningRate: 0.8, Schedule: train.Constant, Training: mlp.Training{Sum: true}}, nil},
	// Weights are normal with a deviation of 1/√units; pixels are p/255·0.99 + 0.01. The book's learning rate of 0.1 is for
	// the raw error of the outputs. The gradient has the additional factor y·(1−y), and needs another rate.
	"mnist-online": {0, "95.98%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 200, 10}, Hidden: compute.Sigmoid, Output: compute.Sigmoid, NoBias: true,
			Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Units, Scale: 0.99 / 255, Shift: 0.01, On: 0.99, Off: 0.01},
		Batch: 1, Epochs: 1, Schedule: train.Constant},
		func(o *train.Options) { o.LearningRate = 0 }},
	// Weights are standard normal, the default of InitScale; biases are 0.
	"halfplane": {100, "100% 0.018", train.Options{
		Network: mlp.Config{Sizes: []int{2, 4, 1}, Hidden: compute.ReLU, Output: compute.Sigmoid,
			Loss: compute.SquaredError, Init: mlp.Normal, ZeroBiases: true, Scale: 1. / 255, On: 1},
		Batch: 0, Epochs: 10000, LearningRate: 0.01, Schedule: train.Constant}, nil},
	// Weights and biases are standard normal. The loss is half the sum of squares; gradients are means over ten samples.
	"sizes": {0, "95%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 30, 10}, Hidden: compute.Sigmoid, Output: compute.Sigmoid,
			Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Normal, Scale: 1. / 255, On: 1},
		Batch: 10, Epochs: 30, LearningRate: 3, Schedule: train.Constant}, nil},
	"softmax": {0, "98%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 0, 10}, Hidden: compute.ReLU, Output: compute.Softmax,
			Loss: compute.CrossEntropy, Init: mlp.He, Scale: 1. / 255, On: 1}},
		func(o *train.Options) { optimiser(o); o.Network.Sizes[1] = 0 }}, // any depth
	// The squared error, without distortions; from -0.1 for white to 1.175 for black, targets of ±1.
	"lecun1998": {0, "4.7%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 300, 10}, Hidden: compute.ScaledTanh, Output: compute.ScaledTanh, ZeroBiases: true,
			Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Inputs, Scale: 1.275 / 255, Shift: -0.1, On: 1, Off: -1}}, optimiser},
	"lecun1998-deep": {0, "3.05%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 300, 100, 10}, Hidden: compute.ScaledTanh, Output: compute.ScaledTanh, ZeroBiases: true,
			Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Inputs, Scale: 1.275 / 255, Shift: -0.1, On: 1, Off: -1}}, optimiser},
	// RMSprop with a learning rate of 0.001, batches of 128, 20 epochs, and dropout of 0.2 after each hidden layer. The average
	// of the weights is not compared. The source adds ε = 1e-6 under the root, here 1e-3 is added to the root.
	"keras-mlp": {0, "98.40%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 512, 512, 10}, Hidden: compute.ReLU, Output: compute.Softmax,
			Loss: compute.CrossEntropy, Init: mlp.Xavier, Scale: 1. / 255, On: 1},
		Batch: 128, Epochs: 20, LearningRate: 0.001, Schedule: train.Constant,
		Training: mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-3, Drop: 0.2}},
		func(o *train.Options) { o.Training.Average = 0 }},
	// Dropout is 0.2 of the input and 0.5 of hidden layers. The learning rate is 10, times 0.998 after each epoch. Momentum
	// rises from 0.5 to 0.99 over 500 epochs, with gradients times (1−μ). Squared norms are at most 15; batches have 100.
	// Weights are half the paper's, and their gradients twice as large, so rate and norm are a quarter.
	"hinton2012": {0, "1.30% 1.10%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 800, 800, 10}, Hidden: compute.Sigmoid, Output: compute.Softmax, ZeroBiases: true,
			Loss: compute.CrossEntropy, Init: mlp.Normal, InitScale: 0.01, Scale: 1. / 255, On: 1},
		Batch: 100, Epochs: 3000, LearningRate: 10. / 4, Schedule: train.Exponential, Decay: 0.998,
		Momentum: 0.5, MomentumEnd: 0.99, MomentumEpochs: 500, Dampen: true,
		Training: mlp.Training{DropInput: 0.2, Drop: 0.5, MaxNorm: 15. / 4}}, nil},
	// The loss is cross-entropy. Only elastic distortion is used: σ is 4 and α is 34 pixels.
	"simard2003": {0, "0.7%", train.Options{
		Network: mlp.Config{Sizes: []int{784, 800, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Width: 28, Height: 28,
			Loss: compute.CrossEntropy, Init: mlp.He, Scale: 1. / 255, On: 1},
		Training: mlp.Training{Augment: mlp.Augment{Sigma: [2]float32{4, 4}, Alpha: [2]float32{34, 34}}}}, optimiser},
	// The same as ciresan2010 except its size, softmax and optimiser.
	"ciresan2010-small": {0, "0.49%", train.Options{
		Network: mlp.Config{Sizes: []int{841, 1000, 500, 10}, Hidden: compute.ScaledTanh, Output: compute.Softmax, Width: 29, Height: 29,
			Loss: compute.CrossEntropy, Init: mlp.Uniform, InitScale: 0.05, Scale: 2. / 255, Shift: -1, On: 1},
		Training: mlp.Training{Augment: ciresanImages}}, optimiser},
	// Images of 29×29 with pixels of −1 to 1, weights uniform in ±0.05, one sample at a time, a rate from 1e-3 to 1e-6.
	// The number of epochs is this project's choice.
	"ciresan2010": {0, "0.35%", train.Options{
		Network: mlp.Config{Sizes: []int{841, 2500, 2000, 1500, 1000, 500, 10}, Hidden: compute.ScaledTanh, Output: compute.ScaledTanh,
			Width: 29, Height: 29, Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Uniform, InitScale: 0.05,
			Scale: 2. / 255, Shift: -1, On: 1, Off: -1},
		Batch: 1, LearningRate: 1e-3, RateEnd: 1e-6, Schedule: train.Exponential, Training: mlp.Training{Augment: ciresanImages},
		Validation: dataset.TrainingItself}, // the epoch that is the best on the undeformed training set
		func(o *train.Options) { o.Epochs = 0 }},
}

// TestPresetSources checks that the options of every preset equal those of its source in everything
// that the source states.
func TestPresetSources(t *testing.T) {
	for _, p := range recipe.Presets() {
		want, ok := sources[p.Name]
		if !ok {
			t.Errorf("%s has no source here", p.Name)
			continue
		}
		f := presetLine(t, "-preset="+p.Name)
		if f.Path == "" {
			f.Path = smallData(t)
		}
		data, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if want.samples > 0 && data.Train.Len() != want.samples {
			t.Errorf("%s: %d samples, want %d", p.Name, data.Train.Len(), want.samples)
		}
		got, err := f.options(data)
		if err != nil {
			t.Fatal(err)
		}
		if network, _, _ := strings.Cut(p.Network, ","); network != got.Network.String() {
			t.Errorf("%s: Network is %s, want %s", p.Name, p.Network, got.Network)
		}
		for _, figure := range strings.Fields(want.figure) {
			if !strings.Contains(p.Figure, figure) {
				t.Errorf("%s states %s; %s was published", p.Name, p.Figure, figure)
			}
		}
		got.Seed, got.Test = 0, ""
		if want.open != nil {
			want.open(&got)
		}
		if !reflect.DeepEqual(got, want.options) {
			t.Errorf("%s trains with\n%+v\nwant\n%+v", p.Name, got, want.options)
		}
	}
	if len(sources) != len(recipe.Presets()) {
		t.Errorf("there are %d sources of %d presets", len(sources), len(recipe.Presets()))
	}
}

// TestPresetConstants checks the activation of the paper of 2010: 1.7159·tanh(0.6666·a).
func TestPresetConstants(t *testing.T) {
	if compute.TanhAmplitude != 1.7159 || compute.TanhSlope != 0.6666 {
		t.Errorf("scaled tanh is %v·tanh(%v·a)", compute.TanhAmplitude, compute.TanhSlope)
	}
}

// TestPresetRates checks the learning rate and the momentum over the epochs, for the two presets in
// which they change as in their papers.
func TestPresetRates(t *testing.T) {
	const n = 60000
	near := func(got, want float64) bool { return math.Abs(got-want) <= 1e-12*math.Abs(want) }

	h := presetOptions(t, presetLine(t, "-preset=hinton2012"))
	for _, c := range []struct {
		epoch    int
		momentum float64
	}{{0, 0.5}, {1, 0.5 + 0.49/500}, {250, 0.745}, {499, 0.99 - 0.49/500}, {500, 0.99}, {2999, 0.99}} {
		rate := 2.5 * math.Pow(0.998, float64(c.epoch)) * (1 - c.momentum)
		for _, step := range []int{c.epoch * n / 100, (c.epoch+1)*n/100 - 1} { // the first and the last of the epoch
			if got := h.MomentumAt(step, n); !near(got, c.momentum) {
				t.Errorf("hinton2012: the momentum in epoch %d is %v, want %v", c.epoch, got, c.momentum)
			}
			if got := h.Rate(step, n); !near(got, rate) {
				t.Errorf("hinton2012: the rate in epoch %d is %v, want %v", c.epoch, got, rate)
			}
		}
	}

	o := presetOptions(t, presetLine(t, "-preset=ciresan2010"))
	last := o.Epochs - 1
	if first, end := o.Rate(0, n), o.Rate(last*n, n); !near(first, 1e-3) || !near(end, 1e-6) {
		t.Errorf("ciresan2010: rates from %v to %v, want 1e-3 to 1e-6", first, end)
	}
	factor := math.Pow(1e-3, 1/float64(last))
	for e := range last {
		now, next := o.Rate(e*n+n-1, n), o.Rate((e+1)*n, n)
		if math.Abs(next/now-factor) > 1e-9 {
			t.Fatalf("ciresan2010: the rate of epoch %d is %v, after %v", e+1, next, now)
		}
	}
}

// TestPresetFigures trains two presets to their end and checks their results. Plain Go would take half
// a minute for each, so the test uses the machine's best SIMD level.
func TestPresetFigures(t *testing.T) {
	for name, figure := range map[string]string{"softmax": "test_acc>=0.98", "mnist-online": "test_acc>=0.955"} {
		if testing.Short() && name != "softmax" {
			continue
		}
		at(t, "SHADEGRAD_SIMD=").run("train", "-backend=cpu", "-preset="+name, "-expect="+figure).is(0)
	}
}
