package mlp

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

// A Network is a perceptron in a backend's memory: its parameters, their
// velocities and gradients, and the workspace for one batch.
type Network struct {
	Config   Config
	backend  compute.Backend
	rows     int // the most rows a batch can have
	momentum bool
	layers   []layer
	input    compute.Mat // x⁰, rows×inputs
	buffers  []compute.Buffer
}

// A layer's matrices. Gradients and velocities have the shapes of what they
// belong to; bias ones are none where the network has no biases, velocities where
// it has no momentum.
type layer struct {
	w, b   compute.Mat
	vw, vb compute.Mat
	gw, gb compute.Mat
	out    compute.Mat // z, then y in its place; rows×units
	delta  compute.Mat // ∂E/∂z, rows×units
}

// New allocates a network for batches of at most rows rows, with velocities if it
// is to be trained with momentum. Its parameters are zero until Load.
func New(b compute.Backend, c Config, rows int, momentum bool) (*Network, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	n := &Network{Config: c, backend: b, rows: rows, momentum: momentum}
	if err := n.allocate(); err != nil {
		n.Free()
		return nil, fmt.Errorf("network %s with batches of %d: %w", c, rows, err)
	}
	return n, nil
}

func (n *Network) allocate() (err error) {
	alloc := func(dst *compute.Mat, rows, cols int) {
		if err != nil {
			return
		}
		if *dst, err = n.backend.Alloc(rows, cols); err == nil {
			n.buffers = append(n.buffers, dst.Buf)
		}
	}
	alloc(&n.input, n.rows, n.Config.Sizes[0])
	n.layers = make([]layer, n.Config.Layers())
	for i := range n.layers {
		l, in, out := &n.layers[i], n.Config.Sizes[i], n.Config.Sizes[i+1]
		alloc(&l.w, out, in)
		alloc(&l.gw, out, in)
		if n.momentum {
			alloc(&l.vw, out, in)
		}
		if !n.Config.NoBias {
			alloc(&l.b, 1, out)
			alloc(&l.gb, 1, out)
			if n.momentum {
				alloc(&l.vb, 1, out)
			}
		}
		alloc(&l.out, n.rows, out)
		alloc(&l.delta, n.rows, out)
	}
	return err
}

// Memory returns how many bytes New takes of a backend.
func (c Config) Memory(rows int, momentum bool) int64 {
	copies := int64(2) // of the parameters: themselves and their gradients
	if momentum {
		copies++
	}
	floats := copies*int64(c.Parameters()) + int64(rows)*int64(c.Sizes[0])
	for _, units := range c.Sizes[1:] {
		floats += 2 * int64(rows) * int64(units) // outputs and deltas
	}
	return 4 * floats
}

// Free gives the network's memory back.
func (n *Network) Free() {
	for _, b := range n.buffers {
		n.backend.Free(b)
	}
	n.buffers = nil
}

// mats lists a matrix of each parameter, in the order of Config.Shapes.
func (n *Network) mats(weights, biases func(*layer) compute.Mat) []compute.Mat {
	var list []compute.Mat
	for i := range n.layers {
		list = append(list, weights(&n.layers[i]))
		if !n.Config.NoBias {
			list = append(list, biases(&n.layers[i]))
		}
	}
	return list
}

// Parameters lists the matrices of the parameters, in the order of Config.Shapes.
func (n *Network) Parameters() []compute.Mat {
	return n.mats(func(l *layer) compute.Mat { return l.w }, func(l *layer) compute.Mat { return l.b })
}

// Velocities lists the matrices of their velocities, in the same order. There are
// none without momentum.
func (n *Network) Velocities() []compute.Mat {
	if !n.momentum {
		return nil
	}
	return n.mats(func(l *layer) compute.Mat { return l.vw }, func(l *layer) compute.Mat { return l.vb })
}

// Outputs lists where programs leave the outputs y of each layer; of the last
// layer its sums z, without the bias. They are scratch: to read them, empty a
// program's Scratch before it is compiled.
func (n *Network) Outputs() []compute.Mat {
	list := make([]compute.Mat, len(n.layers))
	for i := range n.layers {
		list[i] = n.layers[i].out
	}
	return list
}

// A Set is a data set in a backend's memory.
type Set struct {
	Images compute.Bytes // a row of pixels for each sample
	Labels compute.Bytes // one column
	Order  compute.Index // none: the natural order
	Stats  compute.Mat   // loss and hit of each sample, in the order of its visit
	Totals compute.Mat   // 1×2, the column sums of Stats
}

// TrainStep returns the program of one step on a batch of the given rows:
// forward, loss, back-propagation, update. The gradient is that of the batch's
// mean loss.
func (n *Network) TrainStep(s Set, rows int) (compute.Program, error) {
	if err := n.checkRows(rows); err != nil {
		return compute.Program{}, err
	}
	last := len(n.layers) - 1
	ops := n.forward(s, rows)
	ops = append(ops, n.loss(s, rows, n.layers[last].delta.RowRange(0, rows), 1/float32(rows)))
	for i := last; i >= 0; i-- {
		ops = append(ops, n.backward(i, rows)...)
	}
	return compute.Program{Name: fmt.Sprintf("train step of %d rows", rows), Ops: ops, Scratch: n.scratch(rows, true)}, nil
}

// EvalStep returns the program that writes the loss and the hit of each row of a
// batch to the set's Stats, and changes nothing else.
func (n *Network) EvalStep(s Set, rows int) (compute.Program, error) {
	if err := n.checkRows(rows); err != nil {
		return compute.Program{}, err
	}
	ops := append(n.forward(s, rows), n.loss(s, rows, compute.Mat{}, 0))
	return compute.Program{Name: fmt.Sprintf("evaluation of %d rows", rows), Ops: ops, Scratch: n.scratch(rows, false)}, nil
}

