//go:build cgo && !nogl && !darwin

package opengl

import (
	"os"
	"testing"

	"shadegrad/internal/glctx"
	"shadegrad/internal/glctx/gltest"
)

func TestMain(m *testing.M) { os.Exit(glctx.Main(m.Run)) }

// openTest opens a backend that is closed when the test ends.
func openTest(t testing.TB, o Options, s seams) *Backend {
	t.Helper()
	b, err := open(o, s)
	gltest.Require(t, err)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}
