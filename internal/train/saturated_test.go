package train

import (
	"math"
	"reflect"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// TestScoresOfSaturatedOutputs evaluates outputs that rounding makes equal, and NaN. The diagonal
// of the confusion matrix agrees with the accuracy, and the other entries with the order of the
// sums.
func TestScoresOfSaturatedOutputs(t *testing.T) {
	nan := float32(math.NaN())
	for _, tt := range []struct {
		name   string
		output compute.Activation
		loss   compute.LossKind
		sums   []float32
		taken  []int // for which class a sample of class 0, 1, … is taken
	}{
		{"sigmoid", compute.Sigmoid, compute.SquaredError, []float32{20, 30, 10}, []int{1, 1, 1}},
		{"sigmoid, all of them 1", compute.Sigmoid, compute.CrossEntropy, []float32{200, 300, 400}, []int{2, 2, 2}},
		{"tanh", compute.Tanh, compute.SquaredError, []float32{20, 20.5, 30}, []int{2, 2, 2}},
		{"scaled tanh", compute.ScaledTanh, compute.SquaredError, []float32{-40, -30, -50}, []int{1, 1, 1}},
		{"softmax, two of them 0", compute.Softmax, compute.CrossEntropy, []float32{-300, 1000, -200}, []int{1, 1, 1}},
		{"relu, where the sums' order does not count", compute.ReLU, compute.SquaredError, []float32{-3, -2, -1}, []int{0, 0, 0}},
		{"identity, two equal", compute.Identity, compute.SquaredError, []float32{1, 2, 2}, []int{1, 1, 1}},
		{"NaN is not a hit", compute.Identity, compute.SquaredError, []float32{nan, nan, nan}, []int{1, 0, 0}},
		{"one output", compute.Sigmoid, compute.SquaredError, []float32{200}, []int{1, 1}},
		{"one output of NaN is not a hit", compute.Sigmoid, compute.SquaredError, []float32{nan}, []int{1, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := len(tt.sums)
			c := mlp.Config{Sizes: []int{1, n}, Output: tt.output, Loss: tt.loss, Init: mlp.He, Scale: 1, On: 1}
			set := &dataset.Set{Width: 1, Height: 1, Classes: len(tt.taken)}
			want, hits := newConfusion(len(tt.taken)), 0
			for i := range 5 * len(tt.taken) {
				class := i % len(tt.taken)
				set.Images, set.Labels = append(set.Images, 1), append(set.Labels, byte(class))
				want[class][tt.taken[class]]++
				if tt.taken[class] == class {
					hits++
				}
			}
			b := cpu.New()
			defer b.Close()
			s, err := Evaluate(b, c, [][]float32{tt.sums, make([]float32, n)}, set)
			if err != nil {
				t.Fatal(err)
			}
			if acc := float64(hits) / float64(set.Len()); !reflect.DeepEqual(s.Confusion, want) || s.Acc != acc {
				t.Errorf("confusion %v and accuracy %v, want %v and %v", s.Confusion, s.Acc, want, acc)
			}
		})
	}
}