// scratch lists what a program leaves behind that nobody uses after it.
func (n *Network) scratch(rows int, gradients bool) []compute.Mat {
	list := []compute.Mat{n.input.RowRange(0, rows)}
	for i := range n.layers {
		l := &n.layers[i]
		list = append(list, l.out.RowRange(0, rows))
		if !gradients {
			continue
		}
		list = append(list, l.delta.RowRange(0, rows), l.gw)
		if !n.Config.NoBias {
			list = append(list, l.gb)
		}
	}
	return list
}

// PredictStep returns a program that computes the network's outputs for a batch
// of a set's images, in its order, and the matrix they are in.
func (n *Network) PredictStep(s Set, rows int) (compute.Program, compute.Mat, error) {
	if err := n.checkRows(rows); err != nil {
		return compute.Program{}, compute.Mat{}, err
	}
	l := n.layers[len(n.layers)-1]
	y := l.out.RowRange(0, rows)
	ops := append(n.forward(s, rows),
		compute.Activate{Dst: y, Src: y, Bias: l.b, F: n.Config.Output})
	return compute.Program{Name: fmt.Sprintf("prediction of %d rows", rows), Ops: ops}, y, nil
}

// Sums returns the program that adds up a set's Stats.
func Sums(s Set) compute.Program {
	return compute.Program{Name: "sums", Ops: []compute.Op{compute.ColumnSum{Dst: s.Totals, Src: s.Stats}}}
}

// ClearStats returns the program that forgets a set's Stats.
func ClearStats(s Set) compute.Program {
	return compute.Program{Name: "clear statistics", Ops: []compute.Op{compute.Fill{Dst: s.Stats}}}
}

func (n *Network) checkRows(rows int) error {
	if rows <= 0 || rows > n.rows {
		return fmt.Errorf("a batch of %d rows in a network made for at most %d", rows, n.rows)
	}
	return nil
}

// forward computes every layer up to the sums of the last one, whose bias and
// activation belong to what follows.
func (n *Network) forward(s Set, rows int) []compute.Op {
	x := n.input.RowRange(0, rows)
	ops := []compute.Op{compute.Gather{Dst: x, Src: s.Images, Index: s.Order,
		Scale: n.Config.Scale, Shift: n.Config.Shift}}
	for i := range n.layers {
		l := &n.layers[i]
		z := l.out.RowRange(0, rows)
		ops = append(ops, compute.MatMul{Dst: z, A: x, B: l.w, TransB: true})
		if i < len(n.layers)-1 {
			ops = append(ops, compute.Activate{Dst: z, Src: z, Bias: l.b, F: n.Config.Hidden})
		}
		x = z
	}
	return ops
}

func (n *Network) loss(s Set, rows int, delta compute.Mat, scale float32) compute.Op {
	l := &n.layers[len(n.layers)-1]
	return compute.Loss{Delta: delta, Stats: s.Stats, Z: l.out.RowRange(0, rows), Bias: l.b,
		Labels: s.Labels, Index: s.Order, F: n.Config.Output, Kind: n.Config.Loss,
		On: n.Config.On, Off: n.Config.Off, Weight: n.Config.lossWeight(), Scale: scale}
}

// backward sends layer i's delta to the layer before, then updates layer i: its
// weights must be read before they change. Nobody needs the input's gradient.
func (n *Network) backward(i, rows int) []compute.Op {
	l := &n.layers[i]
	delta, x := l.delta.RowRange(0, rows), n.input.RowRange(0, rows)
	var ops []compute.Op
	if i > 0 {
		before := &n.layers[i-1]
		back := before.delta.RowRange(0, rows)
		x = before.out.RowRange(0, rows)
		ops = append(ops,
			compute.MatMul{Dst: back, A: delta, B: l.w},
			compute.Delta{Dst: back, Back: back, Y: x, F: n.Config.Hidden})
	}
	ops = append(ops,
		compute.MatMul{Dst: l.gw, A: delta, B: x, TransA: true},
		compute.Update{W: l.w, V: l.vw, G: l.gw})
	if !n.Config.NoBias {
		ops = append(ops,
			compute.ColumnSum{Dst: l.gb, Src: delta},
			compute.Update{W: l.b, V: l.vb, G: l.gb})
	}
	return ops
}

// Load writes values to matrices, both in the order of Config.Shapes.
func (n *Network) Load(mats []compute.Mat, values [][]float32) error {
	if len(mats) != len(values) {
		return errors.New("there are not as many values as parameters")
	}
	for i, m := range mats {
		if err := n.backend.Write(m, values[i]); err != nil {
			return fmt.Errorf("%s: %w", n.Config.Shapes()[i].Name, err)
		}
	}
	return nil
}

// Store is the inverse of Load.
func (n *Network) Store(mats []compute.Mat, values [][]float32) error {
	if len(mats) != len(values) {
		return errors.New("there are not as many values as parameters")
	}
	for i, m := range mats {
		if err := n.backend.Read(values[i], m); err != nil {
			return err
		}
	}
	return nil
}

// Values reads matrices back.
func (n *Network) Values(mats []compute.Mat) ([][]float32, error) {
	values := make([][]float32, len(mats))
	for i, m := range mats {
		values[i] = make([]float32, m.Len())
	}
	return values, n.Store(mats, values)
}
