//go:build cgo && !nogl && (linux || freebsd || netbsd || openbsd)

package glctx

import (
	"errors"
	"strings"
	"testing"
)

func TestNoEGLLibrary(t *testing.T) {
	withoutDisplay(t)
	library, loaded := eglLibrary, eglOnce.loaded
	eglLibrary, eglOnce.loaded = "libEGL-of-no-machine.so.1", false
	t.Cleanup(func() { eglLibrary, eglOnce.loaded = library, loaded })

	_, err := Open()
	const want = "no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: libEGL-of-no-machine.so.1: cannot open shared object file"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("Open: %v\nwant %s", err, want)
	}
	var absent *AbsentError
	if !errors.As(err, &absent) || absent.Window != nil {
		t.Errorf("the error is %#v, want an AbsentError without a window's reason", err)
	}
}
