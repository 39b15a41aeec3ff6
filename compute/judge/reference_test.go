package judge

import (
	"math"
	"testing"

	"shadegrad/compute"
)

// gridOf makes a grid of exact values.
func gridOf(rows, cols int, values ...float64) *grid {
	g := newGrid(rows, cols)
	copy(g.val, values)
	return g
}

func wantValues(t *testing.T, what string, got *grid, want ...float64) {
	t.Helper()
	if len(got.val) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(got.val), len(want))
	}
	for e, w := range want {
		g := got.val[e]
		same := g == w || math.IsNaN(g) && math.IsNaN(w)
		if !same && (math.IsInf(w, 0) || !(math.Abs(g-w) <= 1e-12*math.Max(1, math.Abs(w)))) {
			t.Errorf("%s: element %d is %.15g, want %.15g", what, e, g, w)
		}
	}
}

func TestMatMulByHand(t *testing.T) {
	a, b := gridOf(2, 2, 1, 2, 3, 4), gridOf(2, 2, 5, 6, 7, 8)
	for _, c := range []struct {
		transA, transB bool
		want           []float64
	}{
		{false, false, []float64{19, 22, 43, 50}},
		{true, false, []float64{26, 30, 38, 44}},
		{false, true, []float64{17, 23, 39, 53}},
		{true, true, []float64{23, 31, 34, 46}},
	} {
		wantValues(t, "product", matmul(a, b, c.transA, c.transB), c.want...)
	}
	row, column := gridOf(1, 3, 1, -2, 3), gridOf(3, 1, 4, 5, 6)
	inner := matmul(row, column, false, false)
	wantValues(t, "inner product", inner, 12)
	if inner.mag[0] != 32 || inner.tol[0] != 16*0x1p-24*32 {
		t.Errorf("Σ|aᵢbᵢ| is %g with bound %g, want 32 and 16·2⁻²⁴·32", inner.mag[0], inner.tol[0])
	}
}

func TestActivateByHand(t *testing.T) {
	src, bias := gridOf(1, 3, -1, 0, 2), gridOf(1, 3, 1, 0, -1)
	e := math.E
	wantValues(t, "identity", activate(src, bias, compute.Identity), 0, 0, 1)
	wantValues(t, "relu", activate(src, nil, compute.ReLU), 0, 0, 2)
	wantValues(t, "sigmoid", activate(src, bias, compute.Sigmoid), 0.5, 0.5, 0.731058578630005)
	wantValues(t, "tanh", activate(src, bias, compute.Tanh), 0, 0, 0.761594155955765)
	wantValues(t, "softmax", activate(src, bias, compute.Softmax), 1/(2+e), 1/(2+e), e/(2+e))
	// Three to one, whatever is added to all of a row.
	logs := gridOf(2, 2, math.Log(3), 0, 1000+math.Log(3), 1000)
	soft := activate(logs, nil, compute.Softmax)
	for e, want := range []float64{0.75, 0.25, 0.75, 0.25} {
		if math.Abs(soft.val[e]-want) > 1e-12 {
			t.Errorf("softmax: element %d is %g, want %g", e, soft.val[e], want)
		}
	}
}

func TestDeltaByHand(t *testing.T) {
	back, y := gridOf(1, 4, 2, 3, -4, 5), gridOf(1, 4, 0.5, 0, -0.5, 1)
	wantValues(t, "identity", delta(back, y, compute.Identity), 2, 3, -4, 5)
	wantValues(t, "relu", delta(back, y, compute.ReLU), 2, 0, 0, 5)
	wantValues(t, "sigmoid", delta(back, y, compute.Sigmoid), 0.5, 0, 3, 0)
	wantValues(t, "tanh", delta(back, y, compute.Tanh), 1.5, 3, -3, 0)
	for e, tol := range delta(back, y, compute.ReLU).tol {
		if tol != 0 {
			t.Errorf("relu: the mask of element %d is not exact", e)
		}
	}
}

