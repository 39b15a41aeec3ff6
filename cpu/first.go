package cpu

import "shadegrad/compute"

// Most pixels of MNIST are zero (81%), and a zero adds nothing to a sum. So where
// a program gathers bytes only to multiply them with weights, the first layer
// passes over them, and its weights are kept transposed: the weights of one pixel lie
// side by side, and the layer's sums are sums of such rows,
//
//	z[i,:] = Σ x[i,p]·Wᵀ[p,:]       over the pixels p that are not zero in sample i
//	W′ᵀ[p,:] = Σ x[i,p]·δ[i,:]      over the samples i in which pixel p is not zero

// A firstLayer is what a plan found of this kind.
type firstLayer struct {
	gather   compute.Gather
	gatherOp int
	forward  compute.MatMul
	forwards int // the op
	// Where the program trains; otherwise updates is −1.
	update             compute.Update
	deltas             compute.Mat
	gradients, updates int // the ops
}

// mostNonZero is the share of bytes that are not zero above which to pass
// over the others costs more than it saves.
const mostNonZero = 0.4

// findFirstLayer returns the first layer of the program, or nil if it has none
// with zeros enough.
func (l *plan) findFirstLayer() *firstLayer {
	for i, op := range l.program.Ops {
		g, ok := op.(compute.Gather)
		if !ok || g.Shift != 0 || density(g.Src) > mostNonZero {
			continue
		}
		f := &firstLayer{gather: g, gatherOp: i, forwards: -1, updates: -1}
		if f.find(l) {
			l.taken[i] = l.program.IsScratch(g.Dst) // nobody reads what it gathers
			if f.updates >= 0 {
				l.taken[f.gradients] = true
			}
			return f
		}
	}
	return nil
}

// density estimates the share of bytes that are not zero.
func density(src compute.Bytes) float64 {
	bytes := src.Buf.(*buffer[byte]).data
	// A stride that no image's width divides, so that no column is preferred.
	const stride = 1009
	n, set := 0, 0
	for i := 0; i < len(bytes) && n < 1<<16; i += stride {
		n++
		if bytes[i] != 0 {
			set++
		}
	}
	return float64(set) / float64(n)
}

// find looks for the products that use what is gathered. There must be nothing
// else that does, nor anything else that uses the weights.
func (f *firstLayer) find(l *plan) bool {
	x := f.gather.Dst
	for i, op := range l.program.Ops {
		if i == f.gatherOp || !uses(op, x) {
			continue
		}
		o, ok := op.(compute.MatMul)
		switch {
		case !ok || i < f.gatherOp:
			return false
		case o.A == x && !o.TransA && o.TransB && whole(o.B) && f.forwards < 0:
			f.forward, f.forwards = o, i
		case o.B == x && o.TransA && !o.TransB && f.updates < 0 && !overlapsAny(x, o.A) && f.findUpdate(l, i, o):
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
			!l.onlyUses(u.G, i, j) || !l.keeps(i, j) {
			return false
		}
		f.update, f.deltas, f.gradients, f.updates = u, o.A, i, j
		return true
	}
	return false
}

// alone tells whether no other op uses the weights, their velocities or their squares.
func (f *firstLayer) alone(l *plan) bool {
	mine := []int{f.forwards, f.updates}
	for _, m := range f.turned() {
		if !l.onlyUses(m, mine...) {
			return false
		}
	}
	return true
}

func uses(op compute.Op, m compute.Mat) bool {
	for _, o := range op.Operands() {
		if overlapsAny(m, o.Mat) {
			return true
		}
	}
	return false
}

// turned lists the matrices that the layer wants transposed.
func (f *firstLayer) turned() []compute.Mat {
	if f == nil {
		return nil
	}
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
	case i == f.updates:
		return f.updateNode(l)
	}
	return nil
}
