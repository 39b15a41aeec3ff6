//go:build cgo && !nogl

package glctx

import (
	"errors"
	"os"
	"runtime"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// Supported reports whether this build can open a context.
const Supported = true

var (
	errNoDisplay = errors.New("no display (DISPLAY and WAYLAND_DISPLAY are unset)")
	errEGLOff    = errors.New("switched off by SHADEGRAD_EGL=off")
)

// Open opens a core context of OpenGL 4.3 or newer, on a hidden window or by EGL.
// It is robust if the driver supports that. Several contexts may be open at a time.
//
// The error is a *VersionError if the newest driver is too old, an *AbsentError if
// no driver is found, or ErrNoMain if Main is not running.
func Open() (*Context, error) {
	if !mainRunning() {
		return nil, ErrNoMain
	}
	var windowErr error
	if HasDisplay() {
		var c *Context
		if c, windowErr = OpenWindow(); windowErr == nil {
			return c, nil
		}
	}
	c, eglErr := OpenEGL()
	if eglErr == nil {
		return c, nil
	}
	if v := NewestVersion(windowErr, eglErr); v != nil {
		return nil, v
	}
	return nil, &AbsentError{Window: windowErr, EGL: eglErr}
}

// HasDisplay reports whether Open tries a window. On Windows and macOS it always
// does. Elsewhere the variables decide: without a display GLFW reports success and
// panics at the next call.
func HasDisplay() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
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
func OpenEGL() (*Context, error) {
	if os.Getenv("SHADEGRAD_EGL") == "off" {
		return nil, errEGLOff
	}
	return start(func() (s surface, err error) {
		err = recovered(func() error {
			s, err = openEGL()
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
