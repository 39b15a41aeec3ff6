//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// A bound is the largest difference of two backends after a number of steps.
type bound struct {
	steps int
	most  float64
}

// TestAgreesWithCPU trains networks with fused kernels and on the CPU, from the same weights on the
// same batches. It compares the losses of the batches and all weights after 1, 10 and 1,000 steps.
//
// Both backends round each operation to 2⁻²⁴, in different orders, and the effect of earlier errors
// grows with the number of steps; ReLU's mask may differ where a sum is nearly 0. The bounds are on
// √(Σ(w−w′)²/Σw²) over all weights of a matrix, and on the relative difference of the loss of the last
// ten batches: 1e-6 after a step, 1e-5 after ten, and 1e-4 after a thousand.
func TestAgreesWithCPU(t *testing.T) {
	t.Parallel()
	bounds := []bound{{1, 1e-6}, {10, 1e-5}, {1000, 1e-4}}[:sample.Count(3, 2)]
	for _, c := range []struct {
		layers   []int
		momentum float32
		planning fuse.Options
	}{
		{[]int{100, 36, 10}, 0.9, fuse.Options{}},
		{[]int{81, 35, 23, 7}, 0, fuse.Options{}}, // no vectors
		{[]int{100, 36, 10}, 0, fuse.Options{Tile: "B4X4", Slots: 3, Wide: true}},
	} {
		t.Run(fmt.Sprint(c.layers, c.momentum), func(t *testing.T) {
			agree(t, c.planning, bounds, 3*(len(c.layers)-1)-1, descent(c.momentum), c.layers...)
		})
	}
}

// TestTrainingsAgreeWithCPU is like TestAgreesWithCPU for 100 steps of other kinds of training.
//
// Adam and RMSProp divide a gradient by its size. If a sum nearly cancels to a rounding error, the
// changes of a weight differ by up to 2η. Gradients of 64 terms have errors of about 1e-6 of
// their terms, so this happens to one weight in a million per step. With η = 0.001 and weights of about
// 0.1 the matrices then differ by 2e-3·√1e-6/0.1 = 2e-5. The first step is the worst, since later ones
// divide by an average: 5e-5 after ten and 2e-4 after a hundred.
//
// Dropout drops the same elements on both. Distortion rounds a pixel between two others; one in some
// ten thousand rounds differently, by 1/255. With weights of 0.1 this moves the sums of its sample by
// 4e-4, and a gradient, the mean of 64, by 4e-4/√64 = 5e-5 of itself. Biases begin at 0 and are sums of
// gradients, so they differ by as much. In a hundred steps ReLU's mask differs in some places, and with
// it everything that a sample adds to a unit's weights; so networks of distorted images have tanh.
func TestTrainingsAgreeWithCPU(t *testing.T) {
	t.Parallel()
	adaptive := []bound{{1, 2e-5}, {10, 5e-5}, {100, 2e-4}}
	linear := []bound{{1, 1e-6}, {10, 1e-5}, {100, 1e-4}}
	distorted := []bound{{1, 5e-5}, {10, 5e-5}, {100, 1e-4}}
	elastic := mlp.Augment{Sigma: [2]float32{4, 4}, Alpha: [2]float32{5, 20}, Rotation: 10, Scaling: 0.1, Calm: []int{1, 7}}
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	for _, c := range sample.Of([]struct {
		name       string
		bounds     []bound
		dispatches int
		rate       float32
		planning   fuse.Options
		training   mlp.Training
	}{
		{"adam", adaptive, 3, 0.001, fuse.Options{}, adam},
		{"adam/slots", adaptive, 3, 0.001, fuse.Options{Tile: "B4X4", Slots: 3, Wide: true}, adam},
		{"rmsprop", adaptive, 3, 0.001, fuse.Options{}, mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}},
		{"nesterov, L2, L1 and decay", linear, 3, 0.02, fuse.Options{}, mlp.Training{Rule: compute.Nesterov, L2: 1e-3, L1: 1e-4, Decay: 1e-2}},
		{"dropout and elastic distortion", distorted, 7, 0.02, fuse.Options{}, mlp.Training{Velocity: true, DropInput: 0.2, Drop: 0.5, Augment: elastic}},
		{"dropout/slots", linear, 3, 0.02, fuse.Options{Tile: "B4X4", Slots: 3}, mlp.Training{Velocity: true, Drop: 0.5}},
		{"clip and max-norm", linear, 20, 0.02, fuse.Options{}, mlp.Training{Velocity: true, Clip: 0.5, MaxNorm: 1}},
		{"all together", adaptive, 20, 0.001, fuse.Options{}, mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7, L2: 1e-3, Clip: 1,
			MaxNorm: 2, DropInput: 0.1, Drop: 0.3, Augment: elastic}},
	}, 3) {
		t.Run(c.name, func(t *testing.T) {
			how := recipe{compute.ReLU, compute.Args{LearningRate: c.rate, Momentum: 0.9, Seed: 1<<33 + 7}, c.training}
			if !c.training.Augment.IsZero() {
				how.hidden = compute.Tanh
			}
			agree(t, c.planning, c.bounds[:sample.Count(3, 2)], c.dispatches, how, 100, 36, 10)
		})
	}
}

