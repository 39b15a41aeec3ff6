package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// Most pixels of MNIST are zero (81%), and a zero adds nothing to a sum. So where
// a program gathers bytes only to multiply them with weights, the first layer
// passes over them, and its weights are kept transposed: the weights of one pixel lie
// side by side, and the layer's sums are sums of such rows,
//
//	z[i,:] = Σ x[i,p]·Wᵀ[p,:]       over the pixels p that are not zero in sample i
//	W′ᵀ[p,:] = Σ x[i,p]·δ[i,:]      over the samples i in which pixel p is not zero

// A firstLayer is what a plan found of this kind.
type firstLayer struct {
	from     pictures
	forward  compute.MatMul
	forwards int // the op
	// Where the program trains; otherwise updates is −1.
	update             compute.Update
	deltas             compute.Mat
	gradients, updates int // the ops
	beside             beside
}

// mostNonZero is the share of bytes that are not zero above which to pass
// over the others costs more than it saves.
const mostNonZero = 0.4

// findFirstLayer returns the first layer of the program, or nil if it has none
// with zeros enough.
func (l *plan) findFirstLayer() *firstLayer {
	for i := range l.program.Ops {
		p, ok := l.pictures(i)
		if !ok || p.shift != 0 || p.density() > mostNonZero {
			continue
		}
		f := &firstLayer{from: p, forwards: -1, updates: -1}
		if f.find(l) {
			l.give(p, l.program.IsScratch(p.x))
			if f.updates >= 0 && len(f.beside.sums) == 0 {
				l.taken[f.gradients] = true
			}
			return f
		}
	}
	return nil
}

// find looks for the products that use what is gathered. There must be nothing
// else that does, nor anything else that uses the weights.
func (f *firstLayer) find(l *plan) bool {
	x := f.from.x
	for _, i := range flow.Users(l.flow, x) {
		if i == f.from.op {
			continue
		}
		o, ok := l.program.Ops[i].(compute.MatMul)
		switch {
		case !ok || i < f.from.op:
			return false
		case o.A == x && !o.TransA && o.TransB && whole(o.B) && f.forwards < 0:
			f.forward, f.forwards = o, i
		case o.B == x && o.TransA && !o.TransB && f.updates < 0 && !flow.Overlap(x, o.A) && f.findUpdate(l, i, o):
		default:
			return false
		}
	}
	if f.forwards < 0 || f.updates >= 0 && f.update.W != f.forward.B {
		return false
	}
	return f.alone(l)
}

// findUpdate looks for the update by the gradient that op i makes.
func (f *firstLayer) findUpdate(l *plan, i int, o compute.MatMul) bool {
	for j, op := range l.program.Ops {
		u, ok := op.(compute.Update)
		if !ok || u.G != o.Dst {
			continue
		}
		if j < i || !whole(u.W) || !u.V.IsZero() && !whole(u.V) || !u.S.IsZero() && !whole(u.S) || !l.program.IsScratch(u.G) ||
			!f.beside.findSums(l, u.G, i, j) || !flow.Unchanged(l.flow, i+1, j, l.flow[i].Reads...) {
			return false
		}
		f.update, f.deltas, f.gradients, f.updates = u, o.A, i, j
		return true
	}
	return false
}

// alone tells whether no other op uses the weights, their velocities or their squares, but
// for those that do so in any layout.
func (f *firstLayer) alone(l *plan) bool {
	mine := []int{f.forwards, f.updates}
	for _, m := range f.own() {
		if !f.beside.find(l, m, m == f.forward.B, mine) {
			return false
		}
	}
	return true
}

// turned lists the matrices that are to be transposed: the layer's and those beside them.
func (f *firstLayer) turned() []compute.Mat {
	if f == nil {
		return nil
	}
	return append(f.own(), f.beside.mats...)
}

// own lists the layer's weights, their velocities and their squares.
func (f *firstLayer) own() []compute.Mat {
	list := []compute.Mat{f.forward.B}
	for _, m := range []compute.Mat{f.update.V, f.update.S} {
		if !m.IsZero() {
			list = append(list, m)
		}
	}
	return list
}

// node returns the node of op i, if it is one of the layer's.
func (f *firstLayer) node(l *plan, i int) *node {
	switch {
	case f == nil:
		return nil
	case i == f.forwards:
		return f.forwardNode(l)
	case i == f.updates && len(f.beside.sums) > 0:
		return updateNode(f.update)
	case i == f.updates:
		return f.updateNode(l)
	case i == f.gradients && f.updates >= 0:
		return f.gradientNode(l)
	case slices.Contains(f.beside.sums, i):
		return l.turnedSquareSumNode(l.program.Ops[i].(compute.SquareSum))
	case slices.Contains(f.beside.bounds, i):
		return l.turnedMaxNormNode(l.program.Ops[i].(compute.MaxNorm))
	}
	return nil
}
