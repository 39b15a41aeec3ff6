//go:build !cgo || nogl

package opengl

import (
	"errors"
	"testing"

	"shadegrad/internal/glctx"
)

func TestOpenWithoutSupport(t *testing.T) {
	_, err := Open(Options{})
	if !errors.Is(err, glctx.ErrNoSupport) || err.Error() != "this build has no GPU support" {
		t.Errorf("Open returned %v, want %v", err, glctx.ErrNoSupport)
	}
}
