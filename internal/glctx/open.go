//go:build cgo && !nogl

package glctx

import (
	"errors"
	"os"
	"runtime"
)

// Supported reports whether this build can open a context.
const Supported = true

// Open opens a context of OpenGL 4.3 or newer, core profile, robust where the
// driver can: on a hidden window where there is a display, by EGL elsewhere.
// Close it when it is done with. Several may be open at once.
//
// The error is a *VersionError where there is a driver but an older one, an
// *AbsentError where there is none, ErrNoMain where Main is not running, or
// ErrNoSupport in a build without OpenGL.
func Open() (*Context, error) {
	if !mainRunning() {
		return nil, ErrNoMain
	}
	var windowErr error
	if hasDisplay() {
		var c *Context
		if c, windowErr = openWindow(); windowErr == nil {
			return c, nil
		}
	}
	c, eglErr := startEGL()
	if eglErr == nil {
		return c, nil
	}
	var byWindow, byEGL *VersionError
	errors.As(windowErr, &byWindow)
	errors.As(eglErr, &byEGL)
	if v := newer(byWindow, byEGL); v != nil {
		return nil, v
	}
	return nil, &AbsentError{Window: windowErr, EGL: eglErr}
}

// hasDisplay reports whether a window is worth asking for. Windows and macOS
// always have a display. Elsewhere the variables say: GLFW's own answer
// without a display is a success that panics at the next call.
func hasDisplay() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	return os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
}

// startEGL opens a context by EGL on a thread of its own.
func startEGL() (*Context, error) {
	if os.Getenv("SHADEGRAD_EGL") == "off" {
		return nil, errors.New("switched off by SHADEGRAD_EGL=off")
	}
	return start(func() (s surface, err error) {
		err = recovered(func() error {
			s, err = openEGL()
			return err
		})
		return s, err
	})
}
