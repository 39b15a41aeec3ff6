package judge

import (
	"math"

	"shadegrad/compute"
)

// NMSEFloor is nmseFloor.
const NMSEFloor = nmseFloor

// Squares returns Σref² and Σmag² over the written elements of a matrix, and their number, without those that
// are NaN.
func (p *Problem) Squares(m compute.Mat) (values, terms float64, written int) {
	f := m.Buf.(*floats)
	for e := m.Off; e < m.Off+m.Len(); e++ {
		if f.written[e] && !math.IsNaN(f.val[e]) {
			written++
			values += f.val[e] * f.val[e]
			terms += f.mag[e] * f.mag[e]
		}
	}
	return values, terms, written
}

// NameOf returns the name of a matrix in messages.
func (p *Problem) NameOf(m compute.Mat) string {
	for _, v := range p.views {
		if v.mat == m {
			return v.name
		}
	}
	return ""
}
