package diagnosis

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// columns returns the matrix whose columns are given, row by row.
func columns(list ...[]float32) []float32 {
	var y []float32
	for i := range list[0] {
		for _, c := range list {
			y = append(y, c[i])
		}
	}
	return y
}

// repeated returns a column that has each value a number of times.
func repeated(counts map[float32]int) []float32 {
	var c []float32
	for v, n := range counts {
		for range n {
			c = append(c, v)
		}
	}
	return c
}

func TestHiddenFlat(t *testing.T) {
	tests := []struct {
		name  string
		f     compute.Activation
		y     []float32
		units int
		share float64
		of    Flatness
	}{
		{"ReLUs that are always 0 are dead", compute.ReLU,
			columns(repeated(map[float32]int{0: 20}), repeated(map[float32]int{0: 19, 1e-30: 1}), repeated(map[float32]int{3: 20}), repeated(map[float32]int{0: 20})), 4, 0.5, Dead},
		{"tanh near ±1 for 9 of 10 images", compute.Tanh,
			columns(repeated(map[float32]int{0.995: 9, -0.995: 9, 0: 2}), repeated(map[float32]int{0.995: 17, 0: 3}), repeated(map[float32]int{0.985: 20}), repeated(map[float32]int{-1: 20})), 4, 0.5, Saturated},
		{"sigmoid near 0 or 1", compute.Sigmoid,
			columns(repeated(map[float32]int{0.995: 10, 0.005: 10}), repeated(map[float32]int{0.5: 20}), repeated(map[float32]int{0.02: 20}), repeated(map[float32]int{0.98: 20})), 4, 0.25, Saturated},
		{"scaled tanh near its own ends", compute.ScaledTanh,
			columns(repeated(map[float32]int{1.71: 20}), repeated(map[float32]int{0.995: 20}), repeated(map[float32]int{1.69: 20}), repeated(map[float32]int{-1.7159: 20})), 4, 0.5, Saturated},
		{"a leaky ReLU has a slope everywhere", compute.LeakyReLU, columns(repeated(map[float32]int{-0.01: 20})), 1, 0, NotFlat},
		{"identity has a slope everywhere", compute.Identity, columns(repeated(map[float32]int{0: 20})), 1, 0, NotFlat},
	}
	for _, tt := range tests {
		if share, of := HiddenFlat(tt.f, tt.y, tt.units); share != tt.share || of != tt.of {
			t.Errorf("%s: %v %s, want %v %s", tt.name, share, of, tt.share, tt.of)
		}
	}
}

func TestOutputFlat(t *testing.T) {
	three := mlp.Config{Sizes: []int{1, 3}, Loss: compute.SquaredError, On: 1}
	one := mlp.Config{Sizes: []int{1, 1}, Loss: compute.SquaredError, On: 1, Off: 0.1}
	tests := []struct {
		name   string
		c      mlp.Config
		f      compute.Activation
		z, b   []float32
		labels []byte
		share  float64
		of     Flatness
	}{
		{"sigmoid, the right class at 0, at 1, in the middle", three, compute.Sigmoid,
			[]float32{-9, 0, 0, 9, 0, 0, 0, 0, 0}, nil, []byte{0, 0, 0}, 1. / 3, Stuck},
		{"other classes do not count", three, compute.Sigmoid, []float32{0, 9, -9}, nil, []byte{0}, 0, Stuck},
		{"the bias does", three, compute.Sigmoid, []float32{0, 0, 0}, []float32{0, -9, 0}, []byte{1}, 1, Stuck},
		{"tanh at either end", three, compute.Tanh, []float32{-9, 0, 0, 9, 0, 0}, nil, []byte{0, 0}, 0.5, Stuck},
		{"softmax that is sure of another class", three, compute.Softmax, []float32{0, 900, 0, 0, 4, 0}, nil, []byte{0, 0}, 0.5, Stuck},
		{"softmax beyond e^z", three, compute.Softmax, []float32{900, 905, 0, 900, 904, 0}, nil, []byte{0, 0}, 0.5, Stuck},
		{"a ReLU at 0", three, compute.ReLU, []float32{-1, 1, 1, 0.1, 0, 0}, nil, []byte{0, 0}, 0.5, Stuck},
		{"one output for two classes", one, compute.Sigmoid, []float32{9, -9, 9, -9}, nil, []byte{0, 0, 1, 1}, 0.5, Stuck},
		{"scaled tanh at either end", three, compute.ScaledTanh, []float32{-9, 0, 0, 9, 0, 0}, nil, []byte{0, 0}, 0.5, Stuck},
		{"leaky", three, compute.LeakyReLU, []float32{-9, 0, 0}, nil, []byte{0}, 0, NotFlat},
		{"identity", three, compute.Identity, []float32{-9, 0, 0}, nil, []byte{0}, 0, NotFlat},
	}
	for _, tt := range tests {
		tt.c.Output = tt.f
		if share, of := OutputFlat(tt.c, tt.z, tt.b, tt.labels); math.Abs(share-tt.share) > 1e-15 || of != tt.of {
			t.Errorf("%s: %v %s, want %v %s", tt.name, share, of, tt.share, tt.of)
		}
	}
	three.Loss, three.Output = compute.CrossEntropy, compute.Softmax
	if share, of := OutputFlat(three, []float32{0, 900, 0}, nil, []byte{0}); share != 0 || of != NotFlat {
		t.Errorf("cross-entropy: %v %s", share, of)
	}
}

func TestNorms(t *testing.T) {
	// Squares of these are beyond float32.
	if v := Norm([]float32{3e30, -4e30}); math.Abs(v/5e30-1) > 1e-6 {
		t.Errorf("norm %v", v)
	}
	if v := Distance([]float32{1, 5, 2}, []float32{1, 2, -2}); v != 5 {
		t.Errorf("distance %v", v)
	}
	if Ratio(3, 2) != 1.5 || Ratio(3, 0) != 0 {
		t.Error("ratios are wrong")
	}
}

// TestGuessing compares with the lowest loss of outputs that are the same for every image.
func TestGuessing(t *testing.T) {
	c := mlp.Config{Sizes: []int{4, 10}, Output: compute.Softmax, On: 1}
	mse, sigmoid, one := c, c, c
	mse.Loss = compute.SquaredError
	sigmoid.Output = compute.Sigmoid
	summed, half := mse, mse
	summed.Reduction, half.Reduction = mlp.ReduceSum, mlp.ReduceHalf
	one.Output, one.Sizes = compute.Sigmoid, []int{4, 1}
	for _, tt := range []struct {
		c    mlp.Config
		want float64
	}{
		{c, math.Log(10)},
		{mse, (1*0.9*0.9 + 9*0.1*0.1) / 10},
		{summed, 1*0.9*0.9 + 9*0.1*0.1},
		{half, (1*0.9*0.9 + 9*0.1*0.1) / 2},
		{sigmoid, -(math.Log(0.1) + 9*math.Log(0.9))},
		{one, math.Ln2},
	} {
		if v := Guessing(tt.c); math.Abs(v-tt.want) > 1e-12 {
			t.Errorf("%s of %s: %v, want %v", tt.c.Loss, tt.c.Output, v, tt.want)
		}
	}
}
