package doctor

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/backends"
	"shadegrad/internal/glctx"
)

// TestWindows examines faults on Windows. Advice names no package of Linux there, and EGL, which is not used,
// does not fail.
func TestWindows(t *testing.T) {
	const driver = "install the newest driver of the GPU's vendor; if the GPU itself does not support OpenGL 4.3, train with -backend=cpu"
	noWindow := func(f *fake) {
		f.windowErr = errors.New("WGL: The driver does not appear to support OpenGL")
		f.gpuErr = f.windowErr
	}
	for _, c := range []struct {
		name    string
		fault   func(f *fake)
		course  string
		step    string
		advice  []string
		verdict string
	}{
		{"no fault", func(*fake) {}, "+++o++++++++++", "context", nil, "the GPU can be used"},
		{"no OpenGL", noWindow, "++Xo.....+++++", "GLFW", []string{driver},
			"the GPU cannot be used: no window: WGL: The driver does not appear to support OpenGL; -backend=cpu works"},
		{"Remote Desktop", func(f *fake) { noWindow(f); f.vars["SESSIONNAME"] = "RDP-Tcp#1" }, "++Xo.....+++++", "GLFW", []string{
			"a Remote Desktop session, which may have no GPU: start the program at the machine itself, or enable the group policy " +
				`"Use hardware graphics adapters for all Remote Desktop Services sessions"`, driver},
			"the GPU cannot be used: no window: "},
		{"an old driver", func(f *fake) { f.windowErr = &glctx.VersionError{Major: 3, Minor: 1} }, "+++o+X...+++++", "version", []string{driver},
			"the GPU cannot be used: needs OpenGL 4.3, this driver offers 3.1"},
		{"built without cgo", func(f *fake) { f.support = false }, "X........+++++", "build", []string{
			"download the release, which has it; or install MSYS2 and run in its UCRT64 terminal: " +
				"pacman -S make mingw-w64-ucrt-x86_64-gcc mingw-w64-ucrt-x86_64-go && make build"},
			"the GPU cannot be used: this build has no GPU support"},
		{"no permission for the cache", func(f *fake) { f.cacheDir = func() (string, error) { return t.TempDir(), os.ErrPermission } },
			"+++o++++++++X+", "cache", nil, "the GPU can be used"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.goos, f.eglErr = "windows", glctx.ErrUnused
			f.display = func() bool { return true }
			c.fault(f)
			r := f.examine(t, backends.GPU)
			if got := course(r); got != c.course {
				t.Errorf("the statuses are %s, want %s", got, c.course)
			}
			s := step(t, r, c.step)
			if c.advice != nil && !slices.Equal(s.Advice, c.advice) {
				t.Errorf("%s: advice\n%s\nwant\n%s", c.step, strings.Join(s.Advice, "\n"), strings.Join(c.advice, "\n"))
			}
			if !strings.HasPrefix(r.Verdict, c.verdict) {
				t.Errorf("the verdict is %q, want %q", r.Verdict, c.verdict)
			}
			for _, s := range r.Steps {
				for _, advice := range s.Advice {
					for _, word := range []string{"apt-get", "dnf", "sudo", "chown", "X server"} {
						if strings.Contains(advice, word) {
							t.Errorf("%s: the advice is for Linux: %s", s.Name, advice)
						}
					}
				}
			}
		})
	}
}
