package reference

import "shadegrad/compute"

// A Double is the reference as a backend that rounds nothing to float32 between ops. So a small difference between two losses
// is that of the equations. Write takes float32 values and Read rounds to them; Values has the float64 values.
type Double struct{ compute.Backend }

// NewDouble returns a new Double.
func NewDouble() *Double {
	return &Double{&backend{live: make(map[compute.Buffer]bool), double: true}}
}

// Values returns the elements of a matrix of d, row by row, without copying them. Changing them changes the matrix.
func (d *Double) Values(m compute.Mat) []float64 {
	return m.Buf.(*floatBuffer).wide[m.Off : m.Off+m.Len() : m.Off+m.Len()]
}

// Do computes ops once. A program of them must have been compiled by d.
func (d *Double) Do(ops []compute.Op, args compute.Args) {
	for _, op := range ops {
		Do(op, args, memory{})
	}
}

// round sets the float32 values of a matrix of a Double to the nearest of its float64 values.
func (b *floatBuffer) round(m compute.Mat) {
	if b.wide == nil {
		return
	}
	for e := m.Off; e < m.Off+m.Len(); e++ {
		b.data[e] = float32(b.wide[e])
	}
}
