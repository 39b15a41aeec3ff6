//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// TestAgreesWithCPU trains networks on the fused path and on the CPU, from the same
// weights on the same batches, and compares the losses of the batches and all weights
// after 1, 10 and 1,000 steps.
//
// Both backends round each operation to 2⁻²⁴, in different orders, and what a step
// makes of earlier errors grows with their number; ReLU's mask may differ where a sum is
// nearly 0. The bounds are on √(Σ(w−w′)²/Σw²) over all weights of a matrix and on the
// loss of the last ten batches, relative to it: 1e-6 after a step, 1e-5 after ten,
// and 1e-4 after a thousand.
func TestAgreesWithCPU(t *testing.T) {
	bounds := []struct {
		steps int
		bound float64
	}{{1, 1e-6}, {10, 1e-5}, {1000, 1e-4}}
	for _, c := range []struct {
		layers   []int
		momentum float32
		planner  planner
	}{
		{[]int{196, 64, 10}, 0.9, planner{}},
		{[]int{121, 45, 33, 7}, 0, planner{}}, // no vectors
		{[]int{196, 64, 10}, 0, planner{only: &tiles[1], slots: 3, wide: true}},
	} {
		t.Run(fmt.Sprint(c.layers, c.momentum), func(t *testing.T) {
			gpu := openTest(t, Options{}, seams{planner: c.planner})
			host := cpu.New()
			defer host.Close()
			a, b := newTrainer(t, gpu, 640, 64, c.momentum, c.layers...), newTrainer(t, host, 640, 64, c.momentum, c.layers...)
			if fused := len(a.step.(*executable).steps); fused > 3*(len(c.layers)-1)-1 {
				t.Errorf("the step is of %d dispatches", fused)
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
				if !(worst <= at.bound) {
					t.Errorf("after %d steps weights differ by %.2g, more than %.0g", done, worst, at.bound)
				}
				if !(math.Abs(p-q) <= at.bound*max(q, 1e-2)) {
					t.Errorf("after %d steps the loss is %.8g, on the CPU %.8g", done, p, q)
				}
			}
		})
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

// loss returns the sum of the losses of the last ten batches, or of all, by the rows of ten.
func (r *trainer) loss(t *testing.T) float64 {
	t.Helper()
	r.sums.Run(compute.Args{})
	sums := make([]float32, 2)
	if err := r.backend.Read(sums, r.set.Totals); err != nil {
		t.Fatal(err)
	}
	return float64(sums[0]) / float64(r.set.Stats.Rows)
}
