//go:build !cgo || nogl || darwin

package opengl

import (
	"runtime"

	"shadegrad/compute"
	"shadegrad/internal/glctx"
)

// A Backend cannot be opened in this build.
type Backend struct{ compute.Backend }

// Open returns glctx.NoSupport: the program was built without cgo, with the tag nogl, or for macOS.
func Open(Options) (*Backend, error) { return nil, glctx.NoSupport(runtime.GOOS) }

// Counts returns the zero Counts.
func (b *Backend) Counts() Counts { return Counts{} }
