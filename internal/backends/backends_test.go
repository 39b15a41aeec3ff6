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
	"shadegrad/compute/opengl"
	"shadegrad/cpu"
	"shadegrad/internal/glctx"
	"shadegrad/internal/sample"
	"shadegrad/internal/situation"
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

// open opens a backend, which must succeed, and closes it at the end of the test.
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

// expect compares a choice with the backend, whether it may be replaced, and its findings, each
// a text and a remedy.
func expect(t *testing.T, c *Choice, k Kind, backend string, fallback bool, findings ...any) {
	t.Helper()
	if got := c.Info().Backend; got != backend || c.Kind != k || c.Fallback != fallback {
		t.Errorf("backend %s for %s, fallback %t; want %s for %s, fallback %t", got, c.Kind, c.Fallback, backend, k, fallback)
	}
	var got []any
	for _, f := range c.Findings {
		got = append(got, f.Error(), f.Remedy)
	}
	if !slices.Equal(got, findings) {
		t.Errorf("findings %q, want %q", got, findings)
	}
}

// fails opens the GPU by name, which must fail with a text that the pattern matches and a remedy.
func fails(t *testing.T, o Opener, pattern string) *Finding {
	t.Helper()
	c, err := o.Open(GPU)
	var f *Finding
	if !errors.As(err, &f) {
		t.Fatalf("-backend=gpu: %v, error %v, want a *Finding", c, err)
	}
	match(t, err.Error(), pattern)
	if f.Remedy != AskForCPU {
		t.Errorf("-backend=gpu: remedy %v, want %v", f.Remedy, AskForCPU)
	}
	return f
}

func TestCPU(t *testing.T) {
	o := Opener{OpenGPU: func() (compute.Backend, error) {
		t.Error("the GPU is opened for -backend=cpu")
		return nil, errors.New("none")
	}}
	expect(t, open(t, o, CPU), CPU, "cpu", false)
}

func TestGPU(t *testing.T) {
	gpu := newGPU(card, false, nil)
	c := open(t, opener(gpu), GPU)
	expect(t, c, GPU, "gpu", false)
	gpu = newGPU(card, false, nil)
	c = open(t, opener(gpu), Auto)
	expect(t, c, Auto, "gpu", true)
	if gpu.closed != 0 {
		t.Error("the GPU is closed")
	}
}

// TestUnavailable checks each reason for the absence of a GPU: with auto it is a finding, with gpu
// the error.
func TestUnavailable(t *testing.T) {
	for _, tt := range []struct {
		name    string
		reason  error
		problem Problem
		want    string
	}{
		{"no display", &glctx.AbsentError{EGL: errors.New("eglInitialize: EGL_NOT_INITIALIZED")}, Unavailable,
			"GPU unavailable: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: eglInitialize: EGL_NOT_INITIALIZED"},
		{"no window", &glctx.AbsentError{Window: errors.New("GLX is missing"), EGL: errors.New("no libEGL.so.1")}, Unavailable,
			"GPU unavailable: no window (GLX is missing) and EGL failed: no libEGL.so.1"},
		{"an old driver", &glctx.VersionError{Major: 4, Minor: 1}, Unavailable,
			"GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"},
		{"a limit", &compute.LimitError{Limit: "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS", Need: 256, Have: 128, What: "kernel matmul"}, Unavailable,
			"GPU unavailable: kernel matmul needs GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS of 256, this device has 128"},
		{"no support in the build", glctx.ErrNoSupport, Unsupported, "this build has no GPU support"},
		{"no support, wrapped", fmt.Errorf("opening: %w", glctx.ErrNoSupport), Unsupported, "opening: this build has no GPU support"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, open(t, lacking(tt.reason), Auto), Auto, "cpu", false, tt.want, UsingCPU)
			if f := fails(t, lacking(tt.reason), "^"+regexp.QuoteMeta(tt.want)+"$"); f.Problem != tt.problem || !errors.Is(f, tt.reason) {
				t.Errorf("problem %v, error %v; want problem %v, which wraps the reason", f.Problem, f.Err, tt.problem)
			}
		})
	}
}

// TestSituation names the situation of the machine, except if the driver is too old for other reasons.
func TestSituation(t *testing.T) {
	at := func(o Opener, s *situation.Situation) Opener {
		o.Situation = func(string) *situation.Situation { return s }
		return o
	}
	wsl := &situation.Situation{Kind: situation.WSL, Name: "WSL 2", Remedy: "do this"}
	virtual := &situation.Situation{Kind: situation.VirtualMachine, Name: "a virtual machine", Remedy: "leave it"}
	old := lacking(&glctx.VersionError{Major: 4, Minor: 2})
	const tooOld = "GPU unavailable: needs OpenGL 4.3, this driver offers 4.2"

	expect(t, open(t, at(old, wsl), Auto), Auto, "cpu", false, tooOld+"; WSL 2: do this", UsingCPU)
	expect(t, open(t, at(old, virtual), Auto), Auto, "cpu", false, tooOld, UsingCPU)
	fails(t, at(lacking(errors.New("no window")), virtual), "^GPU unavailable: no window; a virtual machine: leave it$")
	software := at(opener(newGPU(llvmpipe, true, nil)), wsl)
	expect(t, open(t, software, Auto), Auto, "cpu", false, "OpenGL is software here (llvmpipe); WSL 2: do this", UsingCPU)
	software = at(opener(newGPU(llvmpipe, true, nil)), wsl)
	expect(t, open(t, software, GPU), GPU, "gpu", false, "OpenGL is software here (llvmpipe); WSL 2: do this", PreferCPU)
}

