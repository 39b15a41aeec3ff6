//go:build cgo && !nogl

package opengl

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// TestStep counts what a compiled training step is made of. A network of L layers of
// weights takes L−1 dispatches forward, one for its head, L−2 for the deltas before
// that, and one or two for all changes of parameters, as the first layer's inputs are
// pixels. Barriers are only between those that depend on each other: changes of
// parameters in two dispatches have none between them.
func TestStep(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	for _, c := range []struct {
		layers               []int
		dispatches, barriers int
	}{
		{[]int{784, 128, 10}, 3, 3},
		{[]int{784, 256, 128, 10}, 6, 5},
		{[]int{784, 100, 100, 100, 100, 100, 10}, 12, 11},
		{[]int{30, 21, 13, 9, 11, 7, 5}, 11, 11},
		{[]int{784, 10}, 3, 3},
	} {
		for _, momentum := range []float32{0, 0.9} {
			r := newTrainer(t, b, 128, 64, momentum, c.layers...)
			r.run(1) // after which the next one waits for the parameters
			if err := b.Sync(); err != nil {
				t.Fatal(err)
			}
			before := b.Counts()
			const steps = 3
			r.run(steps)
			if err := b.Sync(); err != nil {
				t.Fatal(err)
			}
			after := b.Counts()
			d, w := int(after.Dispatches-before.Dispatches), int(after.Barriers-before.Barriers)
			if d != steps*c.dispatches || w != steps*c.barriers {
				t.Errorf("%v: a step takes %v dispatches and %v barriers, want %d and %d", c.layers,
					float64(d)/steps, float64(w)/steps, c.dispatches, c.barriers)
			}
			if l := len(c.layers) - 1; l > 1 && d > steps*(3*l-1) {
				t.Errorf("%v: more than %d dispatches", c.layers, 3*l-1)
			}
		}
	}
}

// TestStepOfTrainings counts what steps are made of that have more to do. Every rule changes
// parameters as they are made, and dropout has no dispatch of its own; but inputs that some are left out of are
// made before they are used, and so are distorted images, with two products where it is elastic.
// Bounds on weights or gradients come after all of these are there.
func TestStepOfTrainings(t *testing.T) {
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	with := func(change func(*mlp.Training)) mlp.Training {
		c := adam
		change(&c)
		return c
	}
	for _, c := range []struct {
		name       string
		training   mlp.Training
		layers     []int
		dispatches int
	}{
		{"adam", adam, []int{784, 128, 10}, 3},
		{"adam", adam, []int{784, 256, 128, 10}, 6},
		{"a large layer, whose V and S lie in buffers of their own", adam, []int{784, 700, 10}, 3},
		{"adamW", with(func(t *mlp.Training) { t.Decay = 0.01 }), []int{784, 128, 10}, 3},
		{"L1", with(func(t *mlp.Training) { t.L1 = 1e-4 }), []int{784, 128, 10}, 3},
		{"rmsprop", mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}, []int{784, 128, 10}, 3},
		{"nesterov", mlp.Training{Rule: compute.Nesterov}, []int{784, 128, 10}, 3},
		{"dropout", with(func(t *mlp.Training) { t.Drop = 0.5 }), []int{784, 128, 10}, 3},
		{"dropout", with(func(t *mlp.Training) { t.Drop = 0.5 }), []int{784, 256, 128, 10}, 6},
		{"dropout of the inputs", with(func(t *mlp.Training) { t.DropInput, t.Drop = 0.2, 0.5 }), []int{784, 128, 10}, 4},
		{"elastic", with(func(t *mlp.Training) { t.Augment = mlp.Augment{Sigma: [2]float32{5, 5}, Alpha: [2]float32{8, 8}} }), []int{784, 128, 10}, 7},
		{"dropout of distorted inputs", with(func(t *mlp.Training) { t.DropInput, t.Augment.Rotation = 0.2, 10 }), []int{784, 128, 10}, 4},
		{"rotation", with(func(t *mlp.Training) { t.Augment.Rotation = 10 }), []int{784, 128, 10}, 4},
		{"max-norm", with(func(t *mlp.Training) { t.MaxNorm = 3 }), []int{784, 128, 10}, 5},
	} {
		b := openTest(t, Options{}, seams{})
		r := newTrainerOf(t, b, 128, 64, recipe{training: c.training}, c.layers...)
		d := r.step.(*executable).Describe()
		if len(d.Dispatches) != c.dispatches {
			t.Errorf("%s %v: a step takes %d dispatches, want %d: %+v", c.name, c.layers, len(d.Dispatches), c.dispatches, d.Dispatches)
		}
	}
}

// TestWaits counts how often the host waits in an epoch: once, for its loss. What a
// progress line asks for is waited for by nobody.
func TestWaits(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	r := newTrainer(t, b, 640, 64, 0.9, 784, 32, 10)
	clear, err := b.Compile(mlp.ClearStats(r.set))
	if err != nil {
		t.Fatal(err)
	}
	order := make([]uint32, r.set.Order.Len)
	before := b.Counts().Waits
	const epochs = 3
	for range epochs {
		if err := b.WriteIndex(r.set.Order, order); err != nil {
			t.Fatal(err)
		}
		clear.Run(compute.Args{})
		var progress compute.Fetch
		for range 10 {
			r.run(1)
			if progress == nil || progress.Ready() {
				r.sums.Run(compute.Args{})
				progress = b.Fetch(r.set.Totals)
			}
		}
		r.sums.Run(compute.Args{})
		if err := b.Read(make([]float32, 2), r.set.Totals); err != nil {
			t.Fatal(err)
		}
	}
	if waits := b.Counts().Waits - before; waits > epochs {
		t.Errorf("%d waits in %d epochs", waits, epochs)
	}
}
