//go:build cgo && !nogl && !darwin

package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/internal/backends"
	"shadegrad/internal/clock"
	"shadegrad/internal/glctx"
	"shadegrad/internal/glctx/glfault"
	"shadegrad/internal/sample"
)

// faultVariable names the fault of glfault that a process of the command gets after its second epoch.
const faultVariable = "SHADEGRAD_TEST_FAULT"

// secondEpoch begins the line of the second epoch. With such long lines a run is only about ten epochs ahead of the test, see
// start.
const secondEpoch = `{"event":"epoch","epoch":2,`

// faultTimeout is the time limit for the device in these processes. Software OpenGL compiles at the first dispatch, and needs
// some of it.
const faultTimeout = 8 * time.Second

func init() {
	if os.Getenv(commandVariable) == "1" && os.Getenv(faultVariable) != "" {
		commandMain = faultyMain
	}
}

// faultyMain is Main with an OpenGL that passes for a hardware GPU and fails.
func faultyMain() int {
	glfault.Install()
	fault := func(written string) {
		if strings.HasPrefix(written, secondEpoch) {
			glfault.Set(os.Getenv(faultVariable))
		}
	}
	return glctx.Main(func() int {
		a := &app{name: "shadegrad", stdout: &tapWriter{os.Stdout, fault}, stderr: os.Stderr, env: os.Getenv, now: clock.Now, started: started, compare: gpuIsFaster,
			opener: backends.Opener{OpenGPU: openHardware, NoSelfTest: true, OtherGPU: func(string) string { return "" }}}
		return a.run(os.Args[1:])
	})
}

// hardware is an OpenGL backend that does not report software OpenGL.
type hardware struct{ *opengl.Backend }

func (h hardware) Info() compute.Info {
	i := h.Backend.Info()
	i.Software = false
	return i
}

func openHardware() (compute.Backend, error) {
	b, err := opengl.Open(opengl.Options{Timeout: faultTimeout})
	if err != nil {
		return nil, err
	}
	return hardware{b}, nil
}

// TestFaultyDriver checks the rows of FAULTS.md on a GPU that fails in mid-run: how the run ends, after what time, and what
// is saved.
func TestFaultyDriver(t *testing.T) {
	needGPU(t)
	const call = "a call of the OpenGL driver has not returned for "
	for i, c := range []struct {
		fault, text string
		wait        time.Duration
	}{
		{"hang", call + "8s", faultTimeout},
		{"lost fence", "the GPU has finished nothing for 8s while there was work", faultTimeout},
		{"reset", "OpenGL context lost: the GPU was reset because of this program's work", 0},
		{"out of memory", "OpenGL reports GL_OUT_OF_MEMORY after ", 0},
	} {
		for j, backend := range []string{"auto", "gpu"} {
			if sample.Skip(2*i+j+1, 9) {
				continue
			}
			t.Run(c.fault+"/"+backend, func(t *testing.T) {
				t.Parallel()
				p, r, took := faulty(t, c.fault, backend, nil)
				t.Logf("exit status %d after %v: %s", r.status, took.Round(time.Millisecond), r.stderr)
				if took < c.wait/2 {
					t.Errorf("ended after %v, before the time limit", took)
				}
				if backend == "auto" {
					r.is(0, "the GPU failed: "+c.text, "; continuing on the CPU from the end of epoch ", "saved m\n")
					mustNotExist(t, p.path("m.checkpoint"))
					p.run("eval", "-model=m", "-backend=cpu", "-data="+smallData(t)).is(0)
					return
				}
				r.is(1, "shadegrad: "+c.text, "; to resume from the end of epoch ")
				p.sh(strings.Replace(resumeCommand(r), "-backend="+backend, "-backend=cpu", 1)).is(0, "resuming in epoch ", "saved m\n")
			})
		}
	}
	for i, backend := range []string{"auto", "gpu"} {
		if sample.Skip(i+1, 2) {
			continue
		}
		t.Run("hang/"+backend+"/Ctrl-C", func(t *testing.T) {
			t.Parallel()
			p, r, took := faulty(t, "hang", backend, func(c *child) { c.signal(syscall.SIGINT) })
			t.Logf("exit status %d after %v: %s", r.status, took.Round(time.Millisecond), r.stderr)
			r.is(130, "the device failed: "+call+"800ms", "; stopping at the end of the last complete epoch\n", "shadegrad: stopped; to resume, run: ")
			p.sh(strings.Replace(resumeCommand(r), "-backend="+backend, "-backend=cpu", 1)).is(0, "resuming in epoch ", "saved m\n")
		})
	}
}

// faulty trains with a fault after the second epoch, calls then, if not nil, and waits for the end. It returns the time from
// the fault to the end.
func faulty(t *testing.T, fault, backend string, then func(*child)) (place, result, time.Duration) {
	t.Helper()
	p := at(t, faultVariable+"="+fault, "DISPLAY=", "WAYLAND_DISPLAY=")
	c := p.start("train", "-backend="+backend, "-data="+smallData(t), "-hidden=16", "-batch=100", "-tune=off", "-every=1", "-json", "-epochs=20", "-save=m")
	c.out(secondEpoch)
	begin := time.Now()
	if then != nil {
		then(c)
	}
	r := c.end()
	return p, r, time.Since(begin)
}

// TestXServerDies kills the X server of a run, which then ends as usual: complete, or stopped by Ctrl-C.
func TestXServerDies(t *testing.T) {
	needGPU(t)
	if os.Getenv("DISPLAY") == "" {
		t.Skip("DISPLAY is unset: no X server is expected here")
	}
	for i, c := range []struct {
		backend string
		stop    bool
	}{{"gpu", true}, {"gpu", false}, {"auto", false}, {"auto", true}} {
		if sample.Skip(i, 4) {
			continue
		}
		t.Run(fmt.Sprintf("%s/Ctrl-C=%t", c.backend, c.stop), func(t *testing.T) {
			t.Parallel()
			server, display := startXvfb(t)
			p := at(t, faultVariable+"=none", "DISPLAY="+display, "WAYLAND_DISPLAY=")
			run := p.start("train", "-backend="+c.backend, "-data="+smallData(t), "-hidden=16", "-batch=100", "-tune=off", "-every=1", "-json", "-epochs=20", "-save=m")
			run.err("gpu: ")
			if !strings.Contains(run.told.String(), "GLFW window (X11)") {
				t.Errorf("the run has no window: %s", run.told.String())
			}
			run.out(secondEpoch)
			if err := server.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			server.Wait()
			if !c.stop {
				run.end().is(0, "saved m\n")
				mustNotExist(t, p.path("m.checkpoint"))
				return
			}
			run.signal(syscall.SIGINT)
			r := run.end().is(130, "shadegrad: stopped; to resume, run: ")
			p.sh(strings.Replace(resumeCommand(r), "-backend="+c.backend, "-backend=cpu", 1)).is(0, "resuming in epoch ", "saved m\n")
		})
	}
}

// startXvfb starts an X server and returns its process and display.
func startXvfb(t *testing.T) (*exec.Cmd, string) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "320x240x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{write}
	err = cmd.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	number, err := io.ReadAll(io.LimitReader(read, 16))
	if err != nil || len(number) == 0 {
		t.Fatalf("Xvfb does not start: %q, %v", number, err)
	}
	return cmd, ":" + strings.TrimSpace(string(number))
}
