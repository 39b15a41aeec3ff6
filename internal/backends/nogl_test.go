//go:build !cgo || nogl

package backends

import "testing"

// TestNoSupport opens the real thing in a build that has none.
func TestNoSupport(t *testing.T) {
	if GPUSupport {
		t.Error("the build says that it can use a GPU")
	}
	expect(t, open(t, Opener{}, Auto), "cpu", "no GPU can be used", false, "this build has no GPU support; using the CPU")
	const want = "this build has no GPU support; -backend=cpu needs no GPU"
	if _, err := (Opener{}).Open(GPU); err == nil || err.Error() != want {
		t.Errorf("-backend=gpu: error %v, want %q", err, want)
	}
}
