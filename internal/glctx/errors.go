package glctx

import (
	"errors"
	"fmt"
	"strings"
)

// Needed is the version of OpenGL a context must have: 4.3, the first with
// compute shaders and shader storage buffers.
const (
	NeededMajor = 4
	NeededMinor = 3
)

var (
	// ErrNoSupport is what Open returns in a build without cgo or with the
	// tag nogl.
	ErrNoSupport = errors.New("this build has no GPU support")

	// ErrNoMain is what Open returns when Main is not running: GLFW's calls
	// need the main thread, and nobody serves it.
	ErrNoMain = errors.New("no OpenGL context can be opened: glctx.Main is not running (call it from main or TestMain)")

	// ErrClosed is what a Context returns once it is closed.
	ErrClosed = errors.New("the OpenGL context is closed")
)

// A VersionError says that there is an OpenGL driver, but one too old.
type VersionError struct {
	Major, Minor int // the newest version the driver offers
}

func (e *VersionError) Error() string {
	s := fmt.Sprintf("needs OpenGL %d.%d, this driver offers %d.%d", NeededMajor, NeededMinor, e.Major, e.Minor)
	if e.Major == 4 && e.Minor == 1 {
		s += " (macOS stops at 4.1)"
	}
	return s
}

// newer returns the one of two version errors that offers more; either may be
// nil.
func newer(a, b *VersionError) *VersionError {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case b.Major > a.Major || b.Major == a.Major && b.Minor > a.Minor:
		return b
	}
	return a
}

// An AbsentError says that neither a window nor EGL led to an OpenGL context.
type AbsentError struct {
	Window error // why there is no window; nil where no display is set
	EGL    error // why EGL failed
}

func (e *AbsentError) Error() string {
	if e.Window == nil {
		return fmt.Sprintf("no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: %v", e.EGL)
	}
	return fmt.Sprintf("no window (%v) and EGL failed: %v", e.Window, e.EGL)
}

func (e *AbsentError) Unwrap() []error { return []error{e.Window, e.EGL} }

// oneLine makes one line of a driver's text, without a full stop at its end.
func oneLine(s string) string {
	return strings.TrimRight(strings.Join(strings.Fields(s), " "), ". ")
}

// also joins two errors, either of which may be nil, in one line.
func also(err, later error) error {
	switch {
	case err == nil:
		return later
	case later == nil:
		return err
	}
	return fmt.Errorf("%w; %w", err, later)
}

// olderVersions are tried, newest first, to find what a driver offers when it
// refuses the needed version. Most drivers give the newest they have for 3.2,
// but some give just what is asked for. The last, 0.0, asks for any version.
var olderVersions = []VersionError{{4, 2}, {4, 1}, {4, 0}, {3, 3}, {3, 2}, {0, 0}}
