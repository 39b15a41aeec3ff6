//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"strings"
	"testing"

	"shadegrad/compute"
)

// String names what a node is, for tests.
func (n *node) String() string {
	name := ""
	switch {
	case n.updates != nil:
		return fmt.Sprintf("updates of %d", len(n.updates.jobs))
	case n.loss != nil:
		name = "head"
		if n.back != nil {
			name += " and back"
		}
	case n.delta != nil:
		name = "delta"
	case n.product != nil:
		name = "layer"
	default:
		return n.op.Name()
	}
	if n.pixels != nil {
		name += " of pixels"
	}
	return name
}

// TestFuse has what is fused, and what is not although it looks alike. Most of what
// fusing could do wrong the judge finds in results; but where kernels would race a
// device may well do them in order.
func TestFuse(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	mat := func(rows, cols int) compute.Mat {
		m, err := b.Alloc(rows, cols)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	pixels, err1 := b.AllocBytes(64, 12)
	labels, err2 := b.AllocBytes(64, 1)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	x, y, z, d1 := mat(8, 12), mat(8, 6), mat(8, 4), mat(8, 6)
	w1, w2, g1, g2, b2 := mat(6, 12), mat(4, 6), mat(6, 12), mat(4, 6), mat(1, 4)
	stats := mat(64, 2)
	gather := compute.Gather{Dst: x, Src: pixels, Scale: 1}
	layer := compute.MatMul{Dst: y, A: x, B: w1, TransB: true}
	relu := compute.Activate{Dst: y, Src: y, F: compute.ReLU}
	sums := compute.MatMul{Dst: z, A: y, B: w2, TransB: true}
	loss := compute.Loss{Delta: z, Stats: stats, Z: z, Bias: b2, Labels: labels, F: compute.Softmax, On: 1, Weight: 1, Scale: 1}
	back := compute.MatMul{Dst: d1, A: z, B: w2}
	delta := compute.Delta{Dst: d1, Back: d1, Y: y, F: compute.ReLU}
	grad1, grad2 := compute.MatMul{Dst: g1, A: d1, B: x, TransA: true}, compute.MatMul{Dst: g2, A: z, B: y, TransA: true}
	update1, update2 := compute.Update{W: w1, G: g1}, compute.Update{W: w2, G: g2}
	all := []compute.Mat{x, y, z, d1, g1, g2}

	onDelta := loss
	onDelta.Delta = compute.Mat{Buf: y.Buf, Rows: 8, Cols: 4}
	ownDelta := loss
	ownDelta.Delta = mat(8, 4)
	for _, c := range []struct {
		name    string
		scratch []compute.Mat
		want    string
		ops     []compute.Op
	}{
		{"a step", all, "layer of pixels, head and back, updates of 2",
			[]compute.Op{gather, layer, relu, sums, loss, back, delta, grad2, update2, grad1, update1}},
		{"in another order", all, "layer of pixels, head and back, updates of 2",
			[]compute.Op{gather, layer, relu, sums, loss, grad2, back, delta, grad1, update2, update1}},
		{"nothing is scratch", nil, "gather, layer, head and back, matmul, update, matmul, update",
			[]compute.Op{gather, layer, relu, sums, loss, back, delta, grad2, update2, grad1, update1}},
		{"weights change before the error goes back", all, "layer of pixels, head, updates of 1, delta, updates of 1",
			[]compute.Op{gather, layer, relu, sums, loss, grad2, update2, back, delta, grad1, update1}},
		{"a gradient is read again", all, "layer of pixels, head and back, matmul, update, updates of 1, column_sum",
			[]compute.Op{gather, layer, relu, sums, loss, back, delta, grad2, update2, grad1, update1, compute.ColumnSum{Dst: mat(1, 6), Src: g2}}},
		{"the gradient takes the place of the hidden layer", all, "matmul, loss", []compute.Op{sums, onDelta}},
		{"the sums of the head are a result", []compute.Mat{x, y}, "matmul, loss", []compute.Op{sums, ownDelta}},
		{"one gradient is made of weights that another changes", all, "updates of 1, updates of 1", []compute.Op{grad1, update1,
			compute.MatMul{Dst: g2, A: compute.Mat{Buf: w1.Buf, Rows: 8, Cols: 4}, B: compute.Mat{Buf: w1.Buf, Rows: 8, Cols: 6}, TransA: true}, update2}},
		{"one matrix is changed twice", all, "updates of 1, updates of 1", []compute.Op{grad1, update1,
			compute.MatMul{Dst: g2, A: z, B: y, TransA: true}, compute.Update{W: compute.Mat{Buf: w1.Buf, Off: 3, Rows: 4, Cols: 6}, G: g2}}},
		{"sums of too many terms", all, "matmul, activate", []compute.Op{
			compute.MatMul{Dst: y, A: mat(8, 200), B: mat(6, 200), TransB: true}, relu}},
	} {
		p := compute.Program{Name: c.name, Ops: c.ops, Scratch: c.scratch}
		var names []string
		for _, n := range fuse(p, 150) {
			names = append(names, n.String())
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
