// Package mlptest is a perceptron in float64, computed with plain loops one sample at a
// time. It follows textbook equations and uses no programs of ops. Tests
// compare the network of package mlp with it.
package mlptest

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// A Network has the parameters of a perceptron.
type Network struct {
	Config mlp.Config
	Params [][]float64 // in the order of Config.Shapes
}

// New returns a network with the given parameters.
func New(c mlp.Config, values [][]float32) *Network {
	n := &Network{Config: c}
	for _, list := range values {
		wide := make([]float64, len(list))
		for i, v := range list {
			wide[i] = float64(v)
		}
		n.Params = append(n.Params, wide)
	}
	return n
}

// layer returns the weights and the biases of layer l. Without biases b is nil.
func layer(c mlp.Config, params [][]float64, l int) (w, b []float64) {
	if c.NoBias {
		return params[l], nil
	}
	return params[2*l], params[2*l+1]
}

// forward returns the outputs of each layer, before dropout; y[0] is the input.
func (n *Network) forward(s Sample) (y [][]float64) {
	var x []float64
	for _, p := range s.Pixels {
		x = append(x, float64(n.Config.Scale)*float64(p)+float64(n.Config.Shift))
	}
	for _, v := range s.Values {
		x = append(x, float64(v))
	}
	y = [][]float64{x}
	for l := range n.Config.Layers() {
		x = s.kept(l, x)
		w, b := layer(n.Config, n.Params, l)
		sums := make([]float64, n.Config.Sizes[l+1])
		for j := range sums {
			if b != nil {
				sums[j] = b[j]
			}
			for i, v := range x {
				sums[j] += w[j*len(x)+i] * v
			}
		}
		f := n.Config.Hidden
		if l == n.Config.Layers()-1 {
			f = n.Config.Output
		}
		x = activate(f, sums)
		y = append(y, x)
	}
	return y
}

// Outputs returns the outputs for an image.
func (n *Network) Outputs(pixels []byte) []float64 {
	return n.outputs(Sample{Pixels: pixels})
}

func (n *Network) outputs(s Sample) []float64 {
	y := n.forward(s)
	return y[len(y)-1]
}

func activate(f compute.Activation, z []float64) []float64 {
	y := make([]float64, len(z))
	sum := 0.
	for j, v := range z {
		switch f {
		case compute.Identity:
			y[j] = v
		case compute.Sigmoid:
			y[j] = 1 / (1 + math.Exp(-v))
		case compute.Tanh:
			y[j] = math.Tanh(v)
		case compute.ReLU:
			y[j] = max(v, 0)
		case compute.ScaledTanh:
			y[j] = 1.7159 * math.Tanh(0.6666*v)
		case compute.LeakyReLU:
			y[j] = max(v, 0.01*v)
		case compute.Softmax:
			y[j] = math.Exp(v)
			sum += y[j]
		}
	}
	if f == compute.Softmax {
		for j := range y {
			y[j] /= sum
		}
	}
	return y
}

func (n *Network) target(j int, s Sample) float64 {
	if n.Config.Regression {
		return float64(s.Targets[j])
	}
	if n.Config.Outputs() == 1 {
		j = 1
	}
	if j == int(s.Label) {
		return float64(n.Config.On)
	}
	return float64(n.Config.Off)
}

// weight returns the factor of squared errors.
func weight(c mlp.Config) float64 {
	switch c.Reduction {
	case mlp.ReduceSum:
		return 1
	case mlp.ReduceHalf:
		return 0.5
	}
	return 1 / float64(c.Outputs())
}

// Loss returns the loss of a sample.
func (n *Network) Loss(s Sample) float64 {
	y := n.outputs(s)
	e := 0.
	for j, v := range y {
		t := n.target(j, s)
		switch {
		case n.Config.Loss == compute.SquaredError:
			e += weight(n.Config) * (v - t) * (v - t)
		case n.Config.Output == compute.Softmax:
			e -= t * math.Log(v)
		default:
			e -= t*math.Log(v) + (1-t)*math.Log(1-v)
		}
	}
	return e
}

// Class returns the class that the network predicts for an image. If outputs
// are equal as float32, the first counts.
func (n *Network) Class(pixels []byte) int {
	y := n.Outputs(pixels)
	if len(y) == 1 {
		on, off := float64(n.Config.On), float64(n.Config.Off)
		if math.Abs(y[0]-on) <= math.Abs(y[0]-off) {
			return 1
		}
		return 0
	}
	best := 0
	for j, v := range y {
		if float32(v) > float32(y[best]) {
			best = j
		}
	}
	return best
}

// addGradient adds the gradient of a sample's loss to g.
func (n *Network) addGradient(g [][]float64, s Sample) {
	y := n.forward(s)
	last := n.Config.Layers()
	delta := n.outputDelta(y[last], s)
	for l := last - 1; l >= 0; l-- {
		w, _ := layer(n.Config, n.Params, l)
		gw, gb := layer(n.Config, g, l)
		x := s.kept(l, y[l])
		for j, d := range delta {
			if gb != nil {
				gb[j] += d
			}
			for i, v := range x {
				gw[j*len(x)+i] += d * v
			}
		}
		if l == 0 {
			return
		}
		back := make([]float64, len(x))
		for i := range x {
			for j, d := range delta {
				back[i] += d * w[j*len(x)+i]
			}
		}
		delta = s.kept(l, back)
		for i, v := range y[l] {
			delta[i] *= slope(n.Config.Hidden, v)
		}
	}
}

// outputDelta returns ∂E/∂z of the last layer, by the chain rule from ∂E/∂y.
func (n *Network) outputDelta(y []float64, s Sample) []float64 {
	dy := make([]float64, len(y))
	for j, v := range y {
		t := n.target(j, s)
		switch {
		case n.Config.Loss == compute.SquaredError:
			dy[j] = weight(n.Config) * 2 * (v - t)
		case n.Config.Output == compute.Softmax:
			dy[j] = -t / v
		default:
			dy[j] = (1-t)/(1-v) - t/v
		}
	}
	dz := make([]float64, len(y))
	for j, v := range y {
		if n.Config.Output != compute.Softmax {
			dz[j] = dy[j] * slope(n.Config.Output, v)
			continue
		}
		for k, u := range y {
			jacobian := -u * v
			if j == k {
				jacobian += u
			}
			dz[j] += dy[k] * jacobian
		}
	}
	return dz
}

// slope returns F′ where F is y.
func slope(f compute.Activation, y float64) float64 {
	switch f {
	case compute.Sigmoid:
		return y * (1 - y)
	case compute.Tanh:
		return 1 - y*y
	case compute.ReLU:
		if y <= 0 {
			return 0
		}
	case compute.ScaledTanh:
		return 1.7159 * 0.6666 * (1 - y*y/(1.7159*1.7159))
	case compute.LeakyReLU:
		if y <= 0 {
			return 0.01
		}
	}
	return 1
}
