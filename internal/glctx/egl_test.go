//go:build cgo && !nogl && !darwin && (linux || freebsd || netbsd || openbsd)

package glctx

import (
	"errors"
	"strings"
	"testing"

	"shadegrad/internal/glctx/gltest"
)

func TestNoEGLLibrary(t *testing.T) {
	withoutDisplay(t)
	library, loaded := eglLibrary, eglOnce.loaded
	eglLibrary, eglOnce.loaded = "libEGL-of-no-machine.so.1", false
	t.Cleanup(func() { eglLibrary, eglOnce.loaded = library, loaded })

	_, err := Open()
	const want = "no display (DISPLAY and WAYLAND_DISPLAY are unset) and EGL failed: libEGL-of-no-machine.so.1 is not installed (Debian: apt-get install libegl1)"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("Open: %v\nwant %s", err, want)
	}
	var absent *AbsentError
	if !errors.As(err, &absent) || absent.Window != nil {
		t.Errorf("the error is %#v, want an AbsentError without an error of the window", err)
	}
}

// TestEGLCandidates opens each candidate; Open takes only the first good one. The
// error of a candidate must be one line, and release everything.
func TestEGLCandidates(t *testing.T) {
	withoutDisplay(t)
	gltest.Require(t, loadEGL())
	opened := make(map[int]bool)
	for _, c := range eglCandidates() {
		for _, pbuffer := range []bool{false, true} {
			ctx, err := start(func() (surface, error) {
				if !pbuffer {
					return openCandidate(c)
				}
				s := &eglSurface{name: c.name, display: c.display()}
				if err := retainDisplay(s.display); err != nil {
					return nil, err
				}
				if err := s.create(false); err != nil {
					return nil, also(err, s.destroy())
				}
				return s, nil
			})
			if err != nil {
				t.Logf("%s, pbuffer %v: %v", c.name, pbuffer, err)
				if strings.Contains(err.Error(), "\n") || err.Error() == "" {
					t.Errorf("%s: the error is not one line: %q", c.name, err)
				}
				continue
			}
			opened[c.rank] = true
			t.Logf("%s (rank %d), pbuffer %v: %s", c.name, c.rank, pbuffer, ctx.Info().Renderer)
			checkWorks(t, ctx, 7)
			if err := ctx.Close(); err != nil {
				t.Errorf("%s: Close: %v", c.name, err)
			}
		}
	}
	if len(opened) == 0 {
		gltest.Require(t, errors.New("no EGL candidate gives a context"))
	}
	if n := len(eglDisplays.users); n != 0 {
		t.Errorf("%d displays are still in use", n)
	}
}
