package computetest

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

// TestDistortion has the float64 distortion, of which the faults are made, pass: else it
// would be found for something else than its fault.
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