func TestGatherByHand(t *testing.T) {
	op := compute.Gather{Dst: compute.Mat{Rows: 2, Cols: 2}, Src: compute.Bytes{Rows: 4, Cols: 2}, Scale: 0.5, Shift: -1}
	src := []byte{0, 1, 2, 3, 4, 5, 6, 255}
	wantValues(t, "natural order", gather(op, compute.Args{Row: 1}, src, nil), 0, 0.5, 1, 1.5)
	wantValues(t, "index", gather(op, compute.Args{Row: 1}, src, []uint32{9, 3, 0}), 2, 126.5, -1, -0.5)
	// In float32, 0.1·3 is not what it is in float64.
	op.Scale, op.Shift = 0.1, 0
	scale := float32(0.1)
	wantValues(t, "float32", gather(op, compute.Args{Row: 1}, src, nil),
		float64(2*scale), float64(3*scale), float64(4*scale), float64(5*scale))
}

func TestColumnSumByHand(t *testing.T) {
	g := columnSum(gridOf(3, 2, 1, 10, 2, -20, 3, 30))
	wantValues(t, "column sum", g, 6, 20)
	if g.mag[1] != 60 || g.tol[1] != sumBound*60 {
		t.Errorf("Σ|x| is %g with bound %g", g.mag[1], g.tol[1])
	}
}

func TestUpdateByHand(t *testing.T) {
	w, v, g := gridOf(1, 2, 1, 2), gridOf(1, 2, 10, -10), gridOf(1, 2, 4, 4)
	args := compute.Args{LearningRate: 0.25, Momentum: 0.5}
	newW, newV, _ := update(compute.Update{}, args, w, v, nil, g, nil)
	wantValues(t, "V", newV, 9, -1)
	wantValues(t, "W", newW, -1.25, 2.25)
	newW, newV, _ = update(compute.Update{}, args, w, nil, nil, g, nil)
	wantValues(t, "W without V", newW, 0, 1)
	if newV != nil {
		t.Error("a velocity without V")
	}
}

// lossOf computes op Loss on one row, or on several with the same label.
func lossOf(f compute.Activation, kind compute.LossKind, label byte, rows, cols int, z ...float64) (gradient, stats *grid) {
	op := compute.Loss{Z: compute.Mat{Rows: rows, Cols: cols}, F: f, Kind: kind, On: 1, Weight: 1, Scale: 1}
	labels := make([]byte, rows)
	for i := range labels {
		labels[i] = label
	}
	return loss(op, compute.Args{}, gridOf(rows, cols, z...), nil, goal{labels: labels})
}

func TestLossByHand(t *testing.T) {
	ln3 := math.Log(3)
	g, s := lossOf(compute.Softmax, compute.CrossEntropy, 1, 1, 2, ln3, 0)
	wantValues(t, "cross-entropy of softmax", s, math.Log(4), 0)
	wantValues(t, "its gradient", g, 0.75, -0.75)

	g, s = lossOf(compute.Sigmoid, compute.CrossEntropy, 0, 1, 2, ln3, 0)
	wantValues(t, "cross-entropy of sigmoid", s, math.Log(4./3)+math.Ln2, 1)
	wantValues(t, "its gradient", g, -0.25, 0.5)

	g, s = lossOf(compute.Identity, compute.SquaredError, 2, 1, 3, 1, -2, 3)
	wantValues(t, "squared error", s, 1+4+4, 1)
	wantValues(t, "its gradient", g, 2, -4, 4)

	g, s = lossOf(compute.ReLU, compute.SquaredError, 0, 1, 2, -1, 2)
	wantValues(t, "squared error of relu", s, 1+4, 0)
	wantValues(t, "its gradient", g, 0, 4)
}

