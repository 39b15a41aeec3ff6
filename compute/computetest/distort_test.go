package computetest

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

// TestDistortion requires that the distortion without a planted fault passes. Otherwise the judge might find an
// unplanted mistake instead of the fault.
func TestDistortion(t *testing.T) {
	f := warps("nothing is wrong", func(*distortion) {})
	if err := check(f, cases.All()); err != nil {
		t.Error(err)
	}
	var w compute.Warp
	if f.Op != w.Name() {
		t.Errorf("the fault is of op %s", f.Op)
	}
}
