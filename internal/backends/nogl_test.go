//go:build !cgo || nogl

package backends

import "testing"

// TestNoSupport opens the real thing in a build that has none.
func TestNoSupport(t *testing.T) {
	if GPUSupport {
		t.Error("the build says that it can use a GPU")
	}
	expect(t, open(t, Opener{}, Auto), Auto, "cpu", false, "this build has no GPU support", UsingCPU)
	fails(t, Opener{}, "^this build has no GPU support$")
}
