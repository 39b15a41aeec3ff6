package cli

import (
	"errors"
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
	took   comparison
	err    error
	asked  int
	stderr strings.Builder
}

func (c *comparing) choose(t *testing.T, hidden int) (*backends.Choice, string) {
	t.Helper()
	a := &app{stderr: &c.stderr, compare: func(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (comparison, error) {
		c.asked++
		return c.took, c.err
	}}
	c.gpu = newFakeGPU()
	choice, err := c.gpu.opener().Open(backends.Auto)
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
	c := &comparing{took: comparison{GPU: 25e-6, CPU: 100e-6}}
	for i, want := range []string{"it takes 25.00 µs a step, the CPU 100.0 µs", "it takes 25.00 µs a step, the CPU 100.0 µs, as remembered"} {
		got, why := c.choose(t, 128)
		if got.Backend != compute.Backend(c.gpu) || why != want || !got.Fallback || c.gpu.closed.Load() {
			t.Errorf("time %d: %+v, want the GPU because %q", i+1, got, want)
		}
	}
	c.took = comparison{GPU: 0.2, CPU: 1e-3}
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

// TestFasterForgets checks that the backends are compared again if the cache cannot be read or
// written.
func TestFasterForgets(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(cache.Variable, dir)
	c := &comparing{took: comparison{GPU: 1, CPU: 2}}
	c.choose(t, 128)
	for _, text := range []string{"", "{", `{"version":1,"value":{"x":3}}`, `{"version":2,"value":{}}`} {
		if err := os.WriteFile(filepath.Join(dir, comparisonsFile), []byte(text), 0o666); err != nil {
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
	a := &app{compare: func(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (comparison, error) {
		t.Error("compared")
		return comparison{}, nil
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
	took, err := compareSteps(gpu, host, s, d)
	if err != nil || !(took.GPU > 0) || !(took.CPU > 0) {
		t.Errorf("%+v, error %v", took, err)
	}
	lost := errors.New("lost")
	gpu.lost.Store(&lost)
	if _, err := compareSteps(gpu, host, s, d); !errors.Is(err, lost) {
		t.Errorf("of a lost GPU: error %v", err)
	}
}