// TestLargeLayerAgreesWithCPU trains a layer whose W, V and S lie in separate buffers.
func TestLargeLayerAgreesWithCPU(t *testing.T) {
	t.Parallel()
	how := recipe{compute.ReLU, compute.Args{LearningRate: 0.001, Momentum: 0.9}, mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}}
	agree(t, fuse.Options{}, []bound{{1, 2e-5}, {10, 5e-5}}, 3, how, 784, 700, 10)
}

// TestLargestNetworkAgreesWithCPU takes three steps of the largest published network (preset
// ciresan2010), in its true size and with its distortions, one sample at a time, and compares the changes
// of the weights.
//
// The steps change weights in ±0.05, where float32 has a spacing of 4e-9, by some 5e-5. If one weight in
// a hundred rounds to the neighbouring value, this makes √0.01·4e-9/5e-5 = 8e-6 of the change. The bound
// is ten times as large, on √(Σ(Δ−Δ′)²/ΣΔ′²) over all weights of a matrix.
//
// With -short the hidden layers have a tenth of their units.
func TestLargestNetworkAgreesWithCPU(t *testing.T) {
	t.Parallel()
	sizes := []int{841, 2500, 2000, 1500, 1000, 500, 10}
	for i := 1; i <= 5; i++ {
		sizes[i] /= sample.Count(1, 10)
	}
	c := mlp.Config{Sizes: sizes, Hidden: compute.ScaledTanh, Output: compute.ScaledTanh,
		Loss: compute.SquaredError, Reduction: mlp.ReduceHalf, Init: mlp.Uniform, InitScale: 0.05, Scale: 2. / 255, Shift: -1, On: 1, Off: -1}
	how := recipe{args: compute.Args{LearningRate: 1e-3, Seed: 1<<33 + 7}, training: mlp.Training{Augment: mlp.Augment{
		Sigma: [2]float32{5, 6}, Alpha: [2]float32{36, 38}, Rotation: 15, Scaling: 0.175, Calm: []int{1, 7}}}}
	const steps = 3
	host := cpu.New()
	defer host.Close()
	var changes [][][]float32
	var losses []float64
	for _, b := range []compute.Backend{openTest(t, Options{}, seams{}), host} {
		r := newTrainerWith(t, b, steps, 1, how, c)
		r.run(steps)
		values, err := r.network.Values(r.network.Parameters())
		if err != nil {
			t.Fatal(err)
		}
		for i, first := range c.InitialParameters(7) {
			for e, w := range first {
				values[i][e] -= w
			}
		}
		changes, losses = append(changes, values), append(losses, r.loss(t))
	}
	for i, s := range c.Shapes() {
		if d := distance(changes[0][i], changes[1][i]); !(d <= 1e-4) {
			t.Errorf("the steps change %s by %.2g of that differently", s.Name, d)
		}
	}
	if p, q := losses[0], losses[1]; !(math.Abs(p-q) <= 1e-6*q) {
		t.Errorf("the loss is %.8g, on the CPU %.8g", p, q)
	}
}

// agree trains a network on both backends and compares them.
func agree(t *testing.T, p fuse.Options, bounds []bound, dispatches int, how recipe, layers ...int) {
	t.Helper()
	gpu := openTest(t, Options{}, seams{planning: p})
	host := cpu.New()
	defer host.Close()
	a, b := newTrainerOf(t, gpu, 640, 64, how, layers...), newTrainerOf(t, host, 640, 64, how, layers...)
	if fused := len(a.step.(*executable).steps); fused > dispatches {
		t.Errorf("the step has %d dispatches, want at most %d", fused, dispatches)
	}
	done := 0
	for _, at := range bounds {
		a.run(at.steps - done)
		b.run(at.steps - done)
		done = at.steps
		x, err := a.network.Values(a.network.Parameters())
		if err != nil {
			t.Fatal(err)
		}
		y, err := b.network.Values(b.network.Parameters())
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.
		for i := range x {
			worst = max(worst, distance(x[i], y[i]))
		}
		p, q := a.loss(t), b.loss(t)
		t.Logf("after %d steps: weights %.2g, loss %.8g and %.8g", done, worst, p, q)
		if !(worst <= at.most) {
			t.Errorf("after %d steps weights differ by %.2g, more than %.0g", done, worst, at.most)
		}
		if !(math.Abs(p-q) <= at.most*max(q, 1e-2)) {
			t.Errorf("after %d steps the loss is %.8g, on the CPU %.8g", done, p, q)
		}
	}
}

// distance returns √(Σ(x−y)²/Σy²).
func distance(x, y []float32) float64 {
	var diff, norm float64
	for i := range x {
		d := float64(x[i]) - float64(y[i])
		diff += d * d
		norm += float64(y[i]) * float64(y[i])
	}
	return math.Sqrt(diff / norm)
}

// loss returns the loss of all rows of Stats, divided by their number.
func (r *trainer) loss(t *testing.T) float64 {
	t.Helper()
	r.sums.Run(compute.Args{})
	sums := make([]float32, 2)
	if err := r.backend.Read(sums, r.set.Totals); err != nil {
		t.Fatal(err)
	}
	return float64(sums[0]) / float64(r.set.Stats.Rows)
}
