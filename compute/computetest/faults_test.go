package computetest

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/contract"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/reference"
)

func open(f Fault) contract.Open {
	return func() (compute.Backend, error) { return f.Wrap(reference.New()), nil }
}

// find returns the first failure of a backend with a fault. It checks the cases of
// the fault's op first.
func find(f Fault, list []judge.Case) error {
	if f.Op == "backend" {
		for _, c := range contract.Checks() {
			if err := c.Run(open(f)); err != nil {
				return err
			}
		}
	}
	if err := check(f, list); err != nil {
		return err
	}
	return contract.First(open(f))
}

// check returns the first failure of the cases of the fault's op.
func check(f Fault, cases []judge.Case) error {
	b := f.Wrap(reference.New())
	for _, c := range cases {
		if c.Op == f.Op {
			if err := c.Check(b); err != nil {
				return err
			}
		}
	}
	return b.Close()
}

// cached returns the cases with problems that are solved once for all faults.
func cached(list []judge.Case) []judge.Case {
	for i := range list {
		list[i] = list[i].Cached()
	}
	return list
}

// TestPlantedFaults requires that a case or a promise fails with each fault. Without a fault all
// pass, which TestRun requires.
func TestPlantedFaults(t *testing.T) {
	list := cached(cases.All())
	if testing.Short() {
		list = append(cached(cases.SelfTest()), list...) // small cases first
	}
	found := 0
	names, ops := make(map[string]bool), make(map[string]bool)
	for _, f := range Faults() {
		if names[f.Name] {
			t.Errorf("two faults are called %q", f.Name)
		}
		names[f.Name], ops[f.Op] = true, true
		err := find(f, list)
		if err == nil {
			t.Errorf("not found: %s", f.Name)
			continue
		}
		found++
		t.Logf("%s\n\t%v", f.Name, err)
	}
	for _, c := range cases.All() {
		if c.Op != "program" && !ops[c.Op] {
			t.Errorf("no fault of op %s was tried", c.Op)
			ops[c.Op] = true // once is enough
		}
	}
	if found == len(Faults()) {
		t.Logf("%d planted faults tried, all found", found)
	}
}

// TestSelfTestFindsFaults requires that the self-test finds each op that is computed wrongly. The exceptions are faults that show
// only in cases too large for the self-test, halves, which it does not test, and NaN, which GLSL does not promise and which only
// diverging trainings need.
func TestSelfTestFindsFaults(t *testing.T) {
	large := map[string]bool{"column_sum: long sums are added one by one": true, "square_sum: long sums are added one by one": true,
		"warp: halves are rounded down": true, "update: a gradient of an infinite norm is made 0": true,
		"activate: ReLU of NaN is 0": true, "delta: an error that is NaN becomes 0": true,
		"loss: the answer is the largest sum, even if the outputs are NaN": true}
	tried, list := 0, cached(cases.SelfTest())
	for _, f := range Faults() {
		if f.Op == "backend" || large[f.Name] {
			continue
		}
		tried++
		if check(f, list) == nil {
			t.Errorf("not found: %s", f.Name)
		}
	}
	t.Logf("%d planted faults of ops tried on the self-test, and %d left out", tried, len(large))
}

func TestRun(t *testing.T) {
	Run(t, func(testing.TB) compute.Backend { return reference.New() })
}
