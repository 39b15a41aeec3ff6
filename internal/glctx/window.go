//go:build cgo && !nogl

package glctx

/*
// GLFW itself is compiled into go-gl's package; its header is not on the
// include path of other packages, so the two functions are declared here.
typedef void (*glfwErrorFunc)(int, const char *);
extern glfwErrorFunc glfwSetErrorCallback(glfwErrorFunc);
extern int glfwGetError(const char **);
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"github.com/go-gl/glfw/v3.3/glfw"
)

// go-gl's error callback prints some errors, panics on others, and forgets
// some; without it GLFW still keeps each thread's last error for glfwGetError,
// and that is all that is needed.
func init() { C.glfwSetErrorCallback(nil) }

// What a test replaces to play a GLFW that fails.
var (
	glfwInit         = glfw.Init
	glfwCreateWindow = glfw.CreateWindow
)

// GLFW's error codes used here, from GLFW/glfw3.h.
const (
	glfwNotInitialized     = 0x00010001
	glfwVersionUnavailable = 0x00010007
)

// A glfwError is GLFW's last error on the calling thread.
type glfwError struct {
	code int
	text string
}

func (e *glfwError) Error() string { return e.text }

// lastGLFWError returns and clears the calling thread's last GLFW error, or
// nil.
func lastGLFWError() error {
	var text *C.char
	code := int(C.glfwGetError(&text))
	if code == 0 {
		return nil
	}
	return &glfwError{code: code, text: oneLine(C.GoString(text))}
}

// windows counts the open windows; only the main thread touches it. GLFW, and
// with it the connection to the X server, lives while there are any.
var windows int

// retainGLFW initialises GLFW for the first window. On the main thread.
func retainGLFW() error {
	if windows == 0 {
		_ = lastGLFWError()
		if runtime.GOOS == "darwin" {
			glfw.InitHint(glfw.CocoaChdirResources, glfw.False)
			glfw.InitHint(glfw.CocoaMenubar, glfw.False)
		}
		if err := glfwInit(); err != nil {
			return errors.New(oneLine(err.Error()))
		}
		reason := lastGLFWError()
		// go-gl's Init may return nil after a failure, and GLFW may report an
		// error after a success (a joystick): ask something that needs GLFW.
		glfw.GetTimerFrequency()
		if lastGLFWError() != nil {
			if reason == nil {
				reason = errors.New("GLFW did not start, and does not say why")
			}
			return reason
		}
	}
	windows++
	return nil
}

// releaseGLFW ends GLFW with its last window. On the main thread.
func releaseGLFW() {
	if windows--; windows == 0 {
		glfw.Terminate()
	}
}

// pollEvents answers the system's events. On the main thread.
func pollEvents() {
	if windows > 0 {
		glfw.PollEvents()
	}
}

// openWindow opens a context on a hidden window.
func openWindow() (*Context, error) {
	var w *glfw.Window
	if err := onMain(func() (err error) { w, err = newWindow(); return err }); err != nil {
		return nil, err
	}
	return start(func() (surface, error) { return (*window)(w), nil })
}

// newWindow makes a hidden window whose context is of OpenGL 4.3 or newer. On
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
	w, err = createWindow(NeededMajor, NeededMinor, true)
	if err != nil {
		w, err = createWindow(NeededMajor, NeededMinor, false)
	}
	var refused *glfwError
	if errors.As(err, &refused) && refused.code == glfwVersionUnavailable {
		if v := offeredByWindow(); v != nil {
			return nil, v
		}
	}
	return w, err
}

// createWindow makes a hidden window with a context of at least the given
// version, or of any version for 0.
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
		if runtime.GOOS == "darwin" { // its core profiles are all of this kind
			glfw.WindowHint(glfw.OpenGLForwardCompatible, glfw.True)
		}
	}
	if robust {
		glfw.WindowHint(glfw.ContextRobustness, glfw.LoseContextOnReset)
	}
	_ = lastGLFWError()
	w, err := glfwCreateWindow(16, 16, "shadegrad", nil, nil)
	switch {
	case err != nil:
		return nil, errors.New(oneLine(err.Error()))
	case w != nil:
		return w, nil
	}
	if err := lastGLFWError(); err != nil {
		return nil, err
	}
	return nil, errors.New("GLFW made no window, and does not say why")
}

// offeredByWindow returns the newest version that a window can have below the
// needed one, or nil where there is none at all. On the main thread.
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
