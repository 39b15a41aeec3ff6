package mlp

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

// A Set is a data set in the memory of a backend. A matrix that it does not need is zero.
type Set struct {
	Images  compute.Bytes // a row of pixels per sample
	Values  compute.Mat   // instead of Images: a row of numbers per sample, the unscaled input
	Labels  compute.Bytes // for classes: one column
	Targets compute.Mat   // for regression: a row of numbers per sample
	Order   compute.Index // of the samples; zero for that of the rows
	Stats   compute.Mat   // loss and hit of each sample, in that order
	Totals  compute.Mat   // 1×2, the column sums of Stats
}

// The random streams of ops, which must differ within a step.
const (
	warpStream  uint32 = iota // of op Warp
	noiseStream               // of its field
	dropStream                // of dropout of the input; hidden layer i, from 1, has dropStream + i
)

// TrainStep returns the program of one step on a batch of some rows: forward pass, loss,
// back-propagation, update. The gradient is that of the mean loss of the batch or, with
// Training.Sum, of the sum of its losses.
func (n *Network) TrainStep(s Set, rows int) (compute.Program, error) {
	if err := n.checkSet(s, rows); err != nil {
		return compute.Program{}, err
	}
	if rows > n.batch {
		return compute.Program{}, fmt.Errorf("a training batch of %d rows; the network has memory for at most %d", rows, n.batch)
	}
	if err := n.checkDistorted(s); err != nil {
		return compute.Program{}, err
	}
	last := len(n.layers) - 1
	scale := 1 / float32(rows)
	if n.training.Sum {
		scale = 1
	}
	ops := n.forward(s, rows, true)
	ops = append(ops, n.loss(s, rows, n.layers[last].delta.RowRange(0, rows), scale)...)
	ops = append(ops, n.backward(rows)...)
	return compute.Program{Name: fmt.Sprintf("train step of %d rows", rows), Ops: ops, Scratch: n.scratch(rows, true)}, nil
}

// EvalStep returns the program that writes the loss and the hit of each row of a batch to the Stats
// of the set, without dropout and distortion.
func (n *Network) EvalStep(s Set, rows int) (compute.Program, error) {
	if err := n.checkSet(s, rows); err != nil {
		return compute.Program{}, err
	}
	ops := append(n.forward(s, rows, false), n.loss(s, rows, compute.Mat{}, 0)...)
	return compute.Program{Name: fmt.Sprintf("evaluation of %d rows", rows), Ops: ops, Scratch: n.scratch(rows, false)}, nil
}

// PredictStep returns the program that computes the outputs of the network for a batch of a set, in
// its order, and the matrix that they are in.
func (n *Network) PredictStep(s Set, rows int) (compute.Program, compute.Mat, error) {
	return n.predict(s, rows, n.Config.Output)
}

// RankStep is PredictStep with the numbers that op Loss compares in place of the outputs. They rank
// the same, and distinguish outputs that only rounding makes equal, such as two sigmoids near 1.
func (n *Network) RankStep(s Set, rows int) (compute.Program, compute.Mat, error) {
	return n.predict(s, rows, n.Config.Ranking())
}

// Ranking returns the activation of the last layer in RankStep.
func (c Config) Ranking() compute.Activation {
	if c.Output == compute.ReLU {
		return compute.ReLU
	}
	return compute.Identity
}

// predict applies f to the sums of the last layer.
func (n *Network) predict(s Set, rows int, f compute.Activation) (compute.Program, compute.Mat, error) {
	if err := n.checkRows(rows); err != nil {
		return compute.Program{}, compute.Mat{}, err
	}
	l := n.layers[len(n.layers)-1]
	y := l.out.RowRange(0, rows)
	ops := append(n.forward(s, rows, false),
		compute.Activate{Dst: y, Src: y, Bias: l.b, F: f})
	return compute.Program{Name: fmt.Sprintf("prediction of %d rows", rows), Ops: ops}, y, nil
}

