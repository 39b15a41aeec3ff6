package mlp_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/mlp/mlptest"
)

// configs lists every hidden activation with every output and loss that go
// together, with 0 to 3 hidden layers, with and without biases, and each reduction of
// squared error.
func configs() []mlp.Config {
	hiddenSizes := [][]int{{}, {4}, {4, 3}, {4, 3, 5}}
	var list []mlp.Config
	for _, output := range compute.Activations() {
		for _, loss := range []compute.LossKind{compute.CrossEntropy, compute.SquaredError} {
			for _, hidden := range []compute.Activation{compute.Identity, compute.Sigmoid, compute.Tanh, compute.ReLU, compute.ScaledTanh, compute.LeakyReLU} {
				for i, sizes := range hiddenSizes {
					for _, noBias := range []bool{false, true} {
						c := mlp.Config{Sizes: append(append([]int{5}, sizes...), 3), Hidden: hidden, Output: output, Loss: loss,
							Init: mlp.Uniform, NoBias: noBias, Scale: 1. / 128, Shift: -0.9, On: 0.9, Off: 0.05}
						// Where there is nothing hidden, one activation is enough.
						if c.Check() == nil && (i > 0 || hidden == compute.Identity) {
							list = append(list, c)
						}
						if c.Sizes = []int{5, 4, 1}; i == 1 && c.Check() == nil {
							list = append(list, c)
						}
					}
				}
			}
		}
	}
	for _, c := range slices.Clone(list) {
		if c.Loss == compute.SquaredError && c.Hidden == compute.Tanh && len(c.Sizes) == 3 {
			for _, c.Reduction = range mlp.Reductions() {
				list = append(list, c)
			}
		}
	}
	return list
}

func label(c mlp.Config) string {
	return fmt.Sprintf("%s,%s,%s,%s%s,nobias=%t", c, c.Hidden, c.Output, c.Loss, c.Reduction, c.NoBias)
}

// samples draws n samples.
func samples(c mlp.Config, n int) []mlptest.Sample {
	r := philox.Stream{Seed: 9}
	list := make([]mlptest.Sample, n)
	for i := range list {
		pixels := make([]byte, c.Sizes[0])
		for j := range pixels {
			pixels[j] = byte(r.Uint64(uint64(i*len(pixels) + j)))
		}
		list[i] = mlptest.Sample{Pixels: pixels, Label: byte(i % max(c.Outputs(), 2))}
	}
	return list
}

// gradients returns the gradients and the loss of one training step on a batch. After the first step
// the velocities are the gradients. The batch may be smaller than the network's maximum.
func gradients(t *testing.T, c mlp.Config, rows int, values [][]float32, batch []mlptest.Sample) (g [][]float32, loss float64) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	n, set := network(t, b, c, rows, len(batch))
	var pixels, labels []byte
	for _, s := range batch {
		pixels, labels = append(pixels, s.Pixels...), append(labels, s.Label)
	}
	p, err := n.TrainStep(set, len(batch))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{b.WriteBytes(set.Images, pixels), b.WriteBytes(set.Labels, labels), n.Load(n.Parameters(), values)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []compute.Program{p, mlp.Sums(set)} {
		x, err := b.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		x.Run(compute.Args{LearningRate: 0.5, Momentum: 0.9})
	}
	g, err = n.Values(n.Velocities())
	if err != nil {
		t.Fatal(err)
	}
	sums := make([]float32, 2)
	if err := b.Read(sums, set.Totals); err != nil {
		t.Fatal(err)
	}
	return g, float64(sums[0]) / float64(len(batch))
}

// TestGradients compares the gradients of the program with those of the plain network in
// float64, and these with differences of the loss.
func TestGradients(t *testing.T) {
	list := configs()
	if len(list) < 100 {
		t.Fatalf("only %d networks", len(list))
	}
	for _, c := range list {
		t.Run(label(c), func(t *testing.T) {
			values, batch := c.InitialParameters(2), samples(c, 6)
			plain := mlptest.New(c, values)
			want := plain.Gradient(batch)
			differences(t, plain, batch, want)
			g, loss := gradients(t, c, 8, values, batch)
			compare(t, c, g, want)
			if e := plain.MeanLoss(batch); math.Abs(loss-e) > 1e-6*max(1, e) {
				t.Errorf("loss %v, want %v", loss, e)
			}
		})
	}
}

// differences compares gradients with central differences of the mean loss. A
// step of 10⁻⁵ leaves an error of its square times the third derivative, and
// of float64's 10⁻¹⁶ divided by it.
func differences(t *testing.T, n *mlptest.Network, batch []mlptest.Sample, g [][]float64) {
	t.Helper()
	const h = 1e-5
	for i, list := range n.Params {
		for j, v := range list {
			list[j] = v + h
			up := n.MeanLoss(batch)
			list[j] = v - h
			down := n.MeanLoss(batch)
			list[j] = v
			if d := (up - down) / (2 * h); math.Abs(d-g[i][j]) > 1e-9 {
				t.Errorf("element %d of parameter %d: gradient %v, difference %v", j, i, g[i][j], d)
			}
		}
	}
}

// compare allows 64 roundings in each of at most four layers, of values about 1.
func compare(t *testing.T, c mlp.Config, got [][]float32, want [][]float64) {
	t.Helper()
	const bound = 4 * 64 * 0x1p-24
	for i, s := range c.Shapes() {
		for j, w := range want[i] {
			if diff := math.Abs(float64(got[i][j]) - w); !(diff <= bound) {
				t.Errorf("gradient of %s, element %d: %v, want %v", s.Name, j, got[i][j], w)
			}
		}
	}
}

// TestSmallerBatch trains on batches of each size up to the network's maximum. The mean is over
// the samples of the batch.
func TestSmallerBatch(t *testing.T) {
	c := deep
	c.Scale = 1. / 255
	values := c.InitialParameters(2)
	for n := 1; n <= 8; n++ {
		batch := samples(c, n)
		g, _ := gradients(t, c, 8, values, batch)
		compare(t, c, g, mlptest.New(c, values).Gradient(batch))
	}
}

// TestManySteps trains both networks and compares their parameters.
func TestManySteps(t *testing.T) {
	c := deep
	c.Scale, c.Hidden = 1./255, compute.Tanh
	const rows, rate, momentum, count = 5, 0.2, 0.9, 50
	b := cpu.New()
	defer b.Close()
	values, list := c.InitialParameters(6), samples(c, rows*count)
	n, set := network(t, b, c, rows, len(list))
	var pixels, labels []byte
	for _, s := range list {
		pixels, labels = append(pixels, s.Pixels...), append(labels, s.Label)
	}
	p, err := n.TrainStep(set, rows)
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{b.WriteBytes(set.Images, pixels), b.WriteBytes(set.Labels, labels), n.Load(n.Parameters(), values)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	plain := mlptest.New(c, values)
	velocity := plain.Zeros()
	for i := range count {
		x.Run(compute.Args{Row: i * rows, LearningRate: rate, Momentum: momentum})
		plain.Step(velocity, list[i*rows:(i+1)*rows], rate, momentum)
	}
	got, err := n.Values(n.Parameters())
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range c.Shapes() {
		for j, w := range plain.Params[i] {
			// Each step adds a rounding, and carries on those before it.
			if math.Abs(float64(got[i][j])-w) > 1e-4*max(1, math.Abs(w)) {
				t.Errorf("%s, element %d: %v after %d steps, want %v", s.Name, j, got[i][j], count, w)
			}
		}
	}
}
