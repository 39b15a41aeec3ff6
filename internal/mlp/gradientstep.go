package mlp

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// GradientStep returns the program of TrainStep without its updates. It has no scratch: after a
// run [Network.Outputs], [Network.Deltas] and [Network.Gradients] can be read.
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

// Deltas lists the matrices of ∂E/∂z of each layer, with E the mean loss of the batch, or with
// Training.Sum its sum. They are scratch of TrainStep.
func (n *Network) Deltas() []compute.Mat {
	list := make([]compute.Mat, len(n.layers))
	for i := range n.layers {
		list[i] = n.layers[i].delta
	}
	return list
}

// Gradients lists the gradients of the parameters, in the order of Config.Shapes. They are scratch
// of TrainStep.
func (n *Network) Gradients() []compute.Mat {
	return n.mats(func(l *layer) compute.Mat { return l.gw }, func(l *layer) compute.Mat { return l.gb })
}
