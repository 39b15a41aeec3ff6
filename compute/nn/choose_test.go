package nn

import (
	"errors"
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/cache"
	"shadegrad/internal/dataset"
	"shadegrad/internal/glctx/gltest"
)

// A fakeGPU is the CPU backend under the name of a GPU, which a test can break.
type fakeGPU struct {
	compute.Backend
	lost   error // what reading returns, once it is set
	closed bool
}

func (f *fakeGPU) Info() compute.Info { return compute.Info{Backend: "gpu", Device: "Fake GPU 9000"} }

func (f *fakeGPU) Read(dst []float32, src compute.Mat) error {
	return errors.Join(f.lost, f.Backend.Read(dst, src))
}

func (f *fakeGPU) Close() error {
	f.closed = true
	return f.Backend.Close()
}

// install makes Train open the fake, and measure so many seconds of a step.
func (f *fakeGPU) install(t *testing.T, gpu, host float64) {
	t.Helper()
	t.Setenv(cache.Variable, t.TempDir())
	f.Backend = cpu.New()
	opener = backends.Opener{OpenGPU: func() (compute.Backend, error) { return f, nil }, OtherGPU: func(string) string { return "" }}
	compare = func(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (bench.Comparison, error) {
		return bench.Comparison{GPU: gpu, CPU: host}, nil
	}
	t.Cleanup(func() { opener, compare = backends.Opener{}, nil })
}

// TestAuto checks that Auto trains on the faster backend and closes the GPU.
func TestAuto(t *testing.T) {
	for _, c := range []struct {
		gpu, cpu float64
		on       string
	}{{1e-4, 2e-4, "gpu"}, {2e-4, 1e-4, "cpu"}} {
		f := &fakeGPU{}
		f.install(t, c.gpu, c.cpu)
		n, err := Train(t.Context(), Moons, Options{Epochs: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := n.Training
		if r.Backend.Backend != c.on || !f.closed || (r.NoGPU == nil) != (c.on == "gpu") {
			t.Errorf("%+v: %+v, closed: %v", c, r, f.closed)
		}
		if r.NoGPU != nil && !strings.Contains(r.NoGPU.Error(), "0.0002 s on Fake GPU 9000") {
			t.Errorf("the reason is %v", r.NoGPU)
		}
	}
}

// TestAutoContinues checks that the CPU continues a run whose GPU fails.
func TestAutoContinues(t *testing.T) {
	f := &fakeGPU{}
	f.install(t, 1, 2)
	lost := errors.New("the GPU was reset")
	n, err := Train(t.Context(), Moons, Options{Epochs: 4, Progress: func(e Epoch) {
		if e.Epoch == 2 {
			f.lost = lost
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if r := n.Training; r.Backend.Backend != "cpu" || !errors.Is(r.NoGPU, lost) || len(r.Epochs) != 4 || r.Epochs[3].Epoch != 4 || r.TestAccuracy < 0.7 {
		t.Errorf("%+v", r)
	}
	f.install(t, 1, 2)
	opener.OpenGPU = func() (compute.Backend, error) { return nil, lost }
	if n, err := Train(t.Context(), Moons, Options{Epochs: 1, Backend: GPU}); !errors.Is(err, lost) || n != nil {
		t.Errorf("a GPU that does not open: %v", err)
	}
}

// TestGPU trains on OpenGL in a program that does not call glctx.Main.
func TestGPU(t *testing.T) {
	t.Setenv(cache.Variable, t.TempDir())
	o := Options{Hidden: []int{16}, Epochs: 3, Backend: GPU}
	n, err := Train(t.Context(), Moons, o)
	var none *backends.Finding
	if errors.As(err, &none) && none.Problem == backends.Unsupported {
		t.Skip(err)
	}
	gltest.Require(t, err)
	o.Backend = CPU
	same, err := Train(t.Context(), Moons, o)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := n.Training, same.Training; a.Backend.Backend != "gpu" || a.NoGPU != nil || math.Abs(a.TestLoss-b.TestLoss) > 1e-4 || a.TestLoss > 0.5 {
		t.Errorf("on the GPU %+v, on the CPU %+v", a, b)
	}
}
