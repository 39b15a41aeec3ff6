package mlp

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

// A Network is a multilayer perceptron in the memory of a backend: its parameters, their velocities
// and other state of training, and the workspace for one batch.
type Network struct {
	Config   Config
	training Training
	backend  compute.Backend
	rows     int // of the largest batch
	batch    int // of the largest batch in training
	layers   []layer
	input    compute.Mat // x⁰, rows×inputs
	dropped  compute.Mat // x⁰ after dropout, batch×inputs
	targets  compute.Mat // of a batch, rows×outputs, if they are numbers
	norms    compute.Mat // 1×parameters: the sum of squares of each gradient
	field    field
	buffers  []compute.Buffer
}

// A layer has the matrices of a layer. Gradients, velocities and moments have the shape of their
// parameter. Matrices that the config or the training does not use are zero values.
type layer struct {
	w, b    compute.Mat
	vw, vb  compute.Mat // velocities: V of op Update
	sw, sb  compute.Mat // S of op Update
	gw, gb  compute.Mat // gradients
	aw, ab  compute.Mat // moving averages
	out     compute.Mat // z, then y in its place; rows×units
	dropped compute.Mat // y after dropout, the input of the next layer; batch×units
	delta   compute.Mat // ∂E/∂z, batch×units
}

// New allocates a network for batches of up to rows rows, and for training t in batches of up to
// t.Batch rows. The parameters are zero until Load.
func New(b compute.Backend, c Config, rows int, t Training) (*Network, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	if !t.Augment.IsZero() && c.Width == 0 {
		return nil, errors.New("a network that distorts images needs their width and height")
	}
	n := newNetwork(c, rows, t)
	n.backend = b
	if err := n.allocate(); err != nil {
		n.Free()
		return nil, fmt.Errorf("network %s with batches of %d: %w", c, rows, err)
	}
	return n, nil
}

func newNetwork(c Config, rows int, t Training) *Network {
	n := &Network{Config: c, training: t, rows: rows, batch: rows, layers: make([]layer, c.Layers())}
	if t.Batch > 0 {
		n.batch = min(t.Batch, rows)
	}
	return n
}

func (n *Network) allocate() (err error) {
	n.matrices(func(dst *compute.Mat, rows, cols int) {
		if err != nil {
			return
		}
		if *dst, err = n.backend.Alloc(rows, cols); err == nil {
			n.buffers = append(n.buffers, dst.Buf)
		}
	})
	return err
}

// matrices visits every matrix of the network, with its shape.
func (n *Network) matrices(visit func(dst *compute.Mat, rows, cols int)) {
	c, t := n.Config, n.training
	inputs := c.Sizes[0]
	visit(&n.input, n.rows, inputs)
	if t.DropInput > 0 {
		visit(&n.dropped, n.batch, inputs)
	}
	for i := range n.layers {
		l, in, out := &n.layers[i], c.Sizes[i], c.Sizes[i+1]
		n.parameter(visit, &l.w, &l.gw, &l.vw, &l.sw, &l.aw, out, in)
		if !c.NoBias {
			n.parameter(visit, &l.b, &l.gb, &l.vb, &l.sb, &l.ab, 1, out)
		}
		visit(&l.out, n.rows, out)
		visit(&l.delta, n.batch, out)
		if t.Drop > 0 && i < len(n.layers)-1 {
			visit(&l.dropped, n.batch, out)
		}
	}
	if c.Regression {
		visit(&n.targets, n.rows, c.Outputs())
	}
	if t.Clip > 0 {
		visit(&n.norms, 1, len(c.Shapes()))
	}
	if t.Augment.Elastic() {
		n.field.matrices(visit, c, n.batch)
	}
}

// parameter visits a parameter and what training keeps of it.
func (n *Network) parameter(visit func(*compute.Mat, int, int), w, g, v, s, a *compute.Mat, rows, cols int) {
	visit(w, rows, cols)
	visit(g, rows, cols)
	if n.training.Velocities() {
		visit(v, rows, cols)
	}
	if n.training.Squares() {
		visit(s, rows, cols)
	}
	if n.training.Average > 0 {
		visit(a, rows, cols)
	}
}

// Memory returns the number of bytes that New allocates.
func (c Config) Memory(rows int, t Training) int64 {
	floats := int64(0)
	newNetwork(c, rows, t).matrices(func(_ *compute.Mat, rows, cols int) { floats += int64(rows) * int64(cols) })
	return 4 * floats
}

// Free frees the memory of the network.
func (n *Network) Free() {
	for _, b := range n.buffers {
		n.backend.Free(b)
	}
	n.buffers = nil
}

// mats lists a matrix for each parameter, in the order of Config.Shapes.
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

// Parameters lists the parameters, in the order of Config.Shapes.
func (n *Network) Parameters() []compute.Mat {
	return n.mats(func(l *layer) compute.Mat { return l.w }, func(l *layer) compute.Mat { return l.b })
}

// Velocities lists their velocities, V of op Update, in the same order. It returns nil if
// Training.Velocities is false.
func (n *Network) Velocities() []compute.Mat {
	if !n.training.Velocities() {
		return nil
	}
	return n.mats(func(l *layer) compute.Mat { return l.vw }, func(l *layer) compute.Mat { return l.vb })
}

// Squares lists their mean squared gradients, S of op Update, in the same order. It returns nil if
// Training.Squares is false.
func (n *Network) Squares() []compute.Mat {
	if !n.training.Squares() {
		return nil
	}
	return n.mats(func(l *layer) compute.Mat { return l.sw }, func(l *layer) compute.Mat { return l.sb })
}

// Outputs lists the outputs y of each layer before dropout, and for the last layer the sums z
// without the bias. They are scratch: to read them, empty the Scratch of a program before it is
// compiled.
func (n *Network) Outputs() []compute.Mat {
	list := make([]compute.Mat, len(n.layers))
	for i := range n.layers {
		list[i] = n.layers[i].out
	}
	return list
}

// Load writes values to matrices, both in the order of Config.Shapes.
func (n *Network) Load(mats []compute.Mat, values [][]float32) error {
	if len(mats) != len(values) {
		return errors.New("the number of values differs from that of the parameters")
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
		return errors.New("the number of values differs from that of the parameters")
	}
	for i, m := range mats {
		if err := n.backend.Read(values[i], m); err != nil {
			return err
		}
	}
	return nil
}

// Values reads matrices.
func (n *Network) Values(mats []compute.Mat) ([][]float32, error) {
	values := make([][]float32, len(mats))
	for i, m := range mats {
		values[i] = make([]float32, m.Len())
	}
	return values, n.Store(mats, values)
}
