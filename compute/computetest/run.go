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
// the self-test and every tenth of each kernel.
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
		if !sample.Skip(turns[c.Kernel], 10) && !names[c.Name] {
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
	for _, group := range groups(Cases()) {
		t.Run(group.op, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.Name, func(t *testing.T) {
					if err := c.Check(b); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
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

// Compare compares two backends: it runs each case on both, whose results may
// differ by twice their bounds. It closes both.
func Compare(t *testing.T, open, oracle func(testing.TB) compute.Backend) {
	t.Helper()
	b, o := open(t), oracle(t)
	for _, group := range groups(Cases()) {
		t.Run(group.op, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.Name, func(t *testing.T) {
					if err := judge.Against(b, o, c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	for _, backend := range []compute.Backend{b, o} {
		if err := backend.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

// A group has the cases of one op.
type group struct {
	op    string
	cases []judge.Case
}

// groups groups cases by op, in order of first occurrence.
func groups(cases []judge.Case) []group {
	var list []group
	place := make(map[string]int)
	for _, c := range cases {
		i, ok := place[c.Op]
		if !ok {
			i = len(list)
			place[c.Op] = i
			list = append(list, group{op: c.Op})
		}
		list[i].cases = append(list[i].cases, c)
	}
	return list
}
