package cli

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/internal/backends"
	"shadegrad/internal/glctx"
)

// TestUnusable checks each reason not to use a GPU: -backend=auto prints a message and falls back to the CPU,
// -backend=gpu fails. TestOpenGL checks the same with a real driver.
func TestUnusable(t *testing.T) {
	reason := errors.New("the reason")
	absent := func(err error) func() *fakeGPU {
		return func() *fakeGPU { f := newFakeGPU(); f.openErr = err; return f }
	}
	for _, c := range []struct {
		fault, text string
		gpu         func() *fakeGPU
	}{
		{"no display", "GPU unavailable: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: the reason",
			absent(&glctx.AbsentError{EGL: reason})},
		{"GLFW gives no window", "GPU unavailable: no window (the reason) and EGL failed: the reason",
			absent(&glctx.AbsentError{Window: reason, EGL: reason})},
		{"OpenGL below 4.3", "GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)",
			absent(&glctx.VersionError{Major: 4, Minor: 1})},
		{"built without OpenGL", "this build has no GPU support", absent(glctx.ErrNoSupport)},
		{"a kernel gives wrong numbers", "GPU self-test failed: matmul", func() *fakeGPU {
			f := newFakeGPU()
			f.wrong = true
			return f
		}},
		{"a shader does not compile", "kernel product_tn_b8x8 does not compile on " + fakeRenderer + ": 0:12(3): error: undeclared", func() *fakeGPU {
			f := newFakeGPU()
			f.alloc = func(int, int) error {
				return &opengl.CompileError{Kernel: "product_tn_b8x8", Log: "0:12(3): error: undeclared\n0:13(1): error: more\n", Device: fakeRenderer}
			}
			return f
		}},
	} {
		args := []string{"train", "-data=" + smallData(t), "-hidden=8", "-epochs=1"}
		t.Run(c.fault+"/auto", func(t *testing.T) {
			f := c.gpu()
			r := inProcess(t, f.opener(), args...).is(0, c.text, "; using the CPU\n", "chosen because no GPU can be used")
			if !strings.HasPrefix(r.stdout, "epoch 1/1: ") {
				t.Errorf("stdout: %s", r.stdout)
			}
			if f.openErr == nil && !f.closed.Load() {
				t.Error("the GPU was not closed")
			}
		})
		t.Run(c.fault+"/gpu", func(t *testing.T) {
			p := at(t)
			r := inProcess(t, c.gpu().opener(), append(args, "-backend=gpu", "-save="+p.path("m"))...).is(1, c.text, "; -backend=cpu works without a GPU\n")
			if r.stdout != "" {
				t.Errorf("stdout: %s", r.stdout)
			}
			mustNotExist(t, p.path("m"))
		})
	}
}

// TestLimit checks the row of FAULTS.md on limits of a device: OpenGL's name of the limit, needed and
// available.
func TestLimit(t *testing.T) {
	small := func() *fakeGPU {
		f := newFakeGPU()
		f.alloc = func(rows, cols int) error {
			if rows*cols < 200*784 {
				return nil // as the self-test needs it
			}
			return &compute.LimitError{Limit: "GL_MAX_SHADER_STORAGE_BLOCK_SIZE", Need: 627200, Have: 16384, What: "a matrix of 200×784"}
		}
		return f
	}
	const text = "a matrix of 200×784 needs GL_MAX_SHADER_STORAGE_BLOCK_SIZE of 627200, this device has 16384"
	args := []string{"train", "-data=" + smallData(t), "-hidden=200", "-epochs=1"}
	inProcess(t, small().opener(), args...).is(0, "the GPU failed: ", text+"; continuing on the CPU\n", "cpu: ", "chosen because the GPU failed\n")
	inProcess(t, small().opener(), append(args, "-backend=gpu")...).is(1, text+"; nothing was trained\n")
}

// TestSelfTestText checks the message of FAULTS.md: kernel, error, bound and renderer.
func TestSelfTestText(t *testing.T) {
	f := newFakeGPU()
	f.wrong = true
	r := inProcess(t, f.opener(), "train", "-backend=gpu", "-data="+smallData(t)).is(1)
	form := regexp.MustCompile(`^shadegrad: GPU self-test failed: matmul_n[nt] err \de[-+]\d+ > \de[-+]\d+ on ` + fakeRenderer + `; `)
	if !form.MatchString(r.stderr) {
		t.Errorf("%q is not %s", r.stderr, form)
	}
}

// TestSoftware checks the row of FAULTS.md on software renderers.
func TestSoftware(t *testing.T) {
	softpipe := func() backends.Opener {
		f := newFakeGPU()
		f.info = compute.Info{Backend: "gpu", Device: "softpipe", Driver: "OpenGL 4.3", Software: true}
		return f.opener()
	}
	args := []string{"train", "-data=" + smallData(t), "-hidden=8", "-epochs=1"}
	inProcess(t, softpipe(), args...).is(0, "OpenGL is software here (softpipe); using the CPU\n", "cpu: ")
	inProcess(t, softpipe(), append(args, "-backend=gpu")...).is(0, "warning: OpenGL is software here (softpipe); -backend=cpu is faster\n", "gpu: softpipe")
}

