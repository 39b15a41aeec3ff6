package mlptest

// A Sample is an image with its label.
type Sample struct {
	Pixels  []byte
	Values  []float32 // inputs that replace pixels
	Label   byte
	Targets []float32 // replace the label, for regression
	// Keep[l] has the factor that dropout applies to each input of layer l, from 0.
	// It is nil without dropout.
	Keep [][]float64
}

// kept applies dropout to x, the input of layer l.
func (s Sample) kept(l int, x []float64) []float64 {
	if s.Keep == nil || s.Keep[l] == nil {
		return x
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = v * s.Keep[l][i]
	}
	return y
}

// Zeros returns zeros in the shapes of the network's parameters.
func (n *Network) Zeros() [][]float64 {
	z := make([][]float64, len(n.Params))
	for i, p := range n.Params {
		z[i] = make([]float64, len(p))
	}
	return z
}

// Gradient returns the gradient of the mean loss of a batch.
func (n *Network) Gradient(batch []Sample) [][]float64 {
	g := n.Zeros()
	for _, s := range batch {
		n.addGradient(g, s)
	}
	for _, list := range g {
		for i := range list {
			list[i] /= float64(len(batch))
		}
	}
	return g
}

// MeanLoss returns the mean loss of samples.
func (n *Network) MeanLoss(samples []Sample) float64 {
	sum := 0.
	for _, s := range samples {
		sum += n.Loss(s)
	}
	return sum / float64(len(samples))
}

// Step takes a step of gradient descent with momentum and returns the sum of the
// batch's losses before it. velocity has the network's shapes.
func (n *Network) Step(velocity [][]float64, batch []Sample, rate, momentum float64) float64 {
	sum := n.MeanLoss(batch) * float64(len(batch))
	for i, list := range n.Gradient(batch) {
		for j, g := range list {
			velocity[i][j] = momentum*velocity[i][j] + g
			n.Params[i][j] -= rate * velocity[i][j]
		}
	}
	return sum
}
