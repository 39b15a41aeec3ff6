//go:build !cgo || nogl

package opengl

import (
	"shadegrad/compute"
	"shadegrad/internal/glctx"
)

// A Backend cannot be opened in this build.
type Backend struct{ compute.Backend }

// Open returns glctx.ErrNoSupport: the program was built without cgo, or with the tag nogl.
func Open(Options) (*Backend, error) { return nil, glctx.ErrNoSupport }

// Counts returns the zero Counts.
func (b *Backend) Counts() Counts { return Counts{} }
