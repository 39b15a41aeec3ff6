package gradcheck

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// An energy is what a training step is to make smaller, as a function of the parameters.
type energy struct {
	*bench
	double *reference.Double
	ops    []compute.Op // up to the loss
	params []compute.Mat
	from   []int // the op from which on a parameter counts
	// reference are the gradients by back-propagation in float64, penalties included.
	reference [][]float64
	noise     float64 // of the loss: what rounding may put it off
}

// prepare makes the program ready. The inputs are those that the device makes: of a distorted
// image's pixels, a few may be rounded to either of two levels.
func (n *energy) prepare(device *bench) error {
	p, err := n.network.GradientStep(n.set, n.rows)
	if err != nil {
		return err
	}
	if err := n.run(p, n.args); err != nil { // which checks it, too
		return err
	}
	theirs, err := device.network.GradientStep(device.set, device.rows)
	if err != nil {
		return err
	}
	x, err := device.input(inputOps(theirs.Ops))
	if err != nil {
		return err
	}
	first := len(inputOps(p.Ops))
	made := compute.Matrices(p.Ops[first-1])[0].Mat
	if err := n.double.Write(made, x); err != nil {
		return err
	}
	n.params = n.network.Parameters()
	n.double.Do(p.Ops[first:], n.args)
	for i, g := range n.network.Gradients() {
		list := slices.Clone(n.double.Values(g))
		for e, w := range n.double.Values(n.params[i]) {
			list[e] += n.penaltySlope(i, w)
		}
		n.reference = append(n.reference, list)
	}
	loss := slices.IndexFunc(p.Ops, func(o compute.Op) bool { _, ok := o.(compute.Loss); return ok })
	n.ops = p.Ops[first : loss+1]
	for _, m := range n.params {
		n.from = append(n.from, n.start(m))
	}
	// Each loss is off by a few units of its last place, and so is their sum.
	for i := range n.rows {
		n.noise += 0x1p-50 * math.Abs(n.double.Values(n.set.Stats)[2*i])
	}
	return nil
}

// start returns the op to begin with once a parameter has changed: the first that reads it or, where
// that works in place, the one that made what it works on.
func (n *energy) start(m compute.Mat) int {
	reads := func(op compute.Op, m compute.Mat) bool {
		return slices.ContainsFunc(compute.Matrices(op), func(o compute.Operand) bool { return o.Mode == compute.In && o.Mat == m })
	}
	writes := func(op compute.Op, m compute.Mat) bool {
		return slices.ContainsFunc(compute.Matrices(op), func(o compute.Operand) bool { return o.Mode != compute.In && o.Mat == m })
	}
	i := slices.IndexFunc(n.ops, func(op compute.Op) bool { return reads(op, m) })
	for {
		dst := compute.Matrices(n.ops[i])[0].Mat
		if !reads(n.ops[i], dst) {
			return i
		}
		for i--; !writes(n.ops[i], dst); i-- {
		}
	}
}

// loss does the ops from one on, and returns the loss of the batch, without penalties.
func (n *energy) loss(from int) (sum float64) {
	n.double.Do(n.ops[from:], n.args)
	for i := range n.rows {
		sum += n.double.Values(n.set.Stats)[2*i]
	}
	if n.training.Sum {
		return sum
	}
	return sum / float64(n.rows)
}

// at returns the loss with element e of a parameter at w, and the penalty of that element. The
// penalties of others do not change.
func (n *energy) at(parameter, e int, w float64) float64 {
	values := n.double.Values(n.params[parameter])
	before := values[e]
	values[e] = w
	sum := n.loss(n.from[parameter]) + n.penalty(parameter, w)
	values[e] = before
	return sum
}

// penalised tells whether a parameter has penalties: weights have, biases not.
func (n *energy) penalised(parameter int) bool { return !n.network.Config.Shapes()[parameter].Bias }

func (n *energy) penalty(parameter int, w float64) float64 {
	if !n.penalised(parameter) {
		return 0
	}
	return float64(n.training.L2)/2*w*w + float64(n.training.L1)*math.Abs(w)
}

func (n *energy) penaltySlope(parameter int, w float64) float64 {
	if !n.penalised(parameter) {
		return 0
	}
	g := float64(n.training.L2) * w
	if w != 0 {
		g += math.Copysign(float64(n.training.L1), w)
	}
	return g
}
