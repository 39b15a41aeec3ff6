package mlp

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
)

// Averages lists the moving averages of the parameters, in the order of Config.Shapes. It returns
// nil if Training.Average is 0.
func (n *Network) Averages() []compute.Mat {
	if n.training.Average == 0 {
		return nil
	}
	return n.mats(func(l *layer) compute.Mat { return l.aw }, func(l *layer) compute.Mat { return l.ab })
}

// AverageStep returns the program that moves the averages towards the parameters once for some
// training steps. The decay is Training.Average to the power of steps, so that the memory of an
// average, in training steps, is the same as if it were moved after each. Args.Step counts the
// runs of this program.
func (n *Network) AverageStep(steps int) compute.Program {
	p := compute.Program{Name: fmt.Sprintf("average of %d steps", steps)}
	decay := float32(math.Pow(float64(n.training.Average), float64(steps)))
	src := n.Parameters()
	for i, dst := range n.Averages() {
		p.Ops = append(p.Ops, compute.Average{Dst: dst, Src: src[i], Decay: decay})
	}
	return p
}

// Averaged returns a network that evaluates and predicts with the averages as parameters, in the
// same memory. It returns n if training keeps no averages. The result must not be trained.
func (n *Network) Averaged() *Network {
	if n.training.Average == 0 {
		return n
	}
	a := *n
	a.buffers, a.layers = nil, slices.Clone(n.layers)
	for i := range a.layers {
		l := &a.layers[i]
		l.w, l.b = l.aw, l.ab
	}
	return &a
}
