package contract

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/reference"
)

func TestReferencePasses(t *testing.T) {
	open := func() (compute.Backend, error) { return reference.New(), nil }
	if testing.Short() { // package computetest runs all cases
		for _, c := range Checks() {
			if err := c.Run(open); err != nil {
				t.Error(err)
			}
		}
	} else {
		for err := range Failures(open) {
			t.Error(err)
		}
	}
	b := reference.New()
	for _, c := range cases.SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d cases, %d in the self-test, %d contract checks", len(cases.All()), len(cases.SelfTest()), len(Checks()))
}

func TestNoBackend(t *testing.T) {
	none := errors.New("no device")
	open := func() (compute.Backend, error) { return nil, none }
	if err := First(open); !errors.Is(err, none) {
		t.Errorf("First returns %v", err)
	}
	if list := slices.Collect(Failures(open)); len(list) != 1 || !errors.Is(list[0], none) {
		t.Errorf("Failures yields %v", list)
	}
	for _, c := range Checks() {
		if err := c.Run(open); !errors.Is(err, none) || !strings.HasPrefix(err.Error(), c.Name) {
			t.Errorf("check %q returns %v", c.Name, err)
		}
	}
}
