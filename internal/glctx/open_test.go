//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

// described returns a context that only describes itself and can be closed.
func described(path, renderer string) *Context {
	c := &Context{queue: make(chan func()), dead: make(chan struct{})}
	close(c.dead)
	c.info = Info{Path: path, Renderer: renderer, Software: softwareName(renderer) != ""}
	return c
}

// TestWays opens a context on machines with each combination of window and EGL.
func TestWays(t *testing.T) {
	const card, other = "NVIDIA GeForce RTX 4070/PCIe/SSE2", "llvmpipe (LLVM 15.0.6, 256 bits)"
	none := errors.New("none")
	opener := func(path, renderer string, opened **Context) func() (*Context, error) {
		return func() (*Context, error) {
			if renderer == "" {
				return nil, none
			}
			*opened = described(path, renderer)
			return *opened, nil
		}
	}
	for _, c := range []struct {
		name                  string
		display               bool
		window, egl, hardware string // renderers; "" for none
		path                  string // of the context, or "" for an error
	}{
		{"GPU on a window", true, card, card, card, "window"},
		{"software window and hardware EGL", true, other, card, card, "hardware (the window has software OpenGL, llvmpipe)"},
		{"SVGA3D and hardware EGL", true, "SVGA3D; build: RELEASE;  LLVM;", card, card, "hardware (the window has software OpenGL, SVGA3D)"},
		{"software only", true, other, other, "", "window"},
		{"software window without EGL", true, other, "", "", "window"},
		{"no window", true, "", card, card, "EGL"},
		{"no display", false, card, other, "", "EGL"},
		{"nothing", true, "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var window, egl, hardware *Context
			got, err := ways{func() bool { return c.display }, opener("window", c.window, &window), opener("EGL", c.egl, &egl),
				opener("hardware", c.hardware, &hardware)}.open()
			if c.path == "" {
				var absent *AbsentError
				if !errors.As(err, &absent) || !errors.Is(err, none) {
					t.Errorf("error %v, want an AbsentError", err)
				}
				return
			}
			if err != nil || got.Info().Path != c.path {
				t.Fatalf("opened %v, error %v; want %s", got, err, c.path)
			}
			for _, o := range []*Context{window, egl, hardware} {
				if o != nil && o.closed != (o != got) {
					t.Errorf("%s: closed is %t", o.info.Path, o.closed)
				}
			}
		})
	}
}

// TestHardwareInsteadOfWindow opens a window with software OpenGL and then EGL, which the test takes for hardware. The
// context by EGL works after the window is closed.
func TestHardwareInsteadOfWindow(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("EGL is not used on windows")
	}
	needDisplay(t)
	if w := open(t); !w.Info().Software {
		t.Skip("the window is not software: " + w.Info().Renderer)
	}
	c, err := ways{HasDisplay, OpenWindow, OpenEGL, OpenEGL}.open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if path := c.Info().Path; !strings.HasPrefix(path, "EGL ") || !strings.HasSuffix(path, " (the window has software OpenGL, "+c.Info().SoftwareName()+")") {
		t.Errorf("the path is %q", path)
	}
	checkWorks(t, c, 9)
	if c, err := openHardwareEGL(); err == nil {
		t.Errorf("software passes for hardware: %+v", c.Info())
		c.Close()
	}
}

// TestNoAnswer opens a context of a driver that does not respond.
func TestNoAnswer(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	_, err := within(time.Millisecond, func() (*Context, error) { <-never; return nil, nil })
	if err == nil || err.Error() != "no answer for 1ms" {
		t.Errorf("error %v", err)
	}
}
