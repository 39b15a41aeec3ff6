//go:build !cgo || nogl

package glctx

// Supported reports whether this build can open a context.
const Supported = false

// Main returns f().
func Main(f func() int) int { return f() }

// HasDisplay returns false.
func HasDisplay() bool { return false }

// ProbeGLFW returns ErrNoSupport.
func ProbeGLFW() (string, error) { return "", ErrNoSupport }

// ProbeEGL returns ErrNoSupport.
func ProbeEGL() ([]string, error) { return nil, ErrNoSupport }

// Open returns ErrNoSupport.
func Open() (*Context, error) { return nil, ErrNoSupport }

// OpenWindow returns ErrNoSupport.
func OpenWindow() (*Context, error) { return nil, ErrNoSupport }

// OpenEGL returns ErrNoSupport.
func OpenEGL() (*Context, error) { return nil, ErrNoSupport }

// A Context cannot be opened in this build.
type Context struct{}

// Do returns ErrNoSupport.
func (c *Context) Do(f func()) error { return ErrNoSupport }

// Post returns ErrNoSupport.
func (c *Context) Post(f func()) error { return ErrNoSupport }

// Lost returns nil.
func (c *Context) Lost() error { return nil }

// Info returns the zero Info.
func (c *Context) Info() Info { return Info{} }

// Limits returns ErrNoSupport.
func (c *Context) Limits() ([]Limit, error) { return nil, ErrNoSupport }

// CheckShader returns ErrNoSupport.
func (c *Context) CheckShader(source string) error { return ErrNoSupport }

// Close returns nil.
func (c *Context) Close() error { return nil }
