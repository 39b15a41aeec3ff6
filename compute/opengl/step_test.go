//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// TestStep counts the dispatches and barriers of steps that run. Package fuse tests the plans of more
// networks.
func TestStep(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	for _, c := range []struct {
		layers               []int
		dispatches, barriers int
	}{
		{[]int{784, 128, 10}, 3, 3},
		{[]int{30, 21, 13, 9, 11, 7, 5}, 11, 11},
	} {
		r := newTrainer(t, b, 128, 64, 0.9, c.layers...)
		r.run(1) // after which the next step waits for the parameters
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
	}
}

// TestWaits checks that the host waits once in an epoch, for its loss, and never for a progress line.
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
