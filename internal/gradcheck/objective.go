package gradcheck

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// An objective is what a training step minimises, as a function of the parameters, in float64.
type objective struct {
	*loadedNetwork
	double *reference.Double
	ops    []compute.Op // from the network's inputs to the loss
	params []compute.Mat
	from   []int // for each parameter the first op that depends on it
	// reference are the gradients by back-propagation in float64, with penalties.
	reference [][]float64
	noise     float64 // rounding error of the loss
}

// prepare sets up the program. It takes the inputs from the device, because devices may round some pixels of a distorted
// image to different levels.
func (o *objective) prepare(device *loadedNetwork) error {
	p, err := o.network.GradientStep(o.set, o.rows)
	if err != nil {
		return err
	}
	if err := o.run(p, o.args); err != nil { // also checks the program
		return err
	}
	deviceStep, err := device.network.GradientStep(device.set, device.rows)
	if err != nil {
		return err
	}
	x, err := device.input(inputOps(deviceStep.Ops))
	if err != nil {
		return err
	}
	first := len(inputOps(p.Ops))
	if err := o.double.Write(compute.Matrices(p.Ops[first-1])[0].Mat, x); err != nil {
		return err
	}
	o.params = o.network.Parameters()
	o.double.Do(p.Ops[first:], o.args)
	for i, g := range o.network.Gradients() {
		list := slices.Clone(o.double.Values(g))
		for e, w := range o.double.Values(o.params[i]) {
			list[e] += o.penaltySlope(i, w)
		}
		o.reference = append(o.reference, list)
	}
	loss := slices.IndexFunc(p.Ops, func(op compute.Op) bool { _, ok := op.(compute.Loss); return ok })
	o.ops = p.Ops[first : loss+1]
	for _, m := range o.params {
		o.from = append(o.from, o.start(m))
	}
	// Each loss is off by a few units in the last place, and so is their sum.
	for i := range o.rows {
		o.noise += 0x1p-50 * math.Abs(o.double.Values(o.set.Stats)[2*i])
	}
	return nil
}

// start returns the op to begin with after a parameter has changed: the first op that reads it. If that op works in
// place, start returns the op that made its operand.
func (o *objective) start(m compute.Mat) int {
	uses := func(op compute.Op, m compute.Mat, reads bool) bool {
		return slices.ContainsFunc(compute.Matrices(op), func(o compute.Operand) bool { return (o.Mode == compute.In) == reads && o.Mat == m })
	}
	i := slices.IndexFunc(o.ops, func(op compute.Op) bool { return uses(op, m, true) })
	for {
		dst := compute.Matrices(o.ops[i])[0].Mat
		if !uses(o.ops[i], dst, true) {
			return i
		}
		for i--; !uses(o.ops[i], dst, false); i-- {
		}
	}
}

// loss computes the ops from one on and returns the loss of the batch, without penalties.
func (o *objective) loss(from int) (sum float64) {
	o.double.Do(o.ops[from:], o.args)
	for i := range o.rows {
		sum += o.double.Values(o.set.Stats)[2*i]
	}
	if o.training.Sum {
		return sum
	}
	return sum / float64(o.rows)
}

// at returns the loss with element e of a parameter set to w, plus the penalty of that element. The
// other penalties do not change.
func (o *objective) at(parameter, e int, w float64) float64 {
	values := o.double.Values(o.params[parameter])
	before := values[e]
	values[e] = w
	sum := o.loss(o.from[parameter]) + o.penalty(parameter, w)
	values[e] = before
	return sum
}

// penalised reports whether a parameter has penalties: weights have, biases do not.
func (o *objective) penalised(parameter int) bool { return !o.network.Config.Shapes()[parameter].Bias }

func (o *objective) penalty(parameter int, w float64) float64 {
	if !o.penalised(parameter) {
		return 0
	}
	return float64(o.training.L2)/2*w*w + float64(o.training.L1)*math.Abs(w)
}

func (o *objective) penaltySlope(parameter int, w float64) float64 {
	if !o.penalised(parameter) {
		return 0
	}
	g := float64(o.training.L2) * w
	if w != 0 {
		g += math.Copysign(float64(o.training.L1), w)
	}
	return g
}
