//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-gl/gl/v4.3-core/gl"
	"github.com/go-gl/glfw/v3.3/glfw"

	"shadegrad/internal/glctx/gltest"
)

// open opens a context and closes it when the test is over.
func open(t *testing.T) *Context {
	t.Helper()
	c, err := Open()
	gltest.Require(t, err)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return c
}

// needDisplay skips a test of windows if no display is set. With
// SHADEGRAD_REQUIRE_GPU=1 it fails the test.
func needDisplay(t *testing.T) {
	t.Helper()
	if !HasDisplay() {
		gltest.Require(t, errors.New("DISPLAY and WAYLAND_DISPLAY are unset"))
	}
}

// withoutDisplay unsets the display for the test, so that Open takes EGL.
func withoutDisplay(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("EGL is not used on " + runtime.GOOS)
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
}

// checkWorks writes a buffer, copies it on the device and reads it back.
func checkWorks(t *testing.T, c *Context, seed uint32) {
	t.Helper()
	want := []uint32{seed, seed + 1, seed + 2, seed + 3}
	got := make([]uint32, len(want))
	var glErr uint32
	err := c.Do(func() {
		var buffers [2]uint32
		gl.GenBuffers(2, &buffers[0])
		gl.BindBuffer(gl.COPY_READ_BUFFER, buffers[0])
		gl.BufferData(gl.COPY_READ_BUFFER, 16, gl.Ptr(want), gl.STATIC_DRAW)
		gl.BindBuffer(gl.COPY_WRITE_BUFFER, buffers[1])
		gl.BufferData(gl.COPY_WRITE_BUFFER, 16, nil, gl.STATIC_DRAW)
		gl.CopyBufferSubData(gl.COPY_READ_BUFFER, gl.COPY_WRITE_BUFFER, 0, 0, 16)
		gl.GetBufferSubData(gl.COPY_WRITE_BUFFER, 0, 16, gl.Ptr(got))
		gl.DeleteBuffers(2, &buffers[0])
		glErr = gl.GetError()
	})
	if err != nil || glErr != gl.NO_ERROR {
		t.Fatalf("Do: %v, glGetError: 0x%x", err, glErr)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("read back %v, want %v", got, want)
		}
	}
}

func checkInfo(t *testing.T, i Info, path string) {
	t.Helper()
	t.Logf("%+v", i)
	if !strings.HasPrefix(i.Path, path) {
		t.Errorf("Path = %q, want one that starts with %q", i.Path, path)
	}
	if i.Renderer == "" || i.Vendor == "" || i.Version == "" || i.ShadingLanguage == "" {
		t.Errorf("incomplete: %+v", i)
	}
	if i.Major < 4 || i.Major == 4 && i.Minor < 3 {
		t.Errorf("version %d.%d, want at least 4.3", i.Major, i.Minor)
	}
	if i.Software != (i.SoftwareName() != "") {
		t.Errorf("Software = %v, SoftwareName() = %q", i.Software, i.SoftwareName())
	}
}

func TestWindow(t *testing.T) {
	needDisplay(t)
	c := open(t)
	checkInfo(t, c.Info(), "GLFW window")
	checkWorks(t, c, 1)
}

func TestEGL(t *testing.T) {
	withoutDisplay(t)
	c := open(t)
	checkInfo(t, c.Info(), "EGL ")
	checkWorks(t, c, 1)
}

func TestNotLost(t *testing.T) {
	withoutDisplay(t) // of Mesa's software contexts only those by EGL are robust
	c := open(t)
	lost := errors.New("Lost was not called")
	if err := c.Do(func() { lost = c.Lost() }); err != nil || lost != nil {
		t.Errorf("Do: %v, Lost: %v", err, lost)
	}
	if c.Info().Software && strings.Contains(c.Info().Version, "Mesa") && !c.Info().Robust {
		t.Error("a context of Mesa's software renderer by EGL is not robust")
	}
}

func TestNotRobust(t *testing.T) {
	withoutDisplay(t)
	t.Setenv("SHADEGRAD_ROBUST", "off")
	c := open(t)
	if c.Info().Robust && c.Info().Software {
		t.Error("the context is robust")
	}
	checkWorks(t, c, 2)
}

func TestOrder(t *testing.T) {
	c := open(t)
	const n = 4 * queueLength // more than the queue holds
	var got []int
	for i := range n {
		if i%100 == 99 {
			if err := c.Do(func() { got = append(got, i) }); err != nil {
				t.Fatal(err)
			}
			if len(got) != i+1 {
				t.Fatalf("Do returned after %d of %d functions", len(got), i+1)
			}
		} else if err := c.Post(func() { got = append(got, i) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Do(func() {}); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if v != i {
			t.Fatalf("function %d ran in place %d", v, i)
		}
	}
	if len(got) != n {
		t.Errorf("%d functions ran, want %d", len(got), n)
	}
}

func TestManyCallers(t *testing.T) {
	c := open(t)
	total := 0 // written on the context's thread alone
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				call := c.Post
				if i%10 == 0 {
					call = c.Do
				}
				if err := call(func() { total++ }); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if total != 8*200 {
		t.Errorf("%d functions ran before Close returned, want %d", total, 8*200)
	}
}

func TestClosed(t *testing.T) {
	c := open(t)
	for i := range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close, time %d: %v", i+1, err)
		}
	}
	if err := c.Do(func() { t.Error("ran") }); !errors.Is(err, ErrClosed) {
		t.Errorf("Do: %v, want ErrClosed", err)
	}
	if err := c.Post(func() { t.Error("ran") }); !errors.Is(err, ErrClosed) {
		t.Errorf("Post: %v, want ErrClosed", err)
	}
}

