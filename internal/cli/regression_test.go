package cli

import (
	"fmt"
	"strings"
	"testing"
)

// TestFarTargets checks that targets as large as house prices are named as the cause of a divergence.
func TestFarTargets(t *testing.T) {
	var near, far strings.Builder
	for i := range 200 {
		fmt.Fprintf(&near, "%d,%d\n", i%7, i%7)
		fmt.Fprintf(&far, "%d,%d\n", i%7, -100_000*(i%7))
	}
	p := at(t)
	put(t, p.path("near.csv"), []byte(near.String()))
	put(t, p.path("far.csv"), []byte(far.String()))
	const advice = "bring the targets"
	p.run("train", "-backend=cpu", "-data=far.csv", "-target-columns=1", "-standardise").
		is(1, "training diverged", "try a lower -lr than 0.02, or scale the targets, which reach 600000, to about 1 in the file")
	if r := p.run("train", "-backend=cpu", "-data=near.csv", "-target-columns=1", "-standardise", "-lr=1000").
		is(1, "training diverged", "try a lower -lr than 1000"); strings.Contains(r.stderr, advice) {
		t.Error(r.stderr)
	}
}