// Sums returns the program that sums the Stats of a set into its Totals.
func Sums(s Set) compute.Program {
	return compute.Program{Name: "sums", Ops: []compute.Op{compute.ColumnSum{Dst: s.Totals, Src: s.Stats}}}
}

// ClearStats returns the program that sets the Stats of a set to 0.
func ClearStats(s Set) compute.Program {
	return compute.Program{Name: "clear statistics", Ops: []compute.Op{compute.Fill{Dst: s.Stats}}}
}

func (n *Network) checkRows(rows int) error {
	if rows <= 0 || rows > n.rows {
		return fmt.Errorf("a batch of %d rows; the network has memory for at most %d", rows, n.rows)
	}
	return nil
}

// checkSet returns an error if a set does not have the targets that the network learns from.
func (n *Network) checkSet(s Set, rows int) error {
	switch regression := n.Config.Regression; {
	case regression && s.Targets.IsZero():
		return errors.New("a network for regression needs a data set with targets")
	case !regression && !s.Targets.IsZero():
		return errors.New("a data set with targets needs a network for regression")
	}
	return n.checkRows(rows)
}

// forward returns the ops that compute every layer up to the sums of the last one. The ops that
// follow add its bias and activation.
func (n *Network) forward(s Set, rows int, training bool) []compute.Op {
	x := n.input.RowRange(0, rows)
	var ops []compute.Op
	switch {
	case !s.Values.IsZero():
		ops = append(ops, compute.Take{Dst: x, Src: s.Values, Index: s.Order})
	case training && !n.training.Augment.IsZero():
		ops = n.distorted(x, s, rows)
	default:
		ops = append(ops, compute.Gather{Dst: x, Src: s.Images, Index: s.Order,
			Scale: n.Config.Scale, Shift: n.Config.Shift})
	}
	for i := range n.layers {
		l := &n.layers[i]
		if training {
			if drop := n.dropout(i); drop > 0 {
				dst := n.layerInput(i).RowRange(0, rows)
				ops = append(ops, compute.Dropout{Dst: dst, Src: x, Rate: drop, Stream: dropStream + uint32(i)})
				x = dst
			}
		}
		z := l.out.RowRange(0, rows)
		ops = append(ops, compute.MatMul{Dst: z, A: x, B: l.w, TransB: true})
		if i < len(n.layers)-1 {
			ops = append(ops, compute.Activate{Dst: z, Src: z, Bias: l.b, F: n.Config.Hidden})
		}
		x = z
	}
	return ops
}

// dropout returns the fraction of the inputs of layer i that dropout sets to 0.
func (n *Network) dropout(i int) float32 {
	if i == 0 {
		return n.training.DropInput
	}
	return n.training.Drop
}

// layerInput returns the input of layer i in training.
func (n *Network) layerInput(i int) compute.Mat {
	switch drop := n.dropout(i) > 0; {
	case i == 0 && drop:
		return n.dropped
	case i == 0:
		return n.input
	case drop:
		return n.layers[i-1].dropped
	}
	return n.layers[i-1].out
}

func (n *Network) loss(s Set, rows int, delta compute.Mat, scale float32) []compute.Op {
	c, l := n.Config, &n.layers[len(n.layers)-1]
	op := compute.Loss{Delta: delta, Stats: s.Stats, Z: l.out.RowRange(0, rows), Bias: l.b,
		F: c.Output, Kind: c.Loss, On: c.On, Off: c.Off, Weight: c.lossWeight(), Scale: scale}
	if !c.Regression {
		op.Labels, op.Index = s.Labels, s.Order
		return []compute.Op{op}
	}
	op.Targets = n.targets.RowRange(0, rows)
	return []compute.Op{compute.Take{Dst: op.Targets, Src: s.Targets, Index: s.Order}, op}
}