func TestLossOfOneOutput(t *testing.T) {
	ln3 := math.Log(3)
	g, s := lossOf(compute.Sigmoid, compute.CrossEntropy, 1, 2, 1, ln3, -ln3)
	wantValues(t, "class 1", s, math.Log(4./3), 1, math.Log(4), 0)
	wantValues(t, "its gradient", g, -0.25, -0.75)
	g, s = lossOf(compute.Sigmoid, compute.CrossEntropy, 0, 2, 1, ln3, -ln3)
	wantValues(t, "class 0", s, math.Log(4), 0, math.Log(4./3), 1)
	wantValues(t, "its gradient", g, 0.75, 0.25)
	// Class 1 has the middle.
	_, s = lossOf(compute.Identity, compute.SquaredError, 1, 1, 1, 0.5)
	wantValues(t, "the middle, class 1", s, 0.25, 1)
	_, s = lossOf(compute.Identity, compute.SquaredError, 0, 1, 1, 0.5)
	wantValues(t, "the middle, class 0", s, 0.25, 0)
}

func TestLossStaysFinite(t *testing.T) {
	_, s := lossOf(compute.Softmax, compute.CrossEntropy, 0, 3, 2, 1000, -1000, -1000, 1000, 1000, 1000)
	wantValues(t, "softmax", s, 0, 1, 2000, 0, math.Ln2, 1)
	_, s = lossOf(compute.Sigmoid, compute.CrossEntropy, 1, 2, 1, 1000, -1000)
	wantValues(t, "sigmoid", s, 0, 1, 1000, 0)
}

func TestLossOfInvalidLabel(t *testing.T) {
	nan := math.NaN()
	g, s := lossOf(compute.Softmax, compute.CrossEntropy, 3, 1, 3, 1, 2, 3)
	wantValues(t, "label 3 of 3 classes", s, nan, 0)
	wantValues(t, "its gradient", g, nan, nan, nan)
	g, s = lossOf(compute.Sigmoid, compute.CrossEntropy, 2, 1, 1, 1)
	wantValues(t, "label 2 of one output", s, nan, 0)
	wantValues(t, "its gradient", g, nan)
}

// TestHitOfNaN: where an output is not a number nobody is right.
func TestHitOfNaN(t *testing.T) {
	nan := math.NaN()
	for _, f := range compute.Activations() {
		for label := range byte(3) {
			for _, z := range [][]float64{{nan, nan, nan}, {nan, 1, 2}, {1, nan, 2}, {2, 1, nan}} {
				if _, s := lossOf(f, compute.SquaredError, label, 1, 3, z...); s.val[1] != 0 || !math.IsNaN(s.val[0]) {
					t.Errorf("%s, %v, label %d: hit %g, loss %g", f, z, label, s.val[1], s.val[0])
				}
			}
		}
		if _, s := lossOf(f, compute.SquaredError, 0, 1, 1, nan); s.val[1] != 0 {
			t.Errorf("%s, one output, label 0: hit %g", f, s.val[1])
		}
	}
}

func TestHitOfTies(t *testing.T) {
	// The first of the largest outputs is the answer; where ReLU makes them
	// all 0, that is the first.
	for label, want := range []float64{0, 1, 0} {
		_, s := lossOf(compute.Identity, compute.SquaredError, byte(label), 1, 3, 1, 2, 2)
		if s.val[1] != want || s.tol[1] != 0 {
			t.Errorf("identity, label %d: hit %g ± %g, want %g", label, s.val[1], s.tol[1], want)
		}
		_, s = lossOf(compute.ReLU, compute.SquaredError, byte(label), 1, 3, -3, -2, -1)
		if hit := label == 0; (s.val[1] == 1) != hit || s.tol[1] != 0 {
			t.Errorf("relu, label %d: hit %g ± %g", label, s.val[1], s.tol[1])
		}
	}
	// Sigmoid rounds both to 1, and then no one can tell.
	if _, s := lossOf(compute.Sigmoid, compute.SquaredError, 1, 1, 2, 30, 31); s.tol[1] != 1 {
		t.Errorf("a hit that rounding decides has the bound %g", s.tol[1])
	}
}
