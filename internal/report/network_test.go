package report

import (
	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"testing"
)

// TestLayers lists the layers with statistics of their weights.
func TestLayers(t *testing.T) {
	m := &model.Model{Width: 2, Height: 1, Values: [][]float32{{1, -2, 4, 1}, {0, 0}, {-3, 1}, {0}},
		Network: mlp.Config{Sizes: []int{2, 2, 1}, Hidden: compute.Tanh, Output: compute.Sigmoid, Scale: 2. / 255, Shift: -1}}
	want := `layer  units  activation           biases  weights  std deviation  largest magnitude
input  2      2×1 pixels, -1 to 1
1      2      tanh                 2       2×2      2.12           4
2      1      sigmoid              1       1×2      2              3

9 parameters, 36 bytes as float32; 6 multiply-adds per sample
`
	if got := Layers(m); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
