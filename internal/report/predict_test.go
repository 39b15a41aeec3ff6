package report

import (
	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"testing"
)

// TestPrediction describes the outputs of different networks.
func TestPrediction(t *testing.T) {
	softmax := &model.Model{Network: mlp.Config{Output: compute.Softmax, On: 1}}
	sigmoid := &model.Model{Network: mlp.Config{Output: compute.Sigmoid, On: 1}}
	for _, c := range []struct {
		m    *model.Model
		y    []float32
		want string
	}{
		{softmax, []float32{0.00001, 0.75, 0.2, 0.04999}, "it is a 1: 1 with 75.00%, 2 with 20.00%, 3 with 5.00%"},
		{softmax, []float32{0.00001, 0.99999}, "it is a 1: 1 with 100.00%, 0 with <0.01%"},
		{softmax, []float32{0, 0, 0, 0, 0, 0, 0, 0, 1}, "it is an 8: 8 with 100.00%, 0 with <0.01%, 1 with <0.01%"},
		{softmax, []float32{0.5, 0.5}, "it is a 0: 0 with 50.00%, 1 with 50.00%"},
		{sigmoid, []float32{0.9, 0.95}, "it is a 1: 1 with output 0.9500, 0 with output 0.9000"},
		{sigmoid, []float32{0.9}, "class 1 (output 0.9000)"},
		{sigmoid, []float32{0.1}, "class 0 (output 0.1000)"},
	} {
		if got := Prediction(c.m, c.y); got != c.want {
			t.Errorf("%v: %q, want %q", c.y, got, c.want)
		}
	}
}
