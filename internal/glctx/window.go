//go:build cgo && !nogl && !darwin

package glctx

/*
// go-gl compiles GLFW, whose header is not on the include path of other packages.
typedef void (*glfwErrorFunc)(int, const char *);
extern glfwErrorFunc glfwSetErrorCallback(glfwErrorFunc);
extern int glfwGetError(const char **);
*/
import "C"

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// go-gl's error callback prints, panics or forgets errors. Without it GLFW keeps
// each thread's last error for glfwGetError.
func init() { C.glfwSetErrorCallback(nil) }

// Tests replace these by functions that fail.
var (
	glfwInit         = glfw.Init
	glfwCreateWindow = glfw.CreateWindow
)

// glfwVersionUnavailable is GLFW_VERSION_UNAVAILABLE of GLFW/glfw3.h.
const glfwVersionUnavailable = 0x00010007

// A glfwError is GLFW's last error on the calling thread.
type glfwError struct {
	code int
	text string
}

func (e *glfwError) Error() string { return e.text }

// lastGLFWError returns the calling thread's last GLFW error, or nil, and clears it.
func lastGLFWError() error {
	var text *C.char
	code := int(C.glfwGetError(&text))
	if code == 0 {
		return nil
	}
	return &glfwError{code: code, text: oneLine(C.GoString(text))}
}

// windows is the number of open windows. While it is not 0, GLFW is initialised
// and connected to the X server. Only the main thread uses it.
var windows int

// retainGLFW counts a window and initialises GLFW for the first one. Call it on the
// main thread.
func retainGLFW() error {
	if windows == 0 {
		if err := loadX11(); err != nil {
			return err
		}
		_ = lastGLFWError()
		if err := glfwInit(); err != nil {
			return err
		}
		reason := lastGLFWError()
		// go-gl's Init may return nil after a failure, and GLFW may report an error
		// (of a joystick) after a success, so call a function that needs GLFW.
		glfw.GetTimerFrequency()
		if lastGLFWError() != nil {
			if reason == nil {
				reason = errors.New("GLFW did not start and reported no error")
			}
			return reason
		}
	}
	windows++
	return nil
}

// releaseGLFW ends GLFW with its last window. Call it on the main thread.
func releaseGLFW() {
	if windows--; windows == 0 {
		glfw.Terminate()
	}
}

// pollEvents answers the system's events. Call it on the main thread.
func pollEvents() {
	if windows > 0 {
		glfw.PollEvents()
	}
}

// newWindow makes a hidden window with a context of OpenGL 4.3 or newer. Call it on
// the main thread.
func newWindow() (w *glfw.Window, err error) {
	if err := retainGLFW(); err != nil {
		return nil, err
	}
	defer func() {
		if w == nil { // also on a panic
			releaseGLFW()
		}
	}()
	for _, r := range robust() {
		if w, err = createWindow(NeededMajor, NeededMinor, r); err == nil {
			break
		}
	}
	if err != nil && strings.Contains(err.Error(), "Failed to load GLX") { // GLFW loads libGL here
		return nil, errors.New("libGL.so.1 is not installed (Debian: apt-get install libgl1)")
	}
	var refused *glfwError
	if errors.As(err, &refused) && refused.code == glfwVersionUnavailable {
		if v := offeredByWindow(); v != nil {
			return nil, v
		}
	}
	return w, err
}

// createWindow makes a hidden window with a context of at least the given version,
// or of any version if major is 0.
func createWindow(major, minor int, robust bool) (*glfw.Window, error) {
	glfw.DefaultWindowHints()
	glfw.WindowHint(glfw.Visible, glfw.False)
	glfw.WindowHint(glfw.Focused, glfw.False)
	glfw.WindowHint(glfw.DepthBits, 0)
	glfw.WindowHint(glfw.StencilBits, 0)
	if major > 0 {
		glfw.WindowHint(glfw.ContextVersionMajor, major)
		glfw.WindowHint(glfw.ContextVersionMinor, minor)
		glfw.WindowHint(glfw.OpenGLProfile, glfw.OpenGLCoreProfile)
	}
	if robust {
		glfw.WindowHint(glfw.ContextRobustness, glfw.LoseContextOnReset)
	}
	_ = lastGLFWError()
	w, err := glfwCreateWindow(16, 16, "shadegrad", nil, nil)
	switch {
	case err != nil:
		return nil, err
	case w != nil:
		return w, nil
	}
	if err := lastGLFWError(); err != nil {
		return nil, err
	}
	return nil, errors.New("GLFW made no window and reported no error")
}

// offeredByWindow returns the newest version that a window offers, or nil. Call it
// on the main thread.
func offeredByWindow() *VersionError {
	for _, v := range olderVersions {
		w, err := createWindow(v.Major, v.Minor, false)
		if err != nil {
			continue
		}
		major, minor := w.GetAttrib(glfw.ContextVersionMajor), w.GetAttrib(glfw.ContextVersionMinor)
		w.Destroy()
		return &VersionError{Major: major, Minor: minor}
	}
	return nil
}

// A window is the surface of a GLFW window.
type window glfw.Window

func (w *window) makeCurrent() error {
	_ = lastGLFWError()
	(*glfw.Window)(w).MakeContextCurrent()
	if err := lastGLFWError(); err != nil {
		return fmt.Errorf("the window's context cannot be made current: %w", err)
	}
	return nil
}

func (w *window) procAddress(name string) unsafe.Pointer { return glfw.GetProcAddress(name) }

// path names the window system GLFW was built for.
func (w *window) path() string {
	version := glfw.GetVersionString()
	for _, system := range []string{"X11", "Wayland", "Win32", "Cocoa"} {
		if strings.Contains(version, system) {
			return "GLFW window (" + system + ")"
		}
	}
	return "GLFW window"
}

func (w *window) destroy() error {
	err := recovered(func() error { glfw.DetachCurrentContext(); return lastGLFWError() })
	return also(err, onMain(func() error {
		defer releaseGLFW()
		_ = lastGLFWError()
		(*glfw.Window)(w).Destroy()
		return lastGLFWError()
	}))
}
