//go:build !cgo || nogl

package glctx

// HasDisplay returns false: this build opens no window.
func HasDisplay() bool { return false }

// ProbeGLFW returns ErrNoSupport.
func ProbeGLFW() (string, error) { return "", ErrNoSupport }

// OpenWindow returns ErrNoSupport.
func OpenWindow() (*Context, error) { return nil, ErrNoSupport }

// ProbeEGL returns ErrNoSupport.
func ProbeEGL() ([]string, error) { return nil, ErrNoSupport }

// OpenEGL returns ErrNoSupport.
func OpenEGL() (*Context, error) { return nil, ErrNoSupport }

// Limits returns ErrNoSupport.
func (c *Context) Limits() ([]Limit, error) { return nil, ErrNoSupport }

// CompileCompute returns ErrNoSupport.
func (c *Context) CompileCompute(source string) (ok, linking bool, log string, err error) {
	return false, false, "", ErrNoSupport
}
