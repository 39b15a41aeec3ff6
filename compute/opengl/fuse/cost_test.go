package fuse

import (
	"testing"

	"shadegrad/compute"
)

// TestCost checks that dispatches with little arithmetic cost the data that they move, so that a batch
// ends before a GPU is busy for too long, and that others cost their arithmetic. A dispatch that reads a
// data set costs only the rows that it reads.
func TestCost(t *testing.T) {
	mat := func(rows, cols int) compute.Mat {
		return compute.Mat{Buf: &fakeBuffer{elems: rows * cols}, Rows: rows, Cols: cols}
	}
	const n = 1000 * 1000
	w, g, v, s, norms := mat(1000, 1000), mat(1000, 1000), mat(1000, 1000), mat(1000, 1000), mat(1, 1)
	adam := compute.Update{W: w, G: g, V: v, S: s, Rule: compute.Adam, Rho: 0.5, Clip: 1, Norms: norms}
	for _, c := range []struct {
		op   compute.Op
		want float64
	}{
		{adam, perElement * (4*n + 1)},
		{compute.Fill{Dst: w}, perElement * n},
		{compute.Take{Dst: mat(10, 1000), Src: w}, perElement * 2 * 10 * 1000},
		{compute.MatMul{Dst: mat(1, 1000), A: mat(1, 1000), B: w}, perElement * (n + 2000)},
		{compute.MatMul{Dst: mat(1000, 1000), A: w, B: g}, 2 * n * 1000},
	} {
		cost := 0.
		for _, d := range Kernels([]Dispatch{{single: c.op, maxTerms: 16384}}) {
			cost += d.Cost()
		}
		if cost != c.want {
			t.Errorf("%s costs %g, want %g", c.op.Name(), cost, c.want)
		}
	}
}
