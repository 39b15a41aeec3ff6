package explain

import (
	"math"
	"math/rand/v2"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// networks returns a small network of each activation, with its parameters and an image.
func networks() map[string]mlp.Config {
	m := map[string]mlp.Config{}
	for _, f := range compute.Activations() {
		if f == compute.Softmax {
			continue
		}
		m[f.String()] = mlp.Config{Sizes: []int{12, 9, 7, 4}, Hidden: f, Output: compute.Softmax, Loss: compute.CrossEntropy, Init: mlp.He, Scale: 1. / 255, On: 1}
	}
	m["shift"] = mlp.Config{Sizes: []int{12, 6, 3}, Hidden: compute.Tanh, Output: compute.Sigmoid, Loss: compute.CrossEntropy, Init: mlp.Xavier, Scale: 0.01, Shift: -0.4, On: 1}
	m["no bias"] = mlp.Config{Sizes: []int{12, 9, 4}, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.CrossEntropy, Init: mlp.He, NoBias: true, Scale: 1. / 255, On: 1}
	return m
}

func parameters(c mlp.Config) (values [][]float32, pixels []byte) {
	values = c.InitialParameters(3)
	r := rand.New(rand.NewPCG(1, 2))
	for _, v := range values {
		for i := range v {
			v[i] += float32(0.1 * r.NormFloat64()) // biases begin at 0
		}
	}
	for range c.Sizes[0] {
		pixels = append(pixels, byte(r.IntN(256)*r.IntN(2)))
	}
	return values, pixels
}

// TestForward compares the outputs with those of "shadegrad predict".
func TestForward(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for name, c := range networks() {
		values, pixels := parameters(c)
		want, err := train.Predict(b, c, values, pixels, 1)
		if err != nil {
			t.Fatal(err)
		}
		p := Forward(c, values, pixels)
		if len(p.Layers) != c.Layers() || len(p.Layers[0]) != c.Sizes[1] {
			t.Errorf("%s: %d layers, the first of %d", name, len(p.Layers), len(p.Layers[0]))
		}
		for j, y := range p.Layers[c.Layers()-1] {
			if d := math.Abs(y - float64(want[0][j])); d > 1e-6 {
				t.Errorf("%s: output %d is %g, predict has %g", name, j, y, want[0][j])
			}
		}
	}
}

// TestPixels compares the gradient with central differences in float64.
func TestPixels(t *testing.T) {
	for name, c := range networks() {
		values, pixels := parameters(c)
		p := Forward(c, values, pixels)
		for output := range c.Outputs() {
			got := p.Pixels(output)
			for i, v := range pixels {
				const h = 1e-4 // of the ink
				at := func(ink float64) float64 {
					x := make([]float64, len(pixels))
					for k, v := range pixels {
						x[k] = float64(c.Scale)*float64(v) + float64(c.Shift)
					}
					x[i] = float64(c.Scale)*ink + float64(c.Shift)
					q := &Pass{config: c}
					q.forward(values, x)
					return q.Sums[output]
				}
				want := float64(v) * (at(float64(v)+h) - at(float64(v)-h)) / (2 * h)
				if d := math.Abs(got[i] - want); d > 1e-6*(1+math.Abs(want)) {
					t.Errorf("%s: pixel %d contributes %g to output %d, differences have %g", name, i, got[i], output, want)
				}
			}
		}
	}
}

// TestPixelsAddUp checks that the contributions add up to the output in a network of ReLU without biases.
func TestPixelsAddUp(t *testing.T) {
	c := networks()["no bias"]
	values, pixels := parameters(c)
	p := Forward(c, values, pixels)
	for output, z := range p.Sums {
		sum := 0.
		for _, a := range p.Pixels(output) {
			sum += a
		}
		if math.Abs(sum-z) > 1e-12 {
			t.Errorf("output %d is %g, the contributions add up to %g", output, z, sum)
		}
	}
}