// backward returns the ops that propagate the delta of the last layer back and update each layer
// after its weights were read. They omit the gradient of the input. If the norm of the gradient is
// bounded, all updates follow all gradients.
func (n *Network) backward(rows int) []compute.Op {
	var ops, norms, updates []compute.Op
	for i := len(n.layers) - 1; i >= 0; i-- {
		if i > 0 {
			ops = append(ops, n.back(i, rows)...)
		}
		for _, p := range n.parametersOf(i, rows) {
			ops = append(ops, p.gradient)
			if n.training.Clip == 0 {
				ops = append(ops, n.update(p)...)
				continue
			}
			norms = append(norms, compute.SquareSum{Dst: n.norm(len(norms)), Src: p.g})
			updates = append(updates, n.update(p)...)
		}
	}
	return append(append(ops, norms...), updates...)
}

// back returns the ops that propagate the delta of layer i to the layer before: through its old
// weights, dropout and the activation.
func (n *Network) back(i, rows int) []compute.Op {
	before := &n.layers[i-1]
	back := before.delta.RowRange(0, rows)
	ops := []compute.Op{compute.MatMul{Dst: back, A: n.layers[i].delta.RowRange(0, rows), B: n.layers[i].w}}
	if drop := n.dropout(i); drop > 0 {
		ops = append(ops, compute.Dropout{Dst: back, Src: back, Rate: drop, Stream: dropStream + uint32(i)})
	}
	return append(ops, compute.Delta{Dst: back, Back: back, Y: before.out.RowRange(0, rows), F: n.Config.Hidden})
}

// A parameter has the matrices of op Update, and the op that computes its gradient.
type parameter struct {
	w, v, s, g compute.Mat
	gradient   compute.Op // computes g
	bias       bool
}

// parametersOf lists the parameters of layer i.
func (n *Network) parametersOf(i, rows int) []parameter {
	l, delta := &n.layers[i], n.layers[i].delta.RowRange(0, rows)
	list := []parameter{{l.w, l.vw, l.sw, l.gw,
		compute.MatMul{Dst: l.gw, A: delta, B: n.layerInput(i).RowRange(0, rows), TransA: true}, false}}
	if !n.Config.NoBias {
		list = append(list, parameter{l.b, l.vb, l.sb, l.gb, compute.ColumnSum{Dst: l.gb, Src: delta}, true})
	}
	return list
}

// update returns the ops that update a parameter. Penalties and bounds apply only to weights.
func (n *Network) update(p parameter) []compute.Op {
	t := n.training
	u := compute.Update{W: p.w, V: p.v, S: p.s, G: p.g, Rule: t.Rule, Norms: n.norms, Clip: t.Clip}
	if t.Squares() {
		u.Rho, u.Epsilon = t.Rho, t.Epsilon
	}
	if p.bias {
		return []compute.Op{u}
	}
	u.L2, u.L1, u.Decay = t.L2, t.L1, t.Decay
	if t.MaxNorm == 0 {
		return []compute.Op{u}
	}
	return []compute.Op{u, compute.MaxNorm{W: p.w, Limit: t.MaxNorm}}
}

// norm returns the element of the norms for the i-th gradient computed.
func (n *Network) norm(i int) compute.Mat {
	return compute.Mat{Buf: n.norms.Buf, Off: n.norms.Off + i, Rows: 1, Cols: 1}
}

// scratch lists the matrices of a program that are not used after it.
func (n *Network) scratch(rows int, training bool) []compute.Mat {
	list := []compute.Mat{n.input.RowRange(0, rows)}
	add := func(m compute.Mat) {
		if !m.IsZero() {
			list = append(list, m)
		}
	}
	batch := func(m compute.Mat) {
		if !m.IsZero() {
			list = append(list, m.RowRange(0, rows))
		}
	}
	batch(n.targets)
	for i := range n.layers {
		l := &n.layers[i]
		batch(l.out)
		if training {
			batch(l.dropped)
			batch(l.delta)
			add(l.gw)
			add(l.gb)
		}
	}
	if !training {
		return list
	}
	batch(n.dropped)
	if n.training.Clip > 0 {
		for i := range n.norms.Cols {
			list = append(list, n.norm(i))
		}
		add(n.norms)
	}
	return append(list, n.field.scratch(rows)...)
}
