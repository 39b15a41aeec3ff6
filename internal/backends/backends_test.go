package backends

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/cpu"
	"shadegrad/internal/glctx"
)

// A fakeGPU is the CPU under another name.
type fakeGPU struct {
	compute.Backend
	info     compute.Info
	closed   int
	closeErr error
}

func (b *fakeGPU) Info() compute.Info { return b.info }

func (b *fakeGPU) Close() error {
	b.closed++
	return errors.Join(b.closeErr, b.Backend.Close())
}

const (
	card     = "NVIDIA GeForce RTX 3060/PCIe/SSE2"
	llvmpipe = "llvmpipe (LLVM 15.0.6, 256 bits)"
)

// newGPU returns a GPU that computes rightly, unless wrap spoils it.
func newGPU(renderer string, software bool, wrap func(compute.Backend) compute.Backend) *fakeGPU {
	var b compute.Backend = cpu.New()
	if wrap != nil {
		b = wrap(b)
	}
	return &fakeGPU{Backend: b, info: compute.Info{Backend: "gpu", Device: renderer, Driver: "4.6", Software: software}}
}

// opener returns an Opener that finds gpu, on a machine without another one.
func opener(gpu *fakeGPU) Opener {
	return Opener{
		OpenGPU:  func() (compute.Backend, error) { return gpu, nil },
		OtherGPU: func(string) string { return "" },
	}
}

// lacking returns an Opener that finds no GPU.
func lacking(reason error) Opener {
	return Opener{OpenGPU: func() (compute.Backend, error) { return nil, reason }}
}

// open opens what must open, and closes it when the test ends.
func open(t *testing.T, o Opener, k Kind) *Choice {
	t.Helper()
	c, err := o.Open(k)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func expect(t *testing.T, c *Choice, backend, why string, fallback bool, notes ...string) {
	t.Helper()
	if got := c.Info().Backend; got != backend || c.Why != why || c.Fallback != fallback {
		t.Errorf("backend %s because %s, fallback %t; want %s because %s, fallback %t", got, c.Why, c.Fallback, backend, why, fallback)
	}
	if !slices.Equal(c.Notes, notes) {
		t.Errorf("notes %q, want %q", c.Notes, notes)
	}
}

func TestCPU(t *testing.T) {
	o := Opener{OpenGPU: func() (compute.Backend, error) {
		t.Error("the GPU is opened for -backend=cpu")
		return nil, errors.New("none")
	}}
	expect(t, open(t, o, CPU), "cpu", "-backend=cpu asks for it", false)
}

func TestGPU(t *testing.T) {
	gpu := newGPU(card, false, nil)
	c := open(t, opener(gpu), GPU)
	expect(t, c, "gpu", "-backend=gpu asks for it", false)
	gpu = newGPU(card, false, nil)
	c = open(t, opener(gpu), Auto)
	expect(t, c, "gpu", "it is a GPU and passed the self-test", true)
	if gpu.closed != 0 {
		t.Error("the GPU is closed")
	}
}

// TestUnavailable has each reason why there may be no GPU: auto notes it, gpu
// ends in what to do.
func TestUnavailable(t *testing.T) {
	for _, tt := range []struct {
		name   string
		reason error
		want   string
	}{
		{"no display", &glctx.AbsentError{EGL: errors.New("eglInitialize: EGL_NOT_INITIALIZED")},
			"GPU unavailable: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: eglInitialize: EGL_NOT_INITIALIZED"},
		{"no window", &glctx.AbsentError{Window: errors.New("GLX is missing"), EGL: errors.New("no libEGL.so.1")},
			"GPU unavailable: no window (GLX is missing) and EGL failed: no libEGL.so.1"},
		{"an old driver", &glctx.VersionError{Major: 4, Minor: 1},
			"GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"},
		{"a limit", &compute.LimitError{Limit: "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS", Need: 256, Have: 128, What: "kernel matmul"},
			"GPU unavailable: kernel matmul needs GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS of 256, this device has 128"},
		{"no support in the build", glctx.ErrNoSupport, "this build has no GPU support"},
		{"no support, wrapped", fmt.Errorf("opening: %w", glctx.ErrNoSupport), "opening: this build has no GPU support"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, open(t, lacking(tt.reason), Auto), "cpu", "no GPU can be used", false, tt.want+"; using the CPU")
			c, err := lacking(tt.reason).Open(GPU)
			if want := tt.want + "; -backend=cpu needs no GPU"; err == nil || err.Error() != want {
				t.Errorf("-backend=gpu: %v, error %v, want %q", c, err, want)
			}
			if !errors.Is(err, tt.reason) {
				t.Error("the error does not wrap the reason")
			}
		})
	}
}

