// Package explain explains the result of a network for one image: the outputs of each layer, and which pixels count for and
// against a class.
//
// Pixel i, of ink pᵢ from 0 to 255, contributes gradient × input,
//
//	aᵢ = pᵢ · ∂z_c/∂pᵢ
//
// to z_c, the output of class c before the last activation (A. Shrikumar, P. Greenside, A. Shcherbina and A. Kundaje, "Not just
// a black box: learning important features through propagating activation differences", arXiv:1605.01713, 2016, section 2).
// Paper, where p = 0, contributes nothing. The gradient is exact, by back-propagation in float64 from δᴸ = e_c:
//
//	δˡ = ((Wˡ⁺¹)ᵀ·δˡ⁺¹) ⊙ F′(yˡ),  ∂z_c/∂p = Scale·(W¹)ᵀ·δ¹
//
// In a network of ReLU without biases the contributions add up to z_c.
package explain

import (
	"shadegrad/compute/reference"
	"shadegrad/internal/mlp"
)

// A Pass is the forward pass of one image.
type Pass struct {
	Layers [][]float64 // the outputs of each layer, after its activation
	Sums   []float64   // the outputs of the last layer before its activation

	config  mlp.Config
	weights [][]float32 // of each layer, outputs×inputs
	pixels  []byte
}

// Forward runs an image through a network with the given parameters.
func Forward(c mlp.Config, values [][]float32, pixels []byte) *Pass {
	p := &Pass{config: c, pixels: pixels}
	x := make([]float64, len(pixels))
	for i, v := range pixels {
		x[i] = float64(c.Scale)*float64(v) + float64(c.Shift)
	}
	p.forward(values, x)
	return p
}

// forward runs the inputs x through the network.
func (p *Pass) forward(values [][]float32, x []float64) {
	c := p.config
	for l := range c.Layers() {
		w := values[0]
		values = values[1:]
		z := make([]float64, c.Sizes[l+1])
		for j := range z {
			row := w[j*len(x) : (j+1)*len(x)]
			for i, v := range x {
				z[j] += float64(row[i]) * v
			}
		}
		if !c.NoBias {
			for j, b := range values[0] {
				z[j] += float64(b)
			}
			values = values[1:]
		}
		f := c.Hidden
		if l == c.Layers()-1 {
			f, p.Sums = c.Output, z
		}
		x = reference.Outputs(f, z)
		p.Layers, p.weights = append(p.Layers, x), append(p.weights, w)
	}
}

// Pixels returns the contribution of each pixel to an output before the last activation.
func (p *Pass) Pixels(output int) []float64 {
	delta := make([]float64, len(p.Sums))
	delta[output] = 1
	for l := len(p.weights) - 1; ; l-- {
		below := make([]float64, p.config.Sizes[l])
		for j, d := range delta {
			if d == 0 {
				continue
			}
			for i, w := range p.weights[l][j*len(below) : (j+1)*len(below)] {
				below[i] += float64(w) * d
			}
		}
		delta = below
		if l == 0 {
			break
		}
		for i, y := range p.Layers[l-1] {
			delta[i] *= reference.Derivative(p.config.Hidden, y)
		}
	}
	for i, v := range p.pixels {
		delta[i] *= float64(p.config.Scale) * float64(v)
	}
	return delta
}
