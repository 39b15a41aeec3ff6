//go:build !cgo || nogl || darwin

package opengl

import (
	"runtime"
	"testing"

	"shadegrad/internal/glctx"
)

func TestOpenWithoutSupport(t *testing.T) {
	_, err := Open(Options{})
	if want := glctx.NoSupport(runtime.GOOS); err == nil || err.Error() != want.Error() {
		t.Errorf("Open returned %v, want %v", err, want)
	}
}
