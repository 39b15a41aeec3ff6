//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// Supported reports whether this build can open a context.
const Supported = true

var (
	errNoDisplay = errors.New("no display (DISPLAY and WAYLAND_DISPLAY are unset)")
	errEGLOff    = errors.New("switched off by SHADEGRAD_EGL=off")
)

// openLimit is the longest time in which a window or EGL must give a context. A driver may
// hang, and an X server may not answer.
const openLimit = time.Minute

// Open opens a core context of OpenGL 4.3 or newer, on a hidden window or by EGL.
// It is robust if the driver supports that. Several contexts may be open at a time. If
// the window has only software OpenGL, as in VNC or Xvfb, a hardware device of EGL is
// preferred.
//
// The error is a *VersionError if the newest driver is too old, or an *AbsentError if
// no driver is found.
func Open() (*Context, error) {
	return ways{
		display:     HasDisplay,
		window:      func() (*Context, error) { return within(openLimit, OpenWindow) },
		egl:         func() (*Context, error) { return within(openLimit, OpenEGL) },
		hardwareEGL: func() (*Context, error) { return within(openLimit, openHardwareEGL) },
	}.open()
}

// robust returns whether to ask for a robust context, in the order of the attempts. Such a
// context reports a reset of the GPU, and checks the accesses of shaders to memory. With
// SHADEGRAD_ROBUST=off none is asked for, to measure what the checks cost.
func robust() []bool {
	if os.Getenv("SHADEGRAD_ROBUST") == "off" {
		return []bool{false}
	}
	return []bool{true, false}
}

// ways are the ways to open a context. Tests replace them.
type ways struct {
	display                  func() bool
	window, egl, hardwareEGL func() (*Context, error)
}

func (w ways) open() (*Context, error) {
	var windowErr error
	if w.display() {
		var c *Context
		if c, windowErr = w.window(); windowErr == nil {
			return w.hardware(c), nil
		}
	}
	c, eglErr := w.egl()
	if eglErr == nil {
		return c, nil
	}
	if v := NewestVersion(windowErr, eglErr); v != nil {
		return nil, v
	}
	return nil, &AbsentError{Window: windowErr, EGL: eglErr}
}

// hardware returns the context of a window or, if that is software, one of a hardware device
// by EGL if there is one.
func (w ways) hardware(window *Context) *Context {
	if !window.info.Software {
		return window
	}
	c, err := w.hardwareEGL()
	if err != nil {
		return window
	}
	c.info.Path += fmt.Sprintf(" (the window has software OpenGL, %s)", window.info.SoftwareName())
	_ = window.Close() // the context to use is the other one
	return c
}

// within calls open. It returns an error if that takes longer than the limit.
func within(limit time.Duration, open func() (*Context, error)) (*Context, error) {
	type opened struct {
		context *Context
		err     error
	}
	done := make(chan opened, 1)
	go func() {
		c, err := open()
		done <- opened{c, err}
	}()
	select {
	case o := <-done:
		return o.context, o.err
	case <-time.After(limit):
		return nil, fmt.Errorf("no answer for %v", limit)
	}
}

// HasDisplay reports whether Open tries a window. On Windows it always
// does. Elsewhere the variables decide: without a display GLFW reports success and
// panics at the next call.
func HasDisplay() bool {
	if runtime.GOOS == "windows" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// OpenWindow is Open by a hidden window alone. The error is a *VersionError if the
// driver is too old.
func OpenWindow() (*Context, error) {
	if !HasDisplay() {
		return nil, errNoDisplay
	}
	var w *glfw.Window
	if err := onMain(func() (err error) { w, err = newWindow(); return err }); err != nil {
		return nil, err
	}
	return start(func() (surface, error) { return (*window)(w), nil })
}

// OpenEGL is Open by EGL alone. The error is a *VersionError if the driver is too
// old.
func OpenEGL() (*Context, error) { return startEGL(false) }

// openHardwareEGL is OpenEGL for hardware devices alone.
func openHardwareEGL() (*Context, error) { return startEGL(true) }

func startEGL(hardware bool) (*Context, error) {
	if os.Getenv("SHADEGRAD_EGL") == "off" {
		return nil, errEGLOff
	}
	return start(func() (s surface, err error) {
		err = recovered(func() error {
			s, err = openEGL(hardware)
			return err
		})
		return s, err
	})
}

// ProbeGLFW starts GLFW and returns its version and the systems it was built for,
// such as "3.3.8 X11 GLX EGL OSMesa". It ends GLFW again unless a window is open.
func ProbeGLFW() (string, error) {
	if !HasDisplay() {
		return "", errNoDisplay
	}
	version := ""
	err := onMain(func() error {
		if err := retainGLFW(); err != nil {
			return err
		}
		defer releaseGLFW()
		version = glfw.GetVersionString()
		return nil
	})
	return version, err
}

// ProbeEGL loads the EGL library and returns the candidates that OpenEGL would
// try, in order, such as "EGL device" and "EGL surfaceless".
func ProbeEGL() (names []string, err error) {
	if os.Getenv("SHADEGRAD_EGL") == "off" {
		return nil, errEGLOff
	}
	err = recovered(func() error {
		names, err = namesOfEGL()
		return err
	})
	return names, err
}
