//go:build !cgo || nogl

package glctx

// Supported reports whether this build can open a context.
const Supported = false

// Main runs f and returns what it returns; there is no GPU support to serve.
func Main(f func() int) int { return f() }

// Open returns ErrNoSupport.
func Open() (*Context, error) { return nil, ErrNoSupport }

// A Context cannot be opened in this build.
type Context struct{}

// Do returns ErrNoSupport and runs nothing.
func (c *Context) Do(f func()) error { return ErrNoSupport }

// Post returns ErrNoSupport and runs nothing.
func (c *Context) Post(f func()) error { return ErrNoSupport }

// Lost returns nil.
func (c *Context) Lost() error { return nil }

// Info returns the zero Info.
func (c *Context) Info() Info { return Info{} }

// Close does nothing.
func (c *Context) Close() error { return nil }