// TestSoftware has OpenGL that runs on the CPU: auto leaves it alone, gpu takes
// it and says that there is a better way.
func TestSoftware(t *testing.T) {
	for renderer, name := range map[string]string{
		llvmpipe:                         "llvmpipe",
		"softpipe":                       "softpipe",
		"Google SwiftShader 4.1.0.7":     "SwiftShader",
		"A renderer nobody has heard of": "A renderer nobody has heard of",
	} {
		t.Run(name, func(t *testing.T) {
			gpu := newGPU(renderer, true, nil)
			expect(t, open(t, opener(gpu), Auto), "cpu", "no GPU can be used", false,
				"OpenGL is software here ("+name+"); using the CPU")
			if gpu.closed != 1 {
				t.Errorf("the unused backend is closed %d times", gpu.closed)
			}
			gpu = newGPU(renderer, true, nil)
			expect(t, open(t, opener(gpu), GPU), "gpu", "-backend=gpu asks for it", false,
				"warning: OpenGL is software here ("+name+"); -backend=cpu is faster")
		})
	}
}

// fault returns a planted fault by its name.
func fault(t *testing.T, name string) computetest.Fault {
	t.Helper()
	for _, f := range computetest.Faults() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no fault is called %q", name)
	return computetest.Fault{}
}

// TestSelfTest plants faults in a GPU. The text names the kernel, the error and
// its bound, and the renderer.
func TestSelfTest(t *testing.T) {
	number := `[0-9](e[+-][0-9]+)?`
	for name, pattern := range map[string]string{
		"matmul: A is transposed where it should not be": `matmul_nn err ` + number + ` > ` + number,
		"matmul: the last term of each sum is missing":   `matmul_nn err ` + number + ` > ` + number,
		"matmul: the last column is not written":         `matmul_nn.*`,
		"matmul: nothing is done":                        `matmul_nn.*`,
	} {
		t.Run(name, func(t *testing.T) {
			f := fault(t, name)
			gpu := newGPU(card, false, f.Wrap)
			c := open(t, opener(gpu), Auto)
			if len(c.Notes) != 1 {
				t.Fatalf("notes %q, want one", c.Notes)
			}
			expect(t, c, "cpu", "no GPU can be used", false, c.Notes[0])
			match(t, c.Notes[0], `^GPU self-test failed: `+pattern+` on `+regexp.QuoteMeta(card)+`; using the CPU$`)
			if gpu.closed != 1 {
				t.Errorf("the unused backend is closed %d times", gpu.closed)
			}

			gpu = newGPU(card, false, f.Wrap)
			_, err := opener(gpu).Open(GPU)
			if err == nil {
				t.Fatal("-backend=gpu opens it")
			}
			match(t, err.Error(), `^GPU self-test failed: `+pattern+` on `+regexp.QuoteMeta(card)+`; -backend=cpu needs no GPU$`)
			if gpu.closed != 1 {
				t.Errorf("the failed backend is closed %d times", gpu.closed)
			}

			// For those who will ask themselves it is opened as it is.
			unasked := opener(newGPU(card, false, f.Wrap))
			unasked.NoSelfTest = true
			expect(t, open(t, unasked, GPU), "gpu", "-backend=gpu asks for it", false)
		})
	}
}

