//go:build !cgo || nogl || darwin

package cli

import (
	"runtime"
	"strings"
	"testing"
)

// TestNoSupport checks the row of FAULTS.md on builds without OpenGL.
func TestNoSupport(t *testing.T) {
	why := "this build has no GPU support"
	if runtime.GOOS == "darwin" {
		why = "GPU unavailable: needs OpenGL 4.3, this driver offers 4.1 (macOS stops at 4.1)"
	}
	p := at(t)
	args := []string{"train", "-data=" + smallData(t), "-hidden=8", "-epochs=1"}
	r := p.run(args...).is(0, "cpu: ")
	if !strings.HasPrefix(r.stderr, why+"; using the CPU\n") {
		t.Errorf("auto: %s", r.stderr)
	}
	r = p.run(append(args, "-backend=gpu")...).is(1)
	if want := "shadegrad: " + why + "; -backend=cpu works without a GPU\n"; r.stderr != want || r.stdout != "" {
		t.Errorf("gpu: %s%swant %s", r.stdout, r.stderr, want)
	}
	if r := p.run("version").is(0); !strings.HasSuffix(r.stdout, ", without GPU support\n") {
		t.Errorf("version: %s", r.stdout)
	}
}
