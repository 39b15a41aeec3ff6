package cli

import (
	"os"
	"strings"
	"testing"
)

// TestCapsuleDiskFull checks the message if a step cannot be saved; no part of the file remains.
func TestCapsuleDiskFull(t *testing.T) {
	p := at(t)
	p.dir = p.path("small")
	mount(t, p.dir, "size=64k") // a capsule of this network takes 400 KB
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=16", "-lr=1e30", "-schedule=constant", "-act=identity"}
	r := p.run(args...).is(1, "the step could not be saved: shadegrad.capsule: cannot save: ", "no space left on device; ", "\nshadegrad: training diverged: ")
	if !strings.HasSuffix(r.stderr, "; no weights were saved; try a lower -lr than 1e+30\n") {
		t.Errorf("the last line: %s", r.lastLine())
	}
	if left, err := os.ReadDir(p.dir); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}
