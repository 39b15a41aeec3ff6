package computetest

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/contract"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/internal/sample"
)

// Cases returns the cases that a test judges a backend by: all of them, or with -short those of
// the self-test and a tenth of each kernel's, fewer of the programs.
func Cases() []judge.Case {
	if !testing.Short() {
		return cases.All()
	}
	list := cases.SelfTest()
	names, turns := make(map[string]bool), make(map[string]int)
	for _, c := range list {
		names[c.Name] = true
	}
	for _, c := range cases.All() {
		nth := 10
		if c.Op == "program" { // on software OpenGL each has kernels to compile
			nth = 66
		}
		if !sample.Skip(turns[c.Kernel], nth) && !names[c.Name] {
			list = append(list, c)
		}
		turns[c.Kernel]++
	}
	return list
}

// Run tests a backend: the cases and every promise, each a subtest. open
// returns a new backend for each call. It may skip the test. Run closes these
// backends.
func Run(t *testing.T, open func(testing.TB) compute.Backend) {
	t.Helper()
	b := open(t)
	runCases(t, Cases(), func(c judge.Case) error { return c.Check(b) })
	if err := b.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	t.Run("contract", func(t *testing.T) {
		for _, c := range contract.Checks() {
			t.Run(c.Name, func(t *testing.T) {
				if err := c.Run(func() (compute.Backend, error) { return open(t), nil }); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// Compare compares two backends: it runs the cases of the self-test on both, whose results may
// differ by twice their bounds. It closes both. The self-test is enough: Run compares each backend with
// the reference on all cases, so two backends that pass differ by at most two bounds.
func Compare(t *testing.T, open, oracle func(testing.TB) compute.Backend) {
	t.Helper()
	b, o := open(t), oracle(t)
	runCases(t, cases.SelfTest(), func(c judge.Case) error { return judge.Against(b, o, c) })
	for _, backend := range []compute.Backend{b, o} {
		if err := backend.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// runCases checks each case in a subtest. The cases of an op are one group of subtests.
func runCases(t *testing.T, list []judge.Case, check func(judge.Case) error) {
	t.Helper()
	var ops []string
	byOp := make(map[string][]judge.Case)
	for _, c := range list {
		if byOp[c.Op] == nil {
			ops = append(ops, c.Op)
		}
		byOp[c.Op] = append(byOp[c.Op], c)
	}
	for _, op := range ops {
		t.Run(op, func(t *testing.T) {
			for _, c := range byOp[op] {
				t.Run(c.Name, func(t *testing.T) {
					if err := check(c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}
