package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// Most pixels of MNIST are zero (81%), and a zero adds nothing to a sum. Where a program gathers
// bytes only to multiply them with weights, the first layer skips the zeros. Its weights are
// kept transposed: the weights of a pixel are contiguous, and the layer adds up those rows,
//
//	z[i,:] = Σ x[i,p]·Wᵀ[p,:]       over the pixels p that are not zero in sample i
//	W′ᵀ[p,:] = Σ x[i,p]·δ[i,:]      over the samples i in which pixel p is not zero

// A firstLayer is the ops of a program that the sparse first layer does.
type firstLayer struct {
	input     byteMatrix
	forward   compute.MatMul
	forwardOp int
	// In a program that trains; otherwise updateOp is −1.
	update               compute.Update
	deltas               compute.Mat
	gradientOp, updateOp int
	others               transposedUses
}

// maxNonZero is the fraction of non-zero bytes above which skipping zeros takes longer than
// multiplying with them.
const maxNonZero = 0.4

// findFirstLayer returns the first layer of the program, or nil if no layer has enough zeros.
func (l *plan) findFirstLayer() *firstLayer {
	for i := range l.program.Ops {
		p, ok := l.byteMatrix(i)
		if !ok || p.shift != 0 || p.density() > maxNonZero {
			continue
		}
		f := &firstLayer{input: p, forwardOp: -1, updateOp: -1}
		if f.find(l) {
			l.useBytes(p, l.program.IsScratch(p.x))
			if f.updateOp >= 0 && len(f.others.squareSums) == 0 {
				l.fused[f.gradientOp] = true
			}
			return f
		}
	}
	return nil
}

// find sets the products that read the input. It reports false if another op uses the input or
// the weights.
func (f *firstLayer) find(l *plan) bool {
	x := f.input.x
	for _, i := range flow.Users(l.flow, x) {
		if i == f.input.op {
			continue
		}
		o, ok := l.program.Ops[i].(compute.MatMul)
		switch {
		case !ok || i < f.input.op:
			return false
		case o.A == x && !o.TransA && o.TransB && whole(o.B) && f.forwardOp < 0:
			f.forward, f.forwardOp = o, i
		case o.B == x && o.TransA && !o.TransB && f.updateOp < 0 && !flow.Overlap(x, o.A) && f.findUpdate(l, i, o):
		default:
			return false
		}
	}
	if f.forwardOp < 0 || f.updateOp >= 0 && f.update.W != f.forward.B {
		return false
	}
	for _, m := range f.parameters() {
		if !f.others.find(l, m, m == f.forward.B, f.forwardOp, f.updateOp) {
			return false
		}
	}
	return true
}

// findUpdate sets the update by the gradient that op i makes. It reports false if the layer cannot
// do it.
func (f *firstLayer) findUpdate(l *plan, i int, o compute.MatMul) bool {
	for j, op := range l.program.Ops {
		u, ok := op.(compute.Update)
		if !ok || u.G != o.Dst {
			continue
		}
		if j < i || !whole(u.W) || !u.V.IsZero() && !whole(u.V) || !u.S.IsZero() && !whole(u.S) || !l.program.IsScratch(u.G) ||
			!f.others.findSquareSums(l, u.G, i, j) || !flow.Unchanged(l.flow, i+1, j, l.flow[i].Reads...) {
			return false
		}
		f.update, f.deltas, f.gradientOp, f.updateOp = u, o.A, i, j
		return true
	}
	return false
}

// transposed lists the matrices that the layer keeps transposed.
func (f *firstLayer) transposed() []compute.Mat {
	if f == nil {
		return nil
	}
	return append(f.parameters(), f.others.mats...)
}

// parameters lists the weights, their velocities and their squares.
func (f *firstLayer) parameters() []compute.Mat {
	list := []compute.Mat{f.forward.B}
	for _, m := range []compute.Mat{f.update.V, f.update.S} {
		if !m.IsZero() {
			list = append(list, m)
		}
	}
	return list
}

// node returns the node of op i, or nil if the layer does not do it.
func (f *firstLayer) node(l *plan, i int) *node {
	switch {
	case f == nil:
		return nil
	case i == f.forwardOp:
		return f.forwardNode(l)
	case i == f.updateOp && len(f.others.squareSums) > 0:
		return l.updateNode(i, f.update)
	case i == f.updateOp:
		return f.updateNode(l)
	case i == f.gradientOp && f.updateOp >= 0:
		return f.gradientNode(l)
	case slices.Contains(f.others.squareSums, i):
		return l.transposedSquareSumNode(l.program.Ops[i].(compute.SquareSum))
	case slices.Contains(f.others.maxNorms, i):
		return l.transposedMaxNormNode(l.program.Ops[i].(compute.MaxNorm))
	}
	return nil
}
