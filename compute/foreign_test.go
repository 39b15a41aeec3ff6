package compute_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"shadegrad/compute"
)

// An embedding implements Op by the methods of Fill.
type embedding struct{ compute.Fill }

// TestForeignOps checks ops that are not values of this package's types. Without the check they
// would make a backend panic.
func TestForeignOps(t *testing.T) {
	for _, op := range []compute.Op{&compute.Fill{}, (*compute.Fill)(nil), embedding{}, struct{ compute.Op }{}} {
		err := compute.Program{Ops: []compute.Op{op}}.Check(nil)
		var opErr *compute.OpError
		if !errors.As(err, &opErr) || opErr.Op != fmt.Sprintf("%T", op) || !strings.Contains(err.Error(), "is not a value of an op") {
			t.Errorf("%T: Check returned %v", op, err)
		}
	}
}
