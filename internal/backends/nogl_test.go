//go:build !cgo || nogl

package backends

import "testing"

// TestNoSupport opens a GPU in a build without GPU support.
func TestNoSupport(t *testing.T) {
	if GPUSupport {
		t.Error("the build says that it can use a GPU")
	}
	expect(t, open(t, Opener{}, Auto), Auto, "cpu", false, "this build has no GPU support", UsingCPU)
	fails(t, Opener{}, "^this build has no GPU support$")
}
