package gradcheck

import (
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A loadedNetwork is a network with a batch on a backend.
type loadedNetwork struct {
	backend  compute.Backend
	training mlp.Training
	network  *mlp.Network
	set      mlp.Set
	rows     int
	values   [][]float32 // of the parameters
	args     compute.Args
	buffers  []compute.Buffer
}

// load allocates the network and a batch on a backend. The caller must free the loadedNetwork, even if there is an error.
func (s Subject) load(b compute.Backend, batch *dataset.Set) (*loadedNetwork, error) {
	n := &loadedNetwork{backend: b, training: s.Training, rows: batch.Len(), args: compute.Args{Seed: s.Seed}, values: s.parameters()}
	err := n.loadBatch(batch)
	if err == nil {
		n.network, err = mlp.New(b, s.Network, n.rows, s.Training)
	}
	if err == nil {
		err = n.network.Load(n.network.Parameters(), n.values)
	}
	if err == nil && s.Training.Augment.Elastic() {
		err = n.network.Blur(s.Training.Augment.SigmaOf(s.Seed, 0))
	}
	return n, err
}

func (n *loadedNetwork) free() {
	if n.network != nil {
		n.network.Free()
	}
	for _, b := range n.buffers {
		n.backend.Free(b)
	}
}

func (n *loadedNetwork) loadBatch(d *dataset.Set) (err error) {
	numbers := func(dst *compute.Mat, values []float32) {
		if err != nil || values == nil {
			return
		}
		if *dst, err = n.backend.Alloc(n.rows, len(values)/n.rows); err == nil {
			n.buffers = append(n.buffers, dst.Buf)
			err = n.backend.Write(*dst, values)
		}
	}
	bytes := func(dst *compute.Bytes, data []byte) {
		if err != nil || data == nil {
			return
		}
		if *dst, err = n.backend.AllocBytes(n.rows, len(data)/n.rows); err == nil {
			n.buffers = append(n.buffers, dst.Buf)
			err = n.backend.WriteBytes(*dst, data)
		}
	}
	numbers(&n.set.Values, d.Values)
	numbers(&n.set.Targets, d.Targets)
	numbers(&n.set.Stats, make([]float32, 2*n.rows))
	bytes(&n.set.Images, d.Images)
	bytes(&n.set.Labels, d.Labels)
	if err != nil {
		return fmt.Errorf("a batch of %d: %w", n.rows, err)
	}
	return nil
}

// run compiles a program and runs it once.
func (n *loadedNetwork) run(p compute.Program, args compute.Args) error {
	x, err := n.backend.Compile(p)
	if err != nil {
		return err
	}
	defer x.Release()
	x.Run(args)
	return n.backend.Sync()
}

// gradients runs a training step and returns the gradient of each parameter that it used, with penalties.
//
// No program stores these gradients. But if velocities and squares are 0 before the step, and the momentum is 0, the rules reveal
// them: a velocity becomes V = g, for Adam too, whose factor 1 − μ is 1. Squares of RMSProp become S = (1−ρ)·g²,
// and the step has the sign of g. For plain gradient descent a learning rate of 2²⁰ makes the step so large that the old weight is
// negligible.
func (n *loadedNetwork) gradients() ([][]float64, error) {
	p, err := n.network.TrainStep(n.set, n.rows)
	if err != nil {
		return nil, err
	}
	args := n.args
	args.LearningRate = 1 << 20
	if err := n.run(p, args); err != nil {
		return nil, err
	}
	net := n.network
	after, err := net.Values(net.Parameters())
	if err != nil {
		return nil, err
	}
	velocities, err := net.Values(net.Velocities())
	if err != nil {
		return nil, err
	}
	squares, err := net.Values(net.Squares())
	if err != nil {
		return nil, err
	}
	list := make([][]float64, len(after))
	for i := range list {
		list[i] = make([]float64, len(after[i]))
		for e := range list[i] {
			moved := float64(n.values[i][e]) - float64(after[i][e])
			switch {
			case n.training.Velocities():
				list[i][e] = float64(velocities[i][e])
			case n.training.Squares():
				list[i][e] = math.Copysign(math.Sqrt(float64(squares[i][e])/(1-float64(n.training.Rho))), moved)
			default:
				list[i][e] = moved / float64(args.LearningRate)
			}
		}
	}
	return list, nil
}

// input returns the network's inputs as the backend reads and distorts them. ops make these inputs.
func (n *loadedNetwork) input(ops []compute.Op) ([]float32, error) {
	if err := n.run(compute.Program{Name: "inputs", Ops: ops}, n.args); err != nil {
		return nil, err
	}
	x := compute.Matrices(ops[len(ops)-1])[0].Mat
	values := make([]float32, x.Len())
	return values, n.backend.Read(values, x)
}

// inputOps returns the ops of a step up to the one that makes the network's inputs.
func inputOps(ops []compute.Op) []compute.Op {
	last := slices.IndexFunc(ops, func(o compute.Op) bool {
		switch o.(type) {
		case compute.Gather, compute.Take, compute.Warp:
			return true
		}
		return false
	})
	return ops[:last+1]
}
