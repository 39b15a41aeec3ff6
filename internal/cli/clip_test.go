package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestClipBeyondFloat32 clips gradients whose squares overflow float32: the run ends with an error,
// and its capsule shows that the device is right.
func TestClipBeyondFloat32(t *testing.T) {
	p := at(t)
	var rows strings.Builder
	for i := range 100 {
		fmt.Fprintf(&rows, "%d,%d\n", int64(i)*1e10, int64(i)*3e10+1)
	}
	if err := os.WriteFile(p.path("large.csv"), []byte(rows.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	p.run("train", "-backend=cpu", "-data=large.csv", "-target-columns=1", "-clip=1", "-hidden=8", "-act=relu", "-lr=0.01", "-momentum=0",
		"-schedule=constant", "-batch=10").is(1, "saved in shadegrad.capsule;", "\nshadegrad: training diverged: the loss is NaN in epoch 1, step 2 ")
	r := p.run("replay", "shadegrad.capsule").is(0, "shadegrad.capsule: step 1 of epoch 1 of a network 1-8-1, with a batch of 10, recorded on ")
	if !strings.HasPrefix(r.stdout, "the model diverges: in step 1 of epoch 1 the squared norms of the gradients leave the range of float32") {
		t.Errorf("replayed, it says: %s", r.stdout)
	}
}
