package glctx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// A context must offer OpenGL 4.3, the first version with compute shaders and
// shader storage buffers.
const (
	NeededMajor = 4
	NeededMinor = 3
)

var (
	// ErrNoSupport is the error of a build without cgo or with the tag nogl.
	ErrNoSupport = errors.New("this build has no GPU support")

	// ErrNoMain is the cause of an error after the end of Main: no goroutine serves GLFW.
	ErrNoMain = errors.New("glctx.Main has ended")

	// ErrUnused is the error of EGL on a system where this program does not use it.
	ErrUnused = errors.New("not used on " + runtime.GOOS)

	// ErrClosed is the error of a closed Context.
	ErrClosed = errors.New("the OpenGL context is closed")
)

// NoSupport returns the error of Open in a build that cannot open a context on a system: on macOS the *VersionError of its
// newest OpenGL, elsewhere ErrNoSupport.
func NoSupport(goos string) error {
	if goos == "darwin" {
		return &VersionError{4, 1}
	}
	return ErrNoSupport
}

// A VersionError reports an OpenGL driver that is too old.
type VersionError struct {
	Major, Minor int // the newest version that the driver offers
}

func (e *VersionError) Error() string {
	s := fmt.Sprintf("needs OpenGL %d.%d, this driver offers %d.%d", NeededMajor, NeededMinor, e.Major, e.Minor)
	if e.Major == 4 && e.Minor == 1 {
		s += " (macOS stops at 4.1)"
	}
	return s
}

// enough returns nil if a version is new enough, or a *VersionError.
func enough(major, minor int) error {
	if major < NeededMajor || major == NeededMajor && minor < NeededMinor {
		return &VersionError{major, minor}
	}
	return nil
}

// NewestVersion returns the *VersionError with the newest version among errors, or
// nil.
func NewestVersion(errs ...error) *VersionError {
	var newest *VersionError
	for _, err := range errs {
		var v *VersionError
		if errors.As(err, &v) && (newest == nil || v.Major > newest.Major || v.Major == newest.Major && v.Minor > newest.Minor) {
			newest = v
		}
	}
	return newest
}

// An AbsentError reports that neither a window nor EGL gave an OpenGL context.
type AbsentError struct {
	Window error // why no window opened, or nil if no display is set
	EGL    error // why EGL failed
}

func (e *AbsentError) Error() string {
	if e.Window == nil {
		return fmt.Sprintf("no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: %v", e.EGL)
	}
	if errors.Is(e.EGL, ErrUnused) {
		return fmt.Sprintf("no window: %v", e.Window)
	}
	return fmt.Sprintf("no window (%v) and EGL failed: %v", e.Window, e.EGL)
}

// Unwrap returns both causes.
func (e *AbsentError) Unwrap() []error { return []error{e.Window, e.EGL} }

// A ShaderError reports a compute shader that the driver refuses.
type ShaderError struct {
	Compiled bool // it compiles, but does not link
	Log      string
}

func (e *ShaderError) Error() string {
	if e.Compiled {
		return "the shader does not link: " + e.Log
	}
	return "the shader does not compile: " + e.Log
}

// notInstalled returns the error of a library that does not load. Linux says so if the file does not exist.
func notInstalled(library, debianPackage, why string) error {
	if strings.Contains(why, library) && strings.Contains(why, "No such file") {
		return fmt.Errorf("%s is not installed (Debian: apt-get install %s)", library, debianPackage)
	}
	return errors.New(why)
}

// oneLine puts a driver's text on one line and removes the full stop at its end.
func oneLine(s string) string {
	return strings.TrimRight(strings.Join(strings.Fields(s), " "), ". ")
}

// also joins errors, each of which may be nil, on one line.
func also(errs ...error) error {
	var joined error
	for _, err := range errs {
		switch {
		case joined == nil:
			joined = err
		case err != nil:
			joined = fmt.Errorf("%w; %w", joined, err)
		}
	}
	return joined
}

// olderVersions are the versions to try, newest first, after a driver refuses the
// needed one. Asked for 3.2 most drivers give their newest version, but some give
// 3.2 itself. 0.0 asks for any version.
var olderVersions = []VersionError{{4, 2}, {4, 1}, {4, 0}, {3, 3}, {3, 2}, {0, 0}}
