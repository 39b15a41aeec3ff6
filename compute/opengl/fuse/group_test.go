package fuse

import (
	"fmt"
	"strings"
	"testing"

	"shadegrad/compute"
)

// String names the kind of a group, for tests.
func (g *Group) String() string {
	name := ""
	switch {
	case g.updates != nil:
		return fmt.Sprintf("updates of %d", len(g.updates.list))
	case g.loss != nil:
		name = "head"
		if g.back != nil {
			name += " and back"
		}
	case g.delta != nil:
		name = "delta"
	case g.product != nil:
		name = "layer"
	default:
		name = g.op.Name()
	}
	if g.pixels != nil {
		name += " of pixels"
	}
	if g.drop != nil || g.back != nil && g.back.drop != nil {
		name += " with dropout"
	}
	return name
}

// TestFuse checks which ops are fused, and which similar ones are not. The judge finds most mistakes in
// results; but where kernels would race, a device may happen to run them in order.
func TestFuse(t *testing.T) {
	b := &memory{}
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
	y1, y2 := mat(8, 6), mat(8, 6)
	drop, otherDrop := compute.Dropout{Dst: y1, Src: y, Rate: 0.5}, compute.Dropout{Dst: d1, Src: d1, Rate: 0.5}
	dropSums, dropGrad2, dropApart := sums, grad2, otherDrop
	dropSums.A, dropGrad2.B = y1, y1
	dropApart.Dst = y2
	x1 := mat(8, 12)
	dropX, layerX, gradX := compute.Dropout{Dst: x1, Src: x, Rate: 0.5}, layer, grad1
	layerX.A, gradX.B = x1, x1
	deltaApart := compute.Delta{Dst: y2, Back: y2, Y: y, F: compute.ReLU}
	adam1, adam2 := update1, update2
	adam1.Rule, adam1.V, adam1.S, adam1.Rho = compute.Adam, mat(6, 12), mat(6, 12), 0.5
	adam2.Rule, adam2.V, adam2.S, adam2.Rho = compute.Adam, mat(4, 6), mat(4, 6), 0.5
	otherRho, clipped := adam2, update1
	otherRho.Rho = 0.6
	clipped.Clip, clipped.Norms = 1, mat(1, 1)
	limit1, limit2 := compute.MaxNorm{W: w1, Limit: 1}, compute.MaxNorm{W: w2, Limit: 1}
	targeted := loss
	onDelta := loss
	onDelta.Delta = compute.Mat{Buf: y.Buf, Rows: 8, Cols: 4}
	ownDelta := loss
	ownDelta.Delta = mat(8, 4)
	targeted.Labels, targeted.Targets = compute.Bytes{}, mat(8, 4)
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
		{"adam", all, "updates of 2", []compute.Op{grad2, adam2, grad1, adam1}},
		{"rules of two kinds", all, "updates of 1, updates of 1", []compute.Op{grad2, update2, grad1, adam1}},
		{"two decays of squares", all, "updates of 1, updates of 1", []compute.Op{grad2, otherRho, grad1, adam1}},
		{"a gradient is clipped", all, "matmul, square_sum, update", []compute.Op{grad1, compute.SquareSum{Dst: clipped.Norms, Src: g1}, clipped}},
		{"bounds on weights", all, "updates of 2, max_norm, max_norm", []compute.Op{grad2, update2, limit2, grad1, update1, limit1}},
		{"bounded weights are read", all, "updates of 1, max_norm, updates of 1",
			[]compute.Op{grad2, update2, limit2, compute.MatMul{Dst: g1, A: d1, B: compute.Mat{Buf: w2.Buf, Rows: 8, Cols: 12}, TransA: true}, update1}},
		{"targets", all, "head and back", []compute.Op{sums, targeted, back, delta}},
		{"dropout", append([]compute.Mat{y1}, all...), "layer of pixels with dropout, head and back with dropout, updates of 2",
			[]compute.Op{gather, layer, relu, drop, dropSums, loss, back, otherDrop, delta, dropGrad2, update2, grad1, update1}},
		{"dropout in its own memory", append([]compute.Mat{y1, y2}, all...), "layer with dropout, head and back with dropout",
			[]compute.Op{layer, relu, drop, dropSums, loss, back, dropApart, deltaApart}},
		{"what dropout takes is a result", []compute.Mat{y, z, y1, y2}, "matmul, dropout, delta", []compute.Op{back, dropApart, deltaApart}},
		{"what dropout makes is a result", []compute.Mat{y, z, y1, d1}, "matmul, dropout, delta",
			[]compute.Op{back, dropApart, compute.Delta{Dst: mat(8, 6), Back: y2, Y: y, F: compute.ReLU}}},
		{"the error is read before dropout", all, "matmul, column_sum, dropout, delta",
			[]compute.Op{back, compute.ColumnSum{Dst: mat(1, 6), Src: d1}, otherDrop, delta}},
		{"dropout of inputs", append([]compute.Mat{x1}, all...), "gather with dropout, layer, updates of 1",
			[]compute.Op{gather, dropX, layerX, relu, gradX, update1}},
		{"inputs that are read without dropout too", append([]compute.Mat{x1}, all...), "gather, dropout, matmul, updates of 1",
			[]compute.Op{gather, dropX, layer, gradX, update1}},
		{"dropout in place", all, "layer, dropout", []compute.Op{layer, relu, compute.Dropout{Dst: y, Src: y, Rate: 0.5}}},
		{"the dropped outputs take the weights' place", all, "layer, dropout",
			[]compute.Op{layer, relu, compute.Dropout{Dst: compute.Mat{Buf: w1.Buf, Rows: 8, Cols: 6}, Src: y, Rate: 0.5}}},
		{"sums of too many terms", all, "matmul, activate", []compute.Op{
			compute.MatMul{Dst: y, A: mat(8, 200), B: mat(6, 200), TransB: true}, relu}},
	} {
		p := compute.Program{Name: c.name, Ops: c.ops, Scratch: c.scratch}
		var names []string
		for _, n := range JoinUpdates(Groups(p, Options{MaxTerms: 150}), Options{}) {
			names = append(names, n.String())
		}
		if got := strings.Join(names, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestLeadsTo checks for which last hidden layers the head may add up the sums. If the outputs of the
// layer share memory with other operands of the head, rows would race.
func TestLeadsTo(t *testing.T) {
	b := &memory{}
	mat := func(rows, cols int) compute.Mat {
		m, err := b.Alloc(rows, cols)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	labels, err := b.AllocBytes(8, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, y, y1, z, d1, w1, w2 := mat(8, 12), mat(8, 6), mat(8, 6), mat(8, 4), mat(8, 6), mat(6, 12), mat(4, 6)
	layer := compute.MatMul{Dst: y, A: x, B: w1, TransB: true}
	relu := compute.Activate{Dst: y, Src: y, F: compute.ReLU}
	drop := compute.Dropout{Dst: y1, Src: y, Rate: 0.5}
	sums := compute.MatMul{Dst: z, A: y, B: w2, TransB: true}
	loss := compute.Loss{Delta: z, Stats: mat(8, 2), Z: z, Labels: labels, F: compute.Softmax, On: 1, Weight: 1, Scale: 1}
	back := compute.MatMul{Dst: d1, A: z, B: w2}
	delta := compute.Delta{Dst: d1, Back: d1, Y: y, F: compute.ReLU}
	dropBack := compute.Dropout{Dst: d1, Src: d1, Rate: 0.5}
	dropSums, ofOutputs := sums, sums
	dropSums.A = y1
	ofOutputs.B = compute.Mat{Buf: y.Buf, Rows: 4, Cols: 6}
	targeted, onOutputs, statsThere := loss, loss, loss
	targeted.Labels, targeted.Targets = compute.Bytes{}, compute.Mat{Buf: y.Buf, Rows: 8, Cols: 4}
	onOutputs.Delta = targeted.Targets
	statsThere.Stats = compute.Mat{Buf: y.Buf, Off: 8, Rows: 8, Cols: 2}
	sigmoid, otherRate := delta, dropBack
	sigmoid.F, otherRate.Rate = compute.Sigmoid, 0.25
	for _, c := range []struct {
		name string
		want bool
		ops  []compute.Op
	}{
		{"a step", true, []compute.Op{layer, relu, sums, loss, back, delta}},
		{"the loss alone", true, []compute.Op{layer, relu, sums, loss}},
		{"dropout", true, []compute.Op{layer, relu, drop, dropSums, loss, back, dropBack, delta}},
		{"dropout and the loss alone", true, []compute.Op{layer, relu, drop, dropSums, loss}},
		{"dropout of another rate on the way back", false, []compute.Op{layer, relu, drop, dropSums, loss, back, otherRate, delta}},
		{"a way back without dropout, which is not the head's", true, []compute.Op{layer, relu, drop, dropSums, loss, back, delta}},
		{"another activation on the way back", false, []compute.Op{layer, relu, sums, loss, back, sigmoid}},
		{"the outputs are the targets", false, []compute.Op{layer, relu, sums, targeted}},
		{"the outputs are the weights", false, []compute.Op{layer, relu, ofOutputs, loss}},
		{"the gradient takes the place of outputs before dropout", false, []compute.Op{layer, relu, drop, dropSums, onOutputs}},
		{"the losses take the place of outputs before dropout", false, []compute.Op{layer, relu, drop, dropSums, statsThere}},
	} {
		list := Groups(compute.Program{Name: c.name, Ops: c.ops, Scratch: []compute.Mat{z}}, Options{MaxTerms: 150})
		if len(list) < 2 || list[0].activate == nil || list[1].loss == nil {
			t.Errorf("%s: %v is not a layer and a head", c.name, list)
			continue
		}
		if got := list[0].leadsTo(list[1]); got != c.want {
			t.Errorf("%s: the head may add up the layer's sums: %v, want %v", c.name, got, c.want)
		}
	}
}
