package cli

import (
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A comparing is an app with a GPU and a comparison that returns given times.
type comparing struct {
	gpu    *fakeGPU
	took   bench.Comparison
	err    error
	asked  int
	tuner  *tunedGPU // nil for a GPU that has no choice of kernels
	stderr strings.Builder
}

func (c *comparing) choose(t *testing.T, hidden int) (*backends.Choice, string) {
	t.Helper()
	a := &app{stderr: &c.stderr, compare: func(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (bench.Comparison, error) {
		c.asked++
		return c.took, c.err
	}}
	c.gpu = newFakeGPU()
	opener := c.gpu.opener()
	if c.tuner != nil {
		opener.OpenGPU = func() (compute.Backend, error) { return &tunedGPU{c.gpu, c.tuner.kernels, c.tuner.final}, nil }
	}
	choice, err := opener.Open(backends.Auto)
	if err != nil {
		t.Fatal(err)
	}
	s := bench.Step{Network: mlp.Config{Sizes: []int{784, hidden, 10}}, Batch: 64}
	choice, why := a.faster(choice, s, nil)
	t.Cleanup(func() { choice.Close() })
	return choice, why
}

// TestFaster checks that the faster backend is chosen, with its reason, and remembered.
func TestFaster(t *testing.T) {
	t.Setenv(cache.Variable, filepath.Join(t.TempDir(), "new"))
	c := &comparing{took: bench.Comparison{GPU: 25e-6, CPU: 100e-6}}
	for i, want := range []string{"it takes 25.00 µs a step, the CPU 100.0 µs", "it takes 25.00 µs a step, the CPU 100.0 µs, as remembered"} {
		got, why := c.choose(t, 128)
		if got.Backend != compute.Backend(c.gpu) || why != want || !got.Fallback || c.gpu.closed.Load() {
			t.Errorf("time %d: %+v, want the GPU because %q", i+1, got, want)
		}
	}
	c.took = bench.Comparison{GPU: 0.2, CPU: 1e-3}
	for i, want := range []string{"it takes 1 ms a step, the GPU (" + fakeRenderer + ") 200 ms", "it takes 1 ms a step, the GPU (" + fakeRenderer + ") 200 ms, as remembered"} {
		got, why := c.choose(t, 32)
		if got.Info().Backend != "cpu" || why != want || got.Fallback || !c.gpu.closed.Load() {
			t.Errorf("time %d: %+v, want the CPU because %q", i+1, got, want)
		}
	}
	if c.asked != 2 {
		t.Errorf("%d comparisons, want 2", c.asked)
	}
	if c.stderr.String() != "" {
		t.Errorf("stderr: %s", c.stderr.String())
	}
}

// A tunedGPU chooses kernels.
type tunedGPU struct {
	*fakeGPU
	kernels map[string]string
	final   bool
}

func (g *tunedGPU) Kernels() (map[string]string, bool)     { return g.kernels, g.final }
func (g *tunedGPU) Chooses(kernels map[string]string) bool { return maps.Equal(kernels, g.kernels) }

// TestFasterComparesOtherKernels checks that a comparison is not remembered for other kernels, or if the GPU had
// no time to try them all, or if a clock has failed.
func TestFasterComparesOtherKernels(t *testing.T) {
	t.Setenv(cache.Variable, t.TempDir())
	c := &comparing{took: bench.Comparison{GPU: 2, CPU: 1}}
	for i, step := range []struct {
		kernels  string
		final    bool
		took     bench.Comparison
		compares bool
		want     string
	}{
		{"B8X8", false, bench.Comparison{GPU: 2, CPU: 1}, true, "cpu"}, // a GPU with a kernel that is not final
		{"B8X8", false, bench.Comparison{GPU: 2, CPU: 1}, true, "cpu"},
		{"T32", true, bench.Comparison{GPU: 1, CPU: 2}, true, "gpu"},
		{"T32", true, bench.Comparison{GPU: 2, CPU: 1}, false, "gpu"},
		{"T64", true, bench.Comparison{GPU: 0, CPU: 1}, true, "cpu"},
		{"T64", true, bench.Comparison{GPU: math.Inf(1), CPU: 1}, true, "cpu"},
		{"T64", true, bench.Comparison{GPU: math.NaN(), CPU: 1}, true, "cpu"},
		{"T64", true, bench.Comparison{GPU: 1, CPU: 2}, true, "gpu"},
		{"T64", true, bench.Comparison{GPU: 2, CPU: 1}, false, "gpu"},
	} {
		asked := c.asked
		c.took, c.tuner = step.took, &tunedGPU{kernels: map[string]string{"shaders": "1", "layer": step.kernels}, final: step.final}
		if got, _ := c.choose(t, 128); got.Info().Backend != step.want || (c.asked > asked) != step.compares {
			t.Errorf("run %d: %d comparisons, chose %s; want %+v", i+1, c.asked-asked, got.Info().Backend, step)
		}
	}
}

// TestFasterForgets checks that the backends are compared again if the cache cannot be read or
// written.
func TestFasterForgets(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(cache.Variable, dir)
	c := &comparing{took: bench.Comparison{GPU: 1, CPU: 2}}
	c.choose(t, 128)
	for _, text := range []string{"", "{", `{"version":1,"value":{"x":3}}`, `{"version":2,"value":{}}`} {
		if err := os.WriteFile(filepath.Join(dir, bench.ComparisonsFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		asked := c.asked
		if got, _ := c.choose(t, 128); got.Info().Backend != "gpu" || c.asked != asked+1 {
			t.Errorf("with %q: %d comparisons, chose %+v", text, c.asked-asked, got)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(cache.Variable, filepath.Join(file, "below"))
	for range 2 {
		asked := c.asked
		if got, _ := c.choose(t, 128); got.Info().Backend != "gpu" || c.asked != asked+1 {
			t.Errorf("without a cache: %d comparisons, chose %+v", c.asked-asked, got)
		}
	}
}

// TestFasterFails checks that the CPU is chosen if the GPU fails in the comparison.
func TestFasterFails(t *testing.T) {
	t.Setenv(cache.Variable, t.TempDir())
	c := &comparing{err: errors.New("the GPU was reset")}
	for range 2 {
		got, why := c.choose(t, 128)
		if got.Info().Backend != "cpu" || why != "no GPU can be used" || !c.gpu.closed.Load() {
			t.Errorf("%+v", got)
		}
	}
	if want := strings.Repeat("the GPU was reset; using the CPU\n", 2); c.stderr.String() != want || c.asked != 2 {
		t.Errorf("stderr %q after %d comparisons, want %q after 2", c.stderr.String(), c.asked, want)
	}
}

// TestFasterSkipped checks that no comparison is made for a backend chosen by name.
func TestFasterSkipped(t *testing.T) {
	a := &app{compare: func(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (bench.Comparison, error) {
		t.Error("compared")
		return bench.Comparison{}, nil
	}}
	for _, k := range []backends.Kind{backends.CPU, backends.GPU} {
		c, err := newFakeGPU().opener().Open(k)
		if err != nil {
			t.Fatal(err)
		}
		if got, why := a.faster(c, bench.Step{}, nil); got != c || why != reason(c) {
			t.Errorf("-backend=%s: chose %+v because %s", k, got, why)
		}
		c.Close()
	}
}

// TestCompareSteps runs a real comparison, on few images and on many.
func TestCompareSteps(t *testing.T) {
	gpu, host := newFakeGPU(), cpu.New()
	defer gpu.Close()
	defer host.Close()
	d, err := dataset.Open(smallData(t))
	if err != nil {
		t.Fatal(err)
	}
	s := bench.Step{Network: mlp.Config{Sizes: []int{784, 8, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1. / 255, On: 1}, Batch: 64}
	took, err := bench.Compare(gpu, host, s, d)
	if err != nil || !(took.GPU > 0) || !(took.CPU > 0) {
		t.Errorf("%+v, error %v", took, err)
	}
	lost := errors.New("lost")
	gpu.lost.Store(&lost)
	if _, err := bench.Compare(gpu, host, s, d); !errors.Is(err, lost) {
		t.Errorf("of a lost GPU: error %v", err)
	}
}
