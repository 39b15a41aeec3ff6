package reference

import (
	"math"
	"testing"

	"shadegrad/compute"
)

func TestMatMulByHand(t *testing.T) {
	product := func(a, b compute.Mat, transA, transB bool, rows, cols int) []float64 {
		dst := matrix(rows, cols)
		return result(compute.MatMul{Dst: dst, A: a, B: b, TransA: transA, TransB: transB}, compute.Args{}, dst)
	}
	a, b := matrix(2, 2, 1, 2, 3, 4), matrix(2, 2, 5, 6, 7, 8)
	for _, c := range []struct {
		transA, transB bool
		want           []float64
	}{
		{false, false, []float64{19, 22, 43, 50}},
		{true, false, []float64{26, 30, 38, 44}},
		{false, true, []float64{17, 23, 39, 53}},
		{true, true, []float64{23, 31, 34, 46}},
	} {
		wantValues(t, "product", product(a, b, c.transA, c.transB, 2, 2), c.want...)
	}
	wantValues(t, "inner product", product(matrix(1, 3, 1, -2, 3), matrix(3, 1, 4, 5, 6), false, false, 1, 1), 12)
}

func TestActivateByHand(t *testing.T) {
	activate := func(src, bias compute.Mat, f compute.Activation) []float64 {
		dst := matrix(src.Rows, src.Cols)
		return result(compute.Activate{Dst: dst, Src: src, Bias: bias, F: f}, compute.Args{}, dst)
	}
	src, bias := matrix(1, 3, -1, 0, 2), matrix(1, 3, 1, 0, -1)
	e := math.E
	wantValues(t, "identity", activate(src, bias, compute.Identity), 0, 0, 1)
	wantValues(t, "relu", activate(src, compute.Mat{}, compute.ReLU), 0, 0, 2)
	wantValues(t, "sigmoid", activate(src, bias, compute.Sigmoid), 0.5, 0.5, 0.731058578630005)
	wantValues(t, "tanh", activate(src, bias, compute.Tanh), 0, 0, 0.761594155955765)
	wantValues(t, "softmax", activate(src, bias, compute.Softmax), 1/(2+e), 1/(2+e), e/(2+e))
	// Three to one, whatever is added to a whole row.
	logs := matrix(2, 2, math.Log(3), 0, 1000+math.Log(3), 1000)
	wantValues(t, "softmax of large sums", activate(logs, compute.Mat{}, compute.Softmax), 0.75, 0.25, 0.75, 0.25)
}

func TestDeltaByHand(t *testing.T) {
	delta := func(f compute.Activation) []float64 {
		dst := matrix(1, 4)
		return result(compute.Delta{Dst: dst, Back: matrix(1, 4, 2, 3, -4, 5), Y: matrix(1, 4, 0.5, 0, -0.5, 1), F: f}, compute.Args{}, dst)
	}
	wantValues(t, "identity", delta(compute.Identity), 2, 3, -4, 5)
	wantValues(t, "relu", delta(compute.ReLU), 2, 0, 0, 5)
	wantValues(t, "sigmoid", delta(compute.Sigmoid), 0.5, 0, 3, 0)
	wantValues(t, "tanh", delta(compute.Tanh), 1.5, 3, -3, 0)
}

func TestGatherByHand(t *testing.T) {
	op := compute.Gather{Dst: matrix(2, 2), Src: octets(2, 0, 1, 2, 3, 4, 5, 6, 255), Scale: 0.5, Shift: -1}
	args := compute.Args{Row: 1}
	wantValues(t, "natural order", result(op, args, op.Dst), 0, 0.5, 1, 1.5)
	op.Index = index(9, 3, 0)
	wantValues(t, "index", result(op, args, op.Dst), 2, 126.5, -1, -0.5)
	// In float32, 0.1·3 differs from the product in float64.
	op.Index, op.Scale, op.Shift = compute.Index{}, 0.1, 0
	scale := float32(0.1)
	wantValues(t, "float32", result(op, args, op.Dst), float64(2*scale), float64(3*scale), float64(4*scale), float64(5*scale))
}

func TestTakeByHand(t *testing.T) {
	op := compute.Take{Dst: matrix(2, 2), Src: matrix(4, 2, 0, 1, 2, 3, 4, 5, 6, 7)}
	wantValues(t, "natural order", result(op, compute.Args{Row: 1}, op.Dst), 2, 3, 4, 5)
	op.Index = index(9, 3, 0)
	wantValues(t, "index", result(op, compute.Args{Row: 1}, op.Dst), 6, 7, 0, 1)
}

func TestColumnSumByHand(t *testing.T) {
	dst := matrix(1, 2)
	wantValues(t, "column sum", result(compute.ColumnSum{Dst: dst, Src: matrix(3, 2, 1, 10, 2, -20, 3, 30)}, compute.Args{}, dst), 6, 20)
}

// lossOf computes op Loss for rows with the same label.
func lossOf(f compute.Activation, kind compute.LossKind, label byte, rows, cols int, z ...float64) (gradient, stats []float64) {
	op := compute.Loss{Z: matrix(rows, cols, z...), Delta: matrix(rows, cols), Stats: matrix(rows, 2), F: f, Kind: kind, On: 1, Weight: 1, Scale: 1}
	labels := make([]byte, rows)
	for i := range labels {
		labels[i] = label
	}
	op.Labels = octets(1, labels...)
	stats = result(op, compute.Args{}, op.Stats)
	return buffers{}.Load(op.Delta).Val, stats
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
	// The middle belongs to class 1.
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

// TestHitOfNaN requires that a row with a NaN output is never a hit.
func TestHitOfNaN(t *testing.T) {
	nan := math.NaN()
	for _, f := range compute.Activations() {
		for label := range byte(3) {
			for _, z := range [][]float64{{nan, nan, nan}, {nan, 1, 2}, {1, nan, 2}, {2, 1, nan}} {
				if _, s := lossOf(f, compute.SquaredError, label, 1, 3, z...); s[1] != 0 || !math.IsNaN(s[0]) {
					t.Errorf("%s, %v, label %d: hit %g, loss %g", f, z, label, s[1], s[0])
				}
			}
		}
		if _, s := lossOf(f, compute.SquaredError, 0, 1, 1, nan); s[1] != 0 {
			t.Errorf("%s, one output, label 0: hit %g", f, s[1])
		}
	}
}

// TestHitOfTies requires that the first of the largest outputs is the answer. If ReLU makes all outputs 0, that
// is the first output.
func TestHitOfTies(t *testing.T) {
	for label, want := range []float64{0, 1, 0} {
		if _, s := lossOf(compute.Identity, compute.SquaredError, byte(label), 1, 3, 1, 2, 2); s[1] != want {
			t.Errorf("identity, label %d: hit %g, want %g", label, s[1], want)
		}
		if _, s := lossOf(compute.ReLU, compute.SquaredError, byte(label), 1, 3, -3, -2, -1); (s[1] == 1) != (label == 0) {
			t.Errorf("relu, label %d: hit %g", label, s[1])
		}
	}
}

func TestTargetsByHand(t *testing.T) {
	op := compute.Loss{Z: matrix(1, 2, 3, -1), Delta: matrix(1, 2), Stats: matrix(8, 2), Targets: matrix(1, 2, 1, 1), Kind: compute.SquaredError,
		On: 1, Weight: 0.5, Scale: 3}
	wantValues(t, "half of the squared error", result(op, compute.Args{Row: 7}, op.Stats.RowRange(7, 1)), 4, 0)
	wantValues(t, "its gradient", buffers{}.Load(op.Delta).Val, 6, -6)
}
