//go:build !cgo || nogl || darwin

package glctx

import "runtime"

// errNone is the error of all functions of this build.
var errNone = NoSupport(runtime.GOOS)

// Supported reports whether this build can open a context.
const Supported = false

// Main returns f().
func Main(f func() int) int { return f() }

// HasDisplay returns false.
func HasDisplay() bool { return false }

// ProbeGLFW returns NoSupport.
func ProbeGLFW() (string, error) { return "", errNone }

// ProbeEGL returns NoSupport.
func ProbeEGL() ([]string, error) { return nil, errNone }

// Open returns NoSupport.
func Open() (*Context, error) { return nil, errNone }

// OpenWindow returns NoSupport.
func OpenWindow() (*Context, error) { return nil, errNone }

// OpenEGL returns NoSupport.
func OpenEGL() (*Context, error) { return nil, errNone }

// A Context cannot be opened in this build.
type Context struct{}

// Do returns NoSupport.
func (c *Context) Do(f func()) error { return errNone }

// Post returns NoSupport.
func (c *Context) Post(f func()) error { return errNone }

// Lost returns nil.
func (c *Context) Lost() error { return nil }

// Info returns the zero Info.
func (c *Context) Info() Info { return Info{} }

// Limits returns NoSupport.
func (c *Context) Limits() ([]Limit, error) { return nil, errNone }

// CheckShader returns NoSupport.
func (c *Context) CheckShader(source string) error { return errNone }

// Close returns nil.
func (c *Context) Close() error { return nil }