// TestFunctionEndsGoroutine runs a function that ends its goroutine, as t.FailNow
// does. It closes the context, and no call waits forever.
func TestFunctionEndsGoroutine(t *testing.T) {
	c := open(t)
	if err := c.Do(runtime.Goexit); !errors.Is(err, ErrClosed) {
		t.Errorf("Do: %v, want ErrClosed", err)
	}
	for range 2 * queueLength {
		err := c.Post(func() {})
		if err != nil && !errors.Is(err, ErrClosed) {
			t.Fatalf("Post: %v", err)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	checkWorks(t, open(t), 5)
}

func TestTwoAtOnce(t *testing.T) {
	check := func(t *testing.T, a, b *Context) {
		var wg sync.WaitGroup
		for _, c := range []*Context{a, b} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 50 {
					// Not checkWorks: FailNow belongs to the test's goroutine.
					var err uint32
					if doErr := c.Do(func() { gl.Flush(); err = gl.GetError() }); doErr != nil || err != gl.NO_ERROR {
						t.Errorf("round %d: %v, glGetError 0x%x", i, doErr, err)
					}
				}
			}()
		}
		wg.Wait()
		checkWorks(t, a, 10)
		checkWorks(t, b, 20)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		checkWorks(t, b, 30) // what a and b shared still exists
	}
	t.Run("window and window", func(t *testing.T) {
		needDisplay(t)
		check(t, open(t), open(t))
	})
	t.Run("window and EGL", func(t *testing.T) {
		needDisplay(t)
		a := open(t)
		withoutDisplay(t)
		check(t, a, open(t))
	})
	t.Run("EGL and EGL", func(t *testing.T) {
		withoutDisplay(t)
		check(t, open(t), open(t))
	})
}

func TestInvalidDisplay(t *testing.T) {
	withoutDisplay(t)
	open(t) // EGL works here, or the test skips
	t.Setenv("DISPLAY", ":99999")
	c := open(t)
	checkInfo(t, c.Info(), "EGL ")
}

func TestNeither(t *testing.T) {
	withoutDisplay(t)
	t.Setenv("SHADEGRAD_EGL", "off")
	for _, c := range []struct{ display, wayland, want string }{
		{"", "", "error: no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: switched off by SHADEGRAD_EGL=off"},
		{":99999", "", "error: no window (X11: Failed to open display :99999) and EGL failed: switched off by SHADEGRAD_EGL=off"},
		{"", "wayland-99", "error: no window ("}, // the rest depends on GLFW's window system
	} {
		stdout, stderr := openInChild(t, "DISPLAY="+c.display, "WAYLAND_DISPLAY="+c.wayland)
		if !strings.HasPrefix(stdout, c.want) || strings.Contains(stdout, "\n") {
			t.Errorf("DISPLAY=%s WAYLAND_DISPLAY=%s: printed\n%s\nwant\n%s", c.display, c.wayland, stdout, c.want)
		}
		if stderr != "" {
			t.Errorf("DISPLAY=%s WAYLAND_DISPLAY=%s: stderr %q", c.display, c.wayland, stderr)
		}
	}
}

func TestVersionTooLow(t *testing.T) {
	// MESA_GL_VERSION_OVERRIDE lowers the version that Mesa offers.
	probe := func(t *testing.T) {
		c := open(t)
		if runtime.GOOS == "windows" || !strings.Contains(c.Info().Version, "Mesa") {
			t.Skip("only Mesa can be made to offer less, not through Wine; this is " + c.Info().Version)
		}
	}
	check := func(t *testing.T) {
		for version, want := range map[string]string{
			"4.1": "error: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)",
			"3.3": "error: needs OpenGL 4.3, this driver offers 3.3",
		} {
			stdout, stderr := openInChild(t, "MESA_GL_VERSION_OVERRIDE="+version)
			if stdout != want || stderr != "" {
				t.Errorf("printed %q and, on stderr, %q, want %q", stdout, stderr, want)
			}
		}
	}
	t.Run("window", func(t *testing.T) {
		needDisplay(t)
		probe(t)
		t.Setenv("SHADEGRAD_EGL", "off")
		check(t)
	})
	t.Run("window and EGL", func(t *testing.T) {
		needDisplay(t)
		probe(t)
		check(t)
	})
	t.Run("EGL", func(t *testing.T) {
		withoutDisplay(t)
		probe(t)
		check(t)
	})
}

