package reference

import (
	"math"
	"testing"

	"shadegrad/compute"
)

// A buffer holds the elements of a test's operand.
type buffer struct {
	values []float64
	bytes  []byte
	rows   []uint32
}

func (*buffer) Elems() int { return 0 }

// buffers is the Memory of such operands.
type buffers struct{}

func (buffers) Load(m compute.Mat) *Matrix {
	if m.IsZero() {
		return nil
	}
	return &Matrix{m.Rows, m.Cols, m.Buf.(*buffer).values[m.Off : m.Off+m.Len()]}
}

func (buffers) Store(m compute.Mat, v *Matrix) { copy(m.Buf.(*buffer).values[m.Off:], v.Val) }

func (buffers) Bytes(b compute.Bytes) []byte {
	if b.Buf == nil {
		return nil
	}
	return b.Buf.(*buffer).bytes
}

func (buffers) Index(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*buffer).rows
}

// matrix returns a matrix with the given elements; missing ones are 0.
func matrix(rows, cols int, values ...float64) compute.Mat {
	b := &buffer{values: make([]float64, rows*cols)}
	copy(b.values, values)
	return compute.Mat{Buf: b, Rows: rows, Cols: cols}
}

// octets returns a matrix of bytes with the given number of columns.
func octets(cols int, data ...byte) compute.Bytes {
	return compute.Bytes{Buf: &buffer{bytes: data}, Rows: len(data) / cols, Cols: cols}
}

func index(rows ...uint32) compute.Index {
	return compute.Index{Buf: &buffer{rows: rows}, Len: len(rows), Limit: 1 << 16}
}

// result computes op and returns the elements of m.
func result(op compute.Op, args compute.Args, m compute.Mat) []float64 {
	Do(op, args, buffers{})
	return buffers{}.Load(m).Val
}

func wantValues(t *testing.T, what string, got []float64, want ...float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(got), len(want))
	}
	for e, w := range want {
		g := got[e]
		same := g == w || math.IsNaN(g) && math.IsNaN(w)
		if !same && (math.IsInf(w, 0) || !(math.Abs(g-w) <= 1e-12*math.Max(1, math.Abs(w)))) {
			t.Errorf("%s: element %d is %.15g, want %.15g", what, e, g, w)
		}
	}
}
