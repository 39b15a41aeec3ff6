package contract

import (
	"errors"
	"fmt"
	"math"

	"shadegrad/compute"
)

var failureChecks = []Check{
	{"failure/the error of a batch out of range persists", stickyRows},
	{"failure/the first error is kept", firstStays},
}

// A batchOp is an op at Args.Row, on a data set of 10 rows in batches of 4.
type batchOp struct {
	name string
	op   func(t *tester) compute.Op
}

var batchOps = []batchOp{
	{"gather", func(t *tester) compute.Op { return compute.Gather{Dst: t.mat(4, 3), Src: t.bytes(10, 3), Scale: 1} }},
	{"gather", func(t *tester) compute.Op { // by an index shorter than Src
		return compute.Gather{Dst: t.mat(4, 3), Src: t.bytes(100, 3), Index: t.index(10, 100), Scale: 1}
	}},
	{"loss", func(t *tester) compute.Op { // with Stats shorter than Labels
		return compute.Loss{Stats: t.mat(10, 2), Z: t.mat(4, 3), Labels: t.bytes(100, 1), F: compute.Softmax, On: 1, Weight: 1, Scale: 1}
	}},
	{"loss", func(t *tester) compute.Op { // with targets, which belong to the batch
		return compute.Loss{Stats: t.mat(10, 2), Z: t.mat(4, 3), Targets: t.mat(4, 3), Kind: compute.SquaredError, Weight: 1, Scale: 1}
	}},
	{"take", func(t *tester) compute.Op { return compute.Take{Dst: t.mat(4, 3), Src: t.mat(10, 3)} }},
	{"warp", func(t *tester) compute.Op {
		return compute.Warp{Dst: t.mat(4, 6), Src: t.bytes(100, 6), Index: t.index(10, 100), Width: 3, Height: 2, Scale: 1, Translation: 1}
	}},
}

func stickyRows(t *tester) {
	for _, c := range batchOps {
		for _, row := range []int{7, math.MaxInt, -1} {
			one := t.tester()
			one.stuck(fmt.Sprintf("%s of 4 rows at row %d of 10", c.name, row), c, row)
			t.must("close after a failure", one.Close())
		}
	}
}

// stuck requires that a run out of range fails everything after it.
func (t *tester) stuck(what string, c batchOp, row int) {
	m := t.mat(1, 2, 3, 4)
	e := t.compile(c.op(t), compute.Fill{Dst: m, Value: 9})
	e.Run(compute.Args{})
	t.must(what+": a run in range", t.Sync())
	e.Run(compute.Args{Row: row})
	e.Run(compute.Args{})
	for range 2 {
		_, fetchErr := t.Fetch(m).Wait()
		for i, err := range []error{t.Sync(), t.Read(make([]float32, 2), m), fetchErr} {
			if opName(err) != c.name {
				t.fail("%s: %s returns %v, want a *compute.OpError of op %s", what, []string{"sync", "read", "fetch"}[i], err, c.name)
			}
		}
	}
	e.Release()
}

// opName returns the op of a *compute.OpError, or "".
func opName(err error) string {
	var opErr *compute.OpError
	if errors.As(err, &opErr) {
		return opErr.Op
	}
	return ""
}

func firstStays(t *tester) {
	var list []*program
	for _, c := range batchOps {
		list = append(list, t.compile(c.op(t)))
	}
	list[2].Run(compute.Args{Row: 8})
	list[0].Run(compute.Args{Row: 9})
	one := t.Sync()
	list[1].Run(compute.Args{Row: 7})
	two := t.Sync()
	if opName(one) != "loss" {
		t.fail("loss failed before gather, and sync returns: %v", one)
	}
	if two == nil || two.Error() != one.Error() {
		t.fail("sync returned %q, and later %v", one, two)
	}
}