// TestSoftware opens OpenGL that runs on the CPU: auto takes the CPU, gpu takes OpenGL and
// recommends the CPU.
func TestSoftware(t *testing.T) {
	for renderer, name := range map[string]string{
		llvmpipe:                     "llvmpipe",
		"softpipe":                   "softpipe",
		"Google SwiftShader 4.1.0.7": "SwiftShader",
		"An unknown renderer":        "An unknown renderer",
	} {
		t.Run(name, func(t *testing.T) {
			gpu := newGPU(renderer, true, nil)
			expect(t, open(t, opener(gpu), Auto), Auto, "cpu", false,
				"OpenGL is software here ("+name+")", UsingCPU)
			if gpu.closed != 1 {
				t.Errorf("the unused backend is closed %d times", gpu.closed)
			}
			gpu = newGPU(renderer, true, nil)
			expect(t, open(t, opener(gpu), GPU), GPU, "gpu", false,
				"OpenGL is software here ("+name+")", PreferCPU)
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
			want := `^GPU self-test failed: ` + pattern + ` on ` + regexp.QuoteMeta(card) + `$`
			if len(c.Findings) != 1 || c.Findings[0].Problem != SelfTest {
				t.Fatalf("findings %v, want one of the self-test", c.Findings)
			}
			text := c.Findings[0].Error()
			expect(t, c, Auto, "cpu", false, text, UsingCPU)
			match(t, text, want)
			if gpu.closed != 1 {
				t.Errorf("the unused backend is closed %d times", gpu.closed)
			}

			gpu = newGPU(card, false, f.Wrap)
			fails(t, opener(gpu), want)
			if gpu.closed != 1 {
				t.Errorf("the failed backend is closed %d times", gpu.closed)
			}

			untested := opener(newGPU(card, false, f.Wrap))
			untested.NoSelfTest = true
			expect(t, open(t, untested, GPU), GPU, "gpu", false)
		})
	}
}

func match(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("the text is %q, want %s", text, pattern)
	}
}

// TestSelfTestOfEachOp plants faults in each op. The self-test is too small to find every fault, but
// finds some of each op.
func TestSelfTestOfEachOp(t *testing.T) {
	found, tried := make(map[string]int), make(map[string]int)
	for _, f := range computetest.Faults() {
		if f.Op == "program" || f.Op == "backend" {
			continue
		}
		if tried[f.Op]++; sample.Skip(tried[f.Op]-1, 5) {
			continue
		}
		gpu := newGPU(card, false, f.Wrap)
		if err := (Opener{}).selfTest(gpu); err != nil {
			if found[f.Op]++; !strings.HasPrefix(err.Error(), f.Op) {
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

// TestOtherGPU opens an integrated GPU where there is another one.
func TestOtherGPU(t *testing.T) {
	const integrated = "Mesa Intel(R) UHD Graphics 630 (CFL GT2)"
	for _, k := range []Kind{Auto, GPU} {
		o := opener(newGPU(integrated, false, nil))
		o.OtherGPU = func(renderer string) string {
			if renderer != integrated {
				t.Errorf("asked for the renderer %q", renderer)
			}
			return "DRI_PRIME=1"
		}
		c := open(t, o, k)
		expect(t, c, k, "gpu", k == Auto, integrated+" is the integrated GPU", SetEnv)
		if c.Findings[0].Env != "DRI_PRIME=1" {
			t.Errorf("%s: Env is %q", k, c.Findings[0].Env)
		}
	}
}

// TestCloseFails opens an unused GPU that cannot be closed. Auto uses the CPU nevertheless.
func TestCloseFails(t *testing.T) {
	stuck := errors.New("the context is stuck")
	gpu := newGPU(llvmpipe, true, nil)
	gpu.closeErr = stuck
	expect(t, open(t, opener(gpu), Auto), Auto, "cpu", false,
		"OpenGL is software here (llvmpipe) (and closing it failed: the context is stuck)", UsingCPU)

	gpu = newGPU(card, false, fault(t, "matmul: nothing is done").Wrap)
	gpu.closeErr = stuck
	f := fails(t, opener(gpu), `^GPU self-test failed: .* \(and closing it failed: the context is stuck\)$`)
	if f.Problem != SelfTest || !errors.Is(f, stuck) {
		t.Errorf("-backend=gpu: error %v, want both failures", f)
	}
}

// TestBroken opens a GPU that returns errors: the finding quotes them.
func TestBroken(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errors.New("the kernel does not compile"), "the kernel does not compile on " + card},
		{&opengl.CompileError{Kernel: "fill", Log: "0:3: error", Device: "a GPU (4.6)"}, "kernel fill does not compile on a GPU (4.6): 0:3: error"},
		{&opengl.SourceError{Origin: "dir", Err: errors.New("no loss.comp")}, "shaders (dir): no loss.comp"},
	} {
		gpu := newGPU(card, false, func(b compute.Backend) compute.Backend { return broken{b, tt.err} })
		f := fails(t, opener(gpu), `^GPU self-test failed: .*`+regexp.QuoteMeta(tt.want)+"$")
		if !errors.Is(f, tt.err) {
			t.Errorf("%v does not wrap %v", f, tt.err)
		}
	}
}

type broken struct {
	compute.Backend
	err error
}

func (b broken) Compile(compute.Program) (compute.Executable, error) { return nil, b.err }
