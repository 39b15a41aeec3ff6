package mlp

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// GradientStep returns the program of TrainStep without its updates. It changes no
// parameter and nothing that belongs to one, and has no scratch: after a run [Network.Outputs],
// [Network.Deltas] and [Network.Gradients] hold those of the batch, to be read.
func (n *Network) GradientStep(s Set, rows int) (compute.Program, error) {
	p, err := n.TrainStep(s, rows)
	if err != nil {
		return compute.Program{}, err
	}
	p.Name, p.Scratch = fmt.Sprintf("gradients of %d rows", rows), nil
	p.Ops = slices.DeleteFunc(p.Ops, func(o compute.Op) bool {
		switch o.(type) {
		case compute.Update, compute.MaxNorm, compute.SquareSum:
			return true
		}
		return false
	})
	return p, nil
}

// Deltas lists where programs leave ∂E/∂z of each layer, with E the batch's mean
// loss, or with Training.Sum its sum, as Outputs does the outputs.
func (n *Network) Deltas() []compute.Mat {
	list := make([]compute.Mat, len(n.layers))
	for i := range n.layers {
		list[i] = n.layers[i].delta
	}
	return list
}

// Gradients lists where programs leave the gradients of the parameters, in the order
// of Config.Shapes. They are scratch of TrainStep.
func (n *Network) Gradients() []compute.Mat {
	return n.mats(func(l *layer) compute.Mat { return l.gw }, func(l *layer) compute.Mat { return l.gb })
}
