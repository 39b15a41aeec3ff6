//go:build cgo && !nogl && !darwin && linux && amd64

package opengl

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/glctx/glcalls"
	"shadegrad/internal/mlp"
)

// TestCallsOfStep counts the calls of OpenGL in steps of 784-128-10, with those at the end of each batch. A
// step needs to choose a program, order memory, set the first row and dispatch, three times. Adam adds its
// corrections, and its update has eight blocks, one of them at the binding point of the labels.
func TestCallsOfStep(t *testing.T) {
	for _, c := range []struct {
		name     string
		most     float64
		planning fuse.Options
		training mlp.Training
	}{
		{"momentum", 12.5, fuse.Options{Tile: "B4X4"}, mlp.Training{Velocity: true}},
		{"slots", 12.5, fuse.Options{Tile: "B4X4", Slots: 10}, mlp.Training{}},
		{"adam", 15.5, fuse.Options{Tile: "B4X4"}, mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := glcalls.Count(t)
			b := openTest(t, Options{}, seams{planning: c.planning})
			how := recipe{compute.ReLU, compute.Args{LearningRate: 0.02, Momentum: 0.9}, c.training}
			r := newTrainerOf(t, b, 16, 2, how, 784, 128, 10)
			run := func(steps int) {
				t.Helper()
				r.run(steps)
				if err := b.Sync(); err != nil {
					t.Fatal(err)
				}
			}
			run(2) // after which every buffer is bound
			calls.Reset()
			const steps = batchRuns
			run(steps)
			counts, total := calls.Counts(), 0
			for _, n := range counts {
				total += n
			}
			if counts["glDispatchCompute"] != 3*steps {
				t.Errorf("%d dispatches in %d steps, want %d", counts["glDispatchCompute"], steps, 3*steps)
			}
			if each := float64(total) / steps; each > c.most {
				t.Errorf("a step takes %.2f calls of OpenGL, want at most %g: %v", each, c.most, counts)
			}
		})
	}
}

// TestReadsOnlyStaging checks that the host never reads or maps a buffer that kernels work on, neither for
// results nor for the tuner: NVIDIA's driver would move the buffer to the host's memory.
func TestReadsOnlyStaging(t *testing.T) {
	calls := glcalls.Count(t)
	b := openTest(t, Options{Tune: true, CacheDir: t.TempDir()}, seams{})
	r := newTrainer(t, b, 16, 8, 0.9, 784, 128, 10)
	r.run(3)
	r.sums.Run(compute.Args{})
	if _, err := b.Fetch(r.set.Totals).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.network.Values(r.network.Parameters()); err != nil {
		t.Fatal(err)
	}
	large, err := b.Alloc(2, readPiece-3)
	if err != nil {
		t.Fatal(err)
	}
	mustCompile(t, b, "fill", compute.Fill{Dst: large, Value: 5}).Run(compute.Args{})
	values := make([]float32, large.Len())
	if err := b.Read(values, large); err != nil {
		t.Fatal(err)
	}
	for e, v := range values {
		if v != 5 {
			t.Fatalf("element %d is %g, want 5", e, v)
		}
	}
	counts := calls.Counts()
	if counts["glGetBufferSubData"] == 0 || b.tuner.tried == 0 {
		t.Fatalf("nothing was read or tuned: %v", counts)
	}
	if n := calls.WrongReads(); n != 0 {
		t.Errorf("%d of %d reads are of buffers that kernels use", n, counts["glGetBufferSubData"])
	}
	if n := counts["glMapBuffer"] + counts["glMapBufferRange"]; n != 0 {
		t.Errorf("buffers are mapped %d times", n)
	}
}