func match(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("the text is %q, want %s", text, pattern)
	}
}

// TestSelfTestOfEachOp has faults in each op, so that none is left out of the
// self-test. Small as it is, it need not find every fault, but some of each op.
func TestSelfTestOfEachOp(t *testing.T) {
	found, tried := make(map[string]int), make(map[string]int)
	for _, f := range computetest.Faults() {
		if f.Op == "program" || f.Op == "backend" {
			continue
		}
		tried[f.Op]++
		gpu := newGPU(card, false, f.Wrap)
		if err := selfTest(gpu); err != nil {
			if found[f.Op]++; !strings.HasPrefix(err.Error(), "GPU self-test failed: "+f.Op) {
				t.Errorf("%s: the error is %q", f.Name, err)
			}
		}
		if err := gpu.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, op := range []string{"gather", "matmul", "activate", "delta", "loss", "column_sum", "update", "fill"} {
		if found[op] == 0 {
			t.Errorf("%s: none of %d faults was found", op, tried[op])
		}
	}
	t.Logf("found %v of %v", found, tried)
}

// TestOtherGPU names the integrated GPU and how to choose the other one.
func TestOtherGPU(t *testing.T) {
	const integrated = "Mesa Intel(R) UHD Graphics 630 (CFL GT2)"
	const want = integrated + " is the integrated GPU; to use the other one: DRI_PRIME=1"
	for _, k := range []Kind{Auto, GPU} {
		o := opener(newGPU(integrated, false, nil))
		o.OtherGPU = func(renderer string) string {
			if renderer != integrated {
				t.Errorf("asked for the renderer %q", renderer)
			}
			return "DRI_PRIME=1"
		}
		if c := open(t, o, k); !slices.Equal(c.Notes, []string{want}) {
			t.Errorf("%s: notes %q, want %q", k, c.Notes, want)
		}
	}
}

// TestCloseFails has an unused GPU that cannot be closed: it is told, and the CPU
// is used nevertheless.
func TestCloseFails(t *testing.T) {
	stuck := errors.New("the context is stuck")
	gpu := newGPU(llvmpipe, true, nil)
	gpu.closeErr = stuck
	expect(t, open(t, opener(gpu), Auto), "cpu", "no GPU can be used", false,
		"OpenGL is software here (llvmpipe) (and closing it failed: the context is stuck); using the CPU")

	gpu = newGPU(card, false, fault(t, "matmul: nothing is done").Wrap)
	gpu.closeErr = stuck
	_, err := opener(gpu).Open(GPU)
	if err == nil || !errors.Is(err, stuck) || !strings.HasPrefix(err.Error(), "GPU self-test failed: ") {
		t.Errorf("-backend=gpu: error %v, want both failures", err)
	}
}

// TestBroken has a GPU that returns errors: its own words are the reason.
func TestBroken(t *testing.T) {
	gpu := newGPU(card, false, func(b compute.Backend) compute.Backend { return broken{b} })
	c := open(t, opener(gpu), Auto)
	if len(c.Notes) != 1 || !strings.HasPrefix(c.Notes[0], "GPU self-test failed: ") ||
		!strings.HasSuffix(c.Notes[0], "the kernel does not compile on "+card+"; using the CPU") {
		t.Errorf("notes %q", c.Notes)
	}
}

type broken struct{ compute.Backend }

func (broken) Compile(compute.Program) (compute.Executable, error) {
	return nil, errors.New("the kernel does not compile")
}

func TestParseKind(t *testing.T) {
	for _, k := range []Kind{Auto, GPU, CPU} {
		if got, err := ParseKind(string(k)); got != k || err != nil {
			t.Errorf("ParseKind(%q) = %q, %v", k, got, err)
		}
	}
	for _, name := range []string{"", "GPU", "cuda", "auto "} {
		if _, err := ParseKind(name); err == nil || err.Error() != "must be auto, gpu or cpu" {
			t.Errorf("ParseKind(%q): error %v", name, err)
		}
	}
}
