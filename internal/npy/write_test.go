package npy

import (
	"bytes"
	"slices"
	"testing"
)

// TestWrite reads what Write writes, and checks the layout that NumPy's format asks for.
func TestWrite(t *testing.T) {
	for _, shape := range [][]int{nil, {6}, {2, 3}} {
		n := 1
		for _, size := range shape {
			n *= size
		}
		values := []float64{1, -2.5, 1e-300, 0.1, 5, 6}[:n]
		var b bytes.Buffer
		if err := Write(&b, shape, values); err != nil {
			t.Fatal(err)
		}
		h, at, err := Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if at%64 != 0 || b.Bytes()[at-1] != '\n' || b.Len() != at+8*n {
			t.Errorf("shape %v: the values begin at byte %d of %d", shape, at, b.Len())
		}
		if !slices.Equal(h.Shape, shape) || h.Kind != 'f' || h.Size != 8 || h.Fortran {
			t.Errorf("shape %v: header %+v", shape, h)
		}
		for i, want := range values {
			if got := h.Value(b.Bytes()[at:], i); got != want {
				t.Errorf("shape %v: value %d is %v, want %v", shape, i, got, want)
			}
		}
	}
}