// TestSeveralGPUs checks the row of FAULTS.md on the integrated GPU.
func TestSeveralGPUs(t *testing.T) {
	for _, hint := range []string{"DRI_PRIME=1", "__NV_PRIME_RENDER_OFFLOAD=1 __GLX_VENDOR_LIBRARY_NAME=nvidia"} {
		for _, kind := range []string{"auto", "gpu"} {
			f := newFakeGPU()
			o := f.opener()
			o.OtherGPU = func(renderer string) string {
				if renderer != fakeRenderer {
					t.Errorf("asked for %q", renderer)
				}
				return hint
			}
			inProcess(t, o, "train", "-backend="+kind, "-data="+smallData(t), "-hidden=8", "-epochs=1").is(0,
				fakeRenderer+" is the integrated GPU; to use the other one: "+hint+"\n", "gpu: "+fakeRenderer)
		}
	}
}

// TestGPUChosen checks that a working GPU causes no messages.
func TestGPUChosen(t *testing.T) {
	f := newFakeGPU()
	r := inProcess(t, f.opener(), "train", "-data="+smallData(t), "-hidden=8", "-epochs=1").is(0)
	if want := "gpu: " + fakeRenderer + ", OpenGL 4.6 fake; chosen because it takes 25.00 µs a step, the CPU 100.0 µs\n"; !strings.HasPrefix(r.stderr, want) {
		t.Errorf("stderr begins with\n%swant\n%s", r.stderr, want)
	}
}

// TestMemory checks the row of FAULTS.md on GPU memory.
func TestMemory(t *testing.T) {
	const text = "out of memory: 627200 bytes (612.5 KiB) asked for, 1024 bytes (1.0 KiB) available; try a smaller batch or network"
	full := func() *fakeGPU {
		f := newFakeGPU()
		f.alloc = func(rows, cols int) error {
			if rows*cols == 200*784 {
				return &compute.MemoryError{Bytes: 4 * 200 * 784, Available: 1024}
			}
			return nil
		}
		return f
	}
	args := []string{"train", "-data=" + smallData(t), "-hidden=200", "-epochs=1"}
	inProcess(t, full().opener(), args...).is(0, "the GPU failed: ", text+"; continuing on the CPU\n", "cpu: ", "chosen because the GPU failed\n")
	p := at(t)
	inProcess(t, full().opener(), append(args, "-backend=gpu", "-save="+p.path("m"))...).is(1, text+"; nothing was trained")
	mustNotExist(t, p.path("m"))
}

// TestLost checks the row of FAULTS.md on lost contexts, watchdogs and fences that never signal: for
// the command they are the same failure.
func TestLost(t *testing.T) {
	args := []string{"train", "-data=" + smallData(t), "-hidden=8", "-epochs=3", "-lr=0.05"}
	whole := at(t)
	whole.run(append(args, "-backend=cpu", "-save="+whole.path("m"))...).is(0)
	want := contents(t, whole.path("m"))

	t.Run("auto", func(t *testing.T) {
		p, f := at(t), newFakeGPU()
		r := tapped(t, f.opener(), f.loseAt("epoch 2/"), append(args, "-save="+p.path("m"))...).is(0,
			"the GPU failed: the GPU was reset, on "+fakeRenderer+"; continuing on the CPU from the end of epoch 2\n",
			"chosen because the GPU failed\n")
		if strings.Count(r.stdout, "\n") != 3+1 {
			t.Errorf("want three epochs and the outcome:\n%s", r.stdout)
		}
		if string(contents(t, p.path("m"))) != string(want) {
			t.Error("the network is another than the CPU alone makes")
		}
		mustNotExist(t, p.path("m.checkpoint"))
	})
	t.Run("gpu", func(t *testing.T) {
		p, f := at(t), newFakeGPU()
		r := tapped(t, f.opener(), f.loseAt("epoch 2/"), append(args, "-backend=gpu", "-save="+p.path("m"))...).is(1,
			"shadegrad: the GPU was reset, on "+fakeRenderer+"; to resume from the end of epoch 2, run: shadegrad train -resume=")
		// The machine's own GPU is not the fake: the CPU continues.
		command := strings.Replace(resumeCommand(r), "-backend=gpu", "-backend=cpu", 1)
		p.sh(command).is(0, "resuming in epoch 3 of 3, after 0 of 300 images\n")
		if string(contents(t, p.path("m"))) != string(want) {
			t.Error("the network is another than an undisturbed run makes")
		}
		mustNotExist(t, p.path("m.checkpoint"))
	})
	t.Run("eval", func(t *testing.T) {
		lost := func() backends.Opener {
			f := newFakeGPU()
			f.alloc = func(rows, cols int) error {
				if rows == 100 && cols == 2 { // the statistics of the test set
					return errors.New("the GPU was reset")
				}
				return nil
			}
			return f.opener()
		}
		eval := []string{"eval", "-model=" + whole.path("m"), "-data=" + smallData(t)}
		inProcess(t, lost(), eval...).is(0, "the GPU failed: the GPU was reset; continuing on the CPU\n")
		inProcess(t, lost(), append(eval, "-backend=gpu")...).is(1, "shadegrad: the GPU was reset")
	})
}

// resumeCommand returns the command at the end of the last line on stderr.
func resumeCommand(r result) string {
	r.t.Helper()
	_, command, found := strings.Cut(r.lastLine(), ", run: ")
	if !found {
		r.t.Fatalf("the last line has no command: %q", r.lastLine())
	}
	return command
}
