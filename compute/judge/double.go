package judge

import "shadegrad/compute"

// A Double is the reference as a backend that rounds nothing to float32 between ops: what it
// computes is in float64 from the first op to the last, so that small differences of a loss are
// those of the equations. Write takes float32s and Read rounds to them; Values has the numbers.
type Double struct{ compute.Backend }

// NewDouble returns a new one.
func NewDouble() *Double {
	return &Double{&reference{live: make(map[compute.Buffer]bool), double: true}}
}

// Values returns the elements of a matrix of d, row by row, without copying them: what is put there
// is what programs work with.
func (d *Double) Values(m compute.Mat) []float64 {
	return m.Buf.(*floatBuffer).wide[m.Off : m.Off+m.Len() : m.Off+m.Len()]
}

// Do does ops once. They must be of a program that d has compiled.
func (d *Double) Do(ops []compute.Op, args compute.Args) {
	for _, op := range ops {
		evaluate(op, args, refMemory{})
	}
}

// round makes the float32s of a matrix those that its float64s are nearest to.
func (b *floatBuffer) round(m compute.Mat) {
	for e := m.Off; e < m.Off+m.Len(); e++ {
		b.data[e] = float32(b.wide[e])
	}
}

// plain returns a matrix as a grid without bounds, which shares its memory.
func (b *floatBuffer) plain(m compute.Mat) *grid {
	if n := m.Len(); len(b.none) < n {
		b.none = make([]float64, n)
	}
	none := b.none[:m.Len()]
	return &grid{rows: m.Rows, cols: m.Cols, val: b.wide[m.Off : m.Off+m.Len()], tol: none, mag: none, plain: true}
}
