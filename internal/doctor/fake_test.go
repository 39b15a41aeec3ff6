package doctor

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/judge"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/glctx"
)

// A fake is a machine with a working NVIDIA card, which tests break.
type fake struct {
	machine
	vars        map[string]string
	files       fstest.MapFS
	window, egl *fakeDevice // or nil
	glfwErr     error
	windowErr   error
	eglErr      error // of the library
	contextErr  error // of a context by EGL
	gpuErr      error
	gpu         func(compute.Backend) compute.Backend // plants a fault, or nil
}

const card = "NVIDIA GeForce RTX 3060/PCIe/SSE2"

func newFake(t *testing.T) *fake {
	hardware := func(path string) *fakeDevice {
		return &fakeDevice{info: glctx.Info{Renderer: card, Vendor: "NVIDIA Corporation", Version: "4.6.0 NVIDIA 535.161", ShadingLanguage: "4.60 NVIDIA",
			Major: 4, Minor: 6, Path: path}, limits: []glctx.Limit{{Name: "GL_MAX_THIS", Have: 2000, Need: 1024}, {Name: "GL_THAT_ALIGNMENT", Have: 16, Need: 256, Most: true}}}
	}
	f := &fake{
		vars:   map[string]string{"DISPLAY": ":0"},
		files:  fstest.MapFS{"etc/os-release": {Data: []byte("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n")}},
		window: hardware("GLFW window (X11)"), egl: hardware("EGL device"),
	}
	dir := t.TempDir()
	f.machine = machine{
		goos: "linux", env: func(name string) string { return f.vars[name] },
		root: f.files, uid: func() int { return 1000 }, support: true,
		display: func() bool { return f.vars["DISPLAY"] != "" || f.vars["WAYLAND_DISPLAY"] != "" },
		glfw:    func() (string, error) { return "3.3.8 X11 GLX EGL", f.glfwErr },
		egl:     func() ([]string, error) { return []string{"EGL device", "EGL surfaceless"}, f.eglErr },
		window:  func() (device, error) { return opened(f.window, errors.Join(f.glfwErr, f.windowErr)) },
		byEGL:   func() (device, error) { return opened(f.egl, f.contextErr) },
		newCPU:  func() compute.Backend { return cpu.New() },
		// Only the cases of products, for speed.
		cases: func(quick bool) []judge.Case {
			return slices.DeleteFunc(judgeCases(quick), func(c judge.Case) bool { return c.Op != "matmul" })
		},
		openData: func(string, dataset.Form) (*dataset.Data, error) { return builtIn() },
		cacheDir: func() (string, error) { return dir, nil },
		space:    func(string) (int64, bool) { return 1 << 40, true },
		denied:   func(string) bool { return false },
	}
	return f
}

// builtIn opens the built-in data once.
var builtIn = sync.OnceValues(func() (*dataset.Data, error) { return dataset.Open("") })

func opened(d *fakeDevice, err error) (device, error) {
	if err != nil {
		return nil, err
	}
	d.open++
	return d, nil
}

// examine runs the examination with the cases of the self-test.
func (f *fake) examine(t *testing.T, kind backends.Kind) *Report {
	t.Helper()
	var steps []Step
	r := run(Config{Program: "shadegrad test", Backend: kind, Quick: true, Step: func(s Step) { steps = append(steps, s) },
		Opener: backends.Opener{
			OpenGPU: func() (compute.Backend, error) {
				if f.gpuErr != nil {
					return nil, f.gpuErr
				}
				var b compute.Backend = cpu.New()
				if f.gpu != nil {
					b = f.gpu(b)
				}
				return fakeGPU{b, f.window.info}, nil
			},
			OtherGPU: func(string) string { return "" },
		}}, f.machine)
	for _, d := range []*fakeDevice{f.window, f.egl} {
		if d.open != 0 {
			t.Errorf("%s: %d contexts are left open", d.info.Path, d.open)
		}
	}
	if !slices.EqualFunc(steps, r.Steps, func(a, b Step) bool { return a.Name == b.Name && a.Found == b.Found }) {
		t.Error("the steps differ from those of the report")
	}
	return r
}

// letters stand for the statuses in course.
var letters = map[Status]string{OK: "+", Failed: "X", Untried: ".", Unneeded: "o"}

// course returns the letters of all steps' statuses.
func course(r *Report) string {
	var b strings.Builder
	for _, s := range r.Steps {
		b.WriteString(letters[s.Status])
	}
	return b.String()
}

func step(t *testing.T, r *Report, name string) Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("unknown step %q", name)
	return Step{}
}

// A fakeDevice is a context that refuses shaders with a given text.
type fakeDevice struct {
	info     glctx.Info
	limits   []glctx.Limit
	refuses  string
	linking  bool
	log      string
	closeErr error
	err      error // of every call
	open     int
	compiled int
}

func (d *fakeDevice) Info() glctx.Info               { return d.info }
func (d *fakeDevice) Limits() ([]glctx.Limit, error) { return d.limits, d.err }
func (d *fakeDevice) Close() error                   { d.open--; return d.closeErr }

func (d *fakeDevice) CheckShader(source string) error {
	d.compiled++
	switch {
	case d.err != nil:
		return d.err
	case strings.Contains(source, "#define KIND CROSS_ENTROPY") && !strings.Contains(source, "#define F SOFTMAX") && !strings.Contains(source, "#define F SIGMOID"):
		return &glctx.ShaderError{Log: `0:15: "#error cross-entropy needs softmax or sigmoid outputs"`} // as a driver does
	case d.refuses != "" && strings.Contains(source, d.refuses):
		return &glctx.ShaderError{Compiled: d.linking, Log: d.log}
	}
	return nil
}

// A fakeGPU is the CPU under the name of a GPU.
type fakeGPU struct {
	compute.Backend
	info glctx.Info
}

func (g fakeGPU) Info() compute.Info {
	return compute.Info{Backend: "gpu", Device: g.info.Renderer, Driver: "OpenGL " + g.info.Version, Software: g.info.Software}
}

// fault returns a planted fault by its name.
func fault(t *testing.T, name string) func(compute.Backend) compute.Backend {
	t.Helper()
	for _, f := range computetest.Faults() {
		if f.Name == name {
			return f.Wrap
		}
	}
	t.Fatalf("no fault is called %q", name)
	return nil
}

var errNone = errors.New("none")
