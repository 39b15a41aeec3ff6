package opengl

import (
	"fmt"
	"strings"
	"time"

	"shadegrad/internal/glctx"
)

// ErrNoSupport is the error of Open in a build without cgo or with the tag nogl.
var ErrNoSupport = glctx.ErrNoSupport

// A VersionError reports a driver that is too old: Major and Minor are the newest version of OpenGL that it offers.
type VersionError = glctx.VersionError

// An AbsentError reports that no driver gave an OpenGL context: Window is the error of opening a hidden window, or nil without a
// display, and EGL that of EGL.
type AbsentError = glctx.AbsentError

// A CompileError reports that the driver refused a kernel.
type CompileError struct {
	Kernel string // the specialisation, such as "product_tn_b8x8"
	Linked bool   // it compiled but did not link
	Log    string // of the driver, with names of files and lines
	Device string // renderer and driver, or "" if not known
}

// logLines is the number of lines of a driver's log in a message. The first lines say what is
// wrong; the rest usually follows from it.
const logLines = 8

func (e *CompileError) Error() string { return e.Summary() + ": " + strings.Join(e.Excerpt(), "\n") }

// Summary returns "kernel product_tn_b8x8 does not compile on DEVICE".
func (e *CompileError) Summary() string {
	s := fmt.Sprintf("kernel %s does not compile", e.Kernel)
	if e.Linked {
		s = fmt.Sprintf("kernel %s does not link", e.Kernel)
	}
	if e.Device != "" {
		s += " on " + e.Device
	}
	return s
}

// Excerpt returns the first lines of the log, at least one.
func (e *CompileError) Excerpt() []string {
	lines := strings.Split(strings.TrimSpace(e.Log), "\n")
	if len(lines) > logLines {
		lines = append(lines[:logLines:logLines], fmt.Sprintf("… and %d more lines", len(lines)-logLines))
	}
	if lines[0] == "" {
		lines[0] = "the driver does not say why"
	}
	return lines
}

// A SourceError reports that the source of a kernel is missing or invalid. With the embedded shaders
// it is a bug of this program.
type SourceError struct {
	Origin string // of the shaders: a directory, or "built in"
	Err    error
}

func (e *SourceError) Error() string { return fmt.Sprintf("shaders (%s): %v", e.Origin, e.Err) }

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }

// A ContextLostError reports that the driver gave up the OpenGL context, and with it the contents of
// the GPU's memory.
type ContextLostError struct {
	Device string
	Cause  error // the driver's reason
}

func (e *ContextLostError) Error() string { return fmt.Sprintf("%v, on %s", e.Cause, e.Device) }

// Unwrap returns Cause.
func (e *ContextLostError) Unwrap() error { return e.Cause }

// A StallError reports that the device or its driver does not respond.
type StallError struct {
	Device string
	Waited time.Duration
	InCall bool // an OpenGL call did not return; otherwise the GPU did not finish its work
}

func (e *StallError) Error() string {
	if e.InCall {
		return fmt.Sprintf("a call of the OpenGL driver has not returned for %v, on %s", e.Waited, e.Device)
	}
	return fmt.Sprintf("the GPU has finished nothing for %v while there was work, on %s", e.Waited, e.Device)
}

// A GLError is an error that OpenGL reports for work in the queue.
type GLError struct {
	Code   uint32
	After  string // the work before the report
	Device string
}

func (e *GLError) Error() string {
	return fmt.Sprintf("OpenGL reports %s after %s, on %s", glErrorName(e.Code), e.After, e.Device)
}

var glErrorNames = map[uint32]string{
	0x0500: "GL_INVALID_ENUM",
	0x0501: "GL_INVALID_VALUE",
	0x0502: "GL_INVALID_OPERATION",
	0x0503: "GL_STACK_OVERFLOW",
	0x0504: "GL_STACK_UNDERFLOW",
	0x0505: "GL_OUT_OF_MEMORY",
	0x0506: "GL_INVALID_FRAMEBUFFER_OPERATION",
	0x0507: "GL_CONTEXT_LOST",
}

func glErrorName(code uint32) string {
	if name, ok := glErrorNames[code]; ok {
		return name
	}
	return fmt.Sprintf("error 0x%04x", code)
}
