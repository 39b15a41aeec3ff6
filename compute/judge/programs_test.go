package judge_test

import (
	"math"
	"testing"

	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/internal/sample"
)

// TestProgramsHaveLargeResults requires that the mean square error of each result of a program can be judged: the
// values must not all be 0, as if every unit were dead or saturated, nor small compared with their terms. By the
// end of a program the bounds of single elements are wide.
func TestProgramsHaveLargeResults(t *testing.T) {
	for i, c := range cases.All() {
		if sample.Skip(i, 10) {
			continue
		}
		// A random program may fill a matrix with 0 or not use it.
		if c.Op != "program" || c.Kernel == "random" {
			continue
		}
		p := c.Problem()
		for _, m := range p.Matrices() {
			if p.IsScratch(m) {
				continue
			}
			values, terms, written := p.Squares(m)
			if written > 0 && (!(values >= judge.NMSEFloor*terms) || values == 0 || math.IsInf(values, 0)) {
				t.Errorf("%s: only single elements of %s are judged: Σref² is %.2g, Σmag² %.2g", c.Name, p.NameOf(m), values, terms)
			}
		}
	}
}
