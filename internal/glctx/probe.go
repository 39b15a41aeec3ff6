//go:build cgo && !nogl

package glctx

import (
	"errors"
	"os"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// HasDisplay reports whether Open asks for a window: on Windows and macOS always,
// elsewhere where DISPLAY or WAYLAND_DISPLAY is set.
func HasDisplay() bool { return hasDisplay() }

// ProbeGLFW starts GLFW, ends it again unless a window is open, and returns its
// version and what it was built for, such as "3.3.8 X11 GLX EGL OSMesa". Without a
// display it is not tried; the error says so.
func ProbeGLFW() (string, error) {
	if !mainRunning() {
		return "", ErrNoMain
	}
	if !hasDisplay() {
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

// OpenWindow is Open by a window alone. The error is a *VersionError where there
// is a driver but an older one.
func OpenWindow() (*Context, error) {
	if !mainRunning() {
		return nil, ErrNoMain
	}
	if !hasDisplay() {
		return nil, errNoDisplay
	}
	return openWindow()
}

// ProbeEGL loads the EGL library and returns the places where Open would look for
// a context, in that order, such as "EGL device" and "EGL surfaceless". None of them
// is tried.
func ProbeEGL() ([]string, error) {
	if os.Getenv("SHADEGRAD_EGL") == "off" {
		return nil, errEGLOff
	}
	var names []string
	err := recovered(func() (err error) {
		names, err = placesOfEGL()
		return err
	})
	return names, err
}

// OpenEGL is Open by EGL alone. The error is a *VersionError where there is a
// driver but an older one.
func OpenEGL() (*Context, error) {
	if !mainRunning() {
		return nil, ErrNoMain
	}
	return startEGL()
}

var (
	errNoDisplay = errors.New("no display (DISPLAY and WAYLAND_DISPLAY are unset)")
	errEGLOff    = errors.New("switched off by SHADEGRAD_EGL=off")
)
