package judge

import (
	"math"
	"slices"
	"testing"
)

// The bounds of a program's elements are wide by its end, so its results must be
// such that the mean of their errors can be judged: not all 0, as where every
// unit is dead or saturated, and not small beside their terms.
func TestProgramsJudgeSomething(t *testing.T) {
	for _, c := range Cases() {
		// Random programs may well set a matrix to 0, or not use it.
		if c.Op != "program" || c.Kernel == "random" {
			continue
		}
		p := c.problem()
		for _, v := range p.views {
			f := v.mat.Buf.(*floats)
			var values, terms float64
			written := 0
			for e := v.mat.Off; e < v.mat.Off+v.mat.Len(); e++ {
				if !f.written[e] {
					continue
				}
				written++
				values += f.val[e] * f.val[e]
				terms += f.mag[e] * f.mag[e]
			}
			if written == 0 || slices.Contains(p.scratch, v.mat) {
				continue
			}
			if !(values >= nmseFloor*terms) || values == 0 || math.IsInf(values, 0) {
				t.Errorf("%s: %s is judged element by element only: %.2g of %.2g", c.Name, v.name, values, terms)
			}
		}
	}
}
