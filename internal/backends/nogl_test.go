//go:build !cgo || nogl || darwin

package backends

import (
	"regexp"
	"runtime"
	"testing"
)

// TestNoSupport opens a GPU in a build without GPU support.
func TestNoSupport(t *testing.T) {
	if GPUSupport {
		t.Error("the build says that it can use a GPU")
	}
	want := "this build has no GPU support"
	if runtime.GOOS == "darwin" {
		want = "GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"
	}
	expect(t, open(t, Opener{}, Auto), Auto, "cpu", false, want, UsingCPU)
	fails(t, Opener{}, "^"+regexp.QuoteMeta(want)+"$")
}