func TestEveryVersionRefused(t *testing.T) {
	needDisplay(t)
	open(t) // or skip
	t.Setenv("SHADEGRAD_EGL", "off")
	defer func(f func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error)) {
		glfwCreateWindow = f
	}(glfwCreateWindow)
	glfwCreateWindow = func(w, h int, title string, m *glfw.Monitor, s *glfw.Window) (*glfw.Window, error) {
		glfw.WindowHint(glfw.ContextVersionMajor, 9) // refused by every driver
		glfw.WindowHint(glfw.ContextVersionMinor, 9)
		return glfw.CreateWindow(w, h, title, m, s)
	}
	_, err := Open()
	// Older versions are refused too, so the error names none.
	var absent *AbsentError
	if !errors.As(err, &absent) || absent.Window == nil {
		t.Errorf("Open: %v, want an AbsentError with the window's reason", err)
	}
	t.Log(err)
}

// fakeGLFW replaces Init and CreateWindow during the test.
func fakeGLFW(t *testing.T, initialise func() error, create func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error)) {
	t.Helper()
	oldInit, oldCreate := glfwInit, glfwCreateWindow
	t.Cleanup(func() { glfwInit, glfwCreateWindow = oldInit, oldCreate })
	if initialise != nil {
		glfwInit = initialise
	}
	if create != nil {
		glfwCreateWindow = create
	}
}

func TestGLFWMisbehaves(t *testing.T) {
	type create = func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error)
	for _, c := range []struct {
		name    string
		init    func() error
		create  create
		display bool // needs one
		want    string
	}{
		{"Init panics", func() error { panic("no\nluck") }, nil, false, "panic: no luck"},
		{"Init fails", func() error { return errors.New("broken") }, nil, false, "broken"},
		{"Init returns nil without starting", func() error { return nil }, nil, false, "GLFW did not start and reported no error"},
		{"CreateWindow panics", nil, func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error) {
			panic(&glfw.Error{Code: glfw.FormatUnavailable, Desc: "X11: bad format"})
		}, true, "panic: FormatUnavailable: X11: bad format"},
		{"CreateWindow returns nothing", nil, func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error) {
			return nil, nil
		}, true, "GLFW made no window and reported no error"},
		{"CreateWindow fails", nil, func(int, int, string, *glfw.Monitor, *glfw.Window) (*glfw.Window, error) {
			return nil, errors.New("no visual")
		}, true, "no visual"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.display {
				needDisplay(t)
			} else if !HasDisplay() {
				t.Setenv("DISPLAY", ":99999")
			}
			t.Setenv("SHADEGRAD_EGL", "off")
			fakeGLFW(t, c.init, c.create)
			_, err := Open()
			want := "no window (" + c.want + ") and EGL failed: switched off by SHADEGRAD_EGL=off"
			if err == nil || err.Error() != want {
				t.Fatalf("Open: %v\nwant %s", err, want)
			}
			var absent *AbsentError
			if !errors.As(err, &absent) {
				t.Errorf("the error is a %T, want an *AbsentError", err)
			}
			if windows != 0 {
				t.Errorf("%d windows are counted, want 0", windows)
			}
		})
	}
}

// TestMisbehavingGLFWLeavesEGL opens a context by EGL after GLFW fails.
func TestMisbehavingGLFWLeavesEGL(t *testing.T) {
	withoutDisplay(t)
	open(t) // EGL works here, or the test skips
	t.Setenv("DISPLAY", ":99999")
	fakeGLFW(t, func() error { panic("no luck") }, nil)
	checkWorks(t, open(t), 3)
}

// TestAfterMain checks that a call of GLFW after the end of Main returns an error instead of waiting.
func TestAfterMain(t *testing.T) {
	ended := newLoop()
	close(ended.quit)
	mainMu.Lock()
	loop := running
	running = ended
	mainMu.Unlock()
	defer func() {
		mainMu.Lock()
		running = loop
		mainMu.Unlock()
	}()
	if err := onMain(func() error { return nil }); !errors.Is(err, ErrNoMain) {
		t.Errorf("onMain: %v, want ErrNoMain", err)
	}
}

// TestWithoutMain opens a context in a process that does not call Main.
func TestWithoutMain(t *testing.T) {
	open(t) // OpenGL works here, or the test skips
	for _, way := range []struct {
		path string
		env  []string
	}{
		{"GLFW window", []string{"SHADEGRAD_EGL=off"}},
		{"EGL", []string{"DISPLAY=", "WAYLAND_DISPLAY="}},
	} {
		if way.path == "GLFW window" && !HasDisplay() || way.path == "EGL" && runtime.GOOS == "windows" {
			continue // the tests with Xvfb have a display; Windows has no EGL
		}
		stdout, stderr := openInChild(t, append(way.env, childVariable+"="+unserved)...)
		if !strings.HasPrefix(stdout, "opened: "+way.path) || strings.Contains(stdout, "close:") || stderr != "" {
			t.Errorf("%s: got\n%s\n%s", way.path, stdout, stderr)
		}
	}
}
