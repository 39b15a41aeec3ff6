package cpu

import (
	"errors"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A plan is a program on its way from ops to nodes, with the layouts that the nodes need.
type plan struct {
	backend *Backend
	program compute.Program
	flow    []*flow.Access // of each op
	nodes   []*node
	layouts []layout
	fused   []bool // ops that are part of another op's node
	// By the number of an op:
	gradients    map[int]int        // of an update, the op that makes its gradient
	byteOperands map[int]byteMatrix // of a product, the operand that it reads as bytes
	byteBatches  map[int]*byteBatch // of a Warp or Dropout, the bytes that it makes
}

// plan makes a node of each op, or of several fused ops.
func (b *Backend) plan(p compute.Program) (*plan, error) {
	l := &plan{backend: b, program: p, flow: flow.Accesses(p.Ops), fused: make([]bool, len(p.Ops)),
		gradients: make(map[int]int), byteOperands: make(map[int]byteMatrix), byteBatches: make(map[int]*byteBatch)}
	first := l.findFirstLayer()
	l.findByteOperands()
	l.findFields()
	l.findUpdates()
	l.chooseLayouts(first)
	for i, op := range p.Ops {
		if l.fused[i] {
			continue
		}
		n := first.node(l, i)
		if n == nil {
			n = l.update(i)
		}
		if n == nil {
			construct, ok := constructors[op.Name()]
			if !ok {
				return nil, &compute.OpError{Program: p.Name, Index: i, Op: op.Name(),
					Err: errors.New("the CPU backend does not support this op")}
			}
			n = construct(l, i, op)
		}
		l.nodes = append(l.nodes, n)
	}
	return l, nil
}

// chooseLayouts lists the layout of every matrix: transposed for the matrices of the first layer,
// that of the source for an average, and row-major for all others.
func (l *plan) chooseLayouts(first *firstLayer) {
	seen := make(map[compute.Buffer]bool)
	for _, m := range first.transposed() {
		seen[m.Buf] = true
		l.layouts = append(l.layouts, layout{buf: m.Buf.(*buffer[float32]), rows: m.Rows, cols: m.Cols, transposed: true})
	}
	for i, op := range l.program.Ops {
		// Average is right in any layout that both matrices have. No other op of the program
		// may need another layout.
		if a, ok := op.(compute.Average); ok && a.Src.Buf != a.Dst.Buf && whole(a.Src) && whole(a.Dst) &&
			flow.OnlyUsedBy(l.flow, a.Src, i) && flow.OnlyUsedBy(l.flow, a.Dst, i) {
			seen[a.Src.Buf], seen[a.Dst.Buf] = true, true
			l.layouts = append(l.layouts, layout{buf: a.Dst.Buf.(*buffer[float32]), like: a.Src.Buf.(*buffer[float32])})
		}
		for _, o := range compute.Matrices(op) {
			if !seen[o.Mat.Buf] {
				seen[o.Mat.Buf] = true
				l.layouts = append(l.layouts, layout{buf: o.Mat.Buf.(*buffer[float32])})
			}
		}
	}
}

// findUpdates pairs each update with the op that makes its gradient. The gradient must be
// scratch that no other op uses; it is not stored. The pair runs in the update's place, so the
// inputs of the gradient must not change before.
func (l *plan) findUpdates() {
	for j, op := range l.program.Ops {
		u, ok := op.(compute.Update)
		if !ok || l.fused[j] || !l.program.IsScratch(u.G) {
			continue
		}
		i := flow.LastWriter(l.flow, u.G, j)
		if i < 0 || l.fused[i] || !flow.OnlyUsedBy(l.flow, u.G, i, j) || !flow.Unchanged(l.flow, i+1, j, l.flow[i].Reads...) {
			continue
		}
		switch o := l.program.Ops[i].(type) {
		case compute.MatMul:
			if o.Dst != u.G || !o.TransA || o.TransB || flow.OverlapAny(l.flow[j].Writes, l.flow[i].Reads) {
				continue
			}
		case compute.ColumnSum: // its operands may be written: all sums are complete by then
			if o.Dst != u.G {
				continue
			}
		default:
			continue
		}
		l.fused[i], l.gradients[j] = true, i
	}
}

// update makes a node of update j and the op that makes its gradient, or returns nil if they are
// not paired.
func (l *plan) update(j int) *node {
	i, ok := l.gradients[j]
	if !ok {
		return nil
	}
	u := l.program.Ops[j].(compute.Update)
	if o, ok := l.program.Ops[i].(compute.MatMul); ok {
		return l.productUpdate(i, o, u)
	}
	return sumUpdateNode(l.program.Ops[i].(compute.ColumnSum), u)
}

// constructors has the function that makes a node of an op alone, by the op's name.
var constructors = map[string]func(l *plan, i int, op compute.Op) *node{}

// register makes f the constructor of the nodes of ops of type O. i is the place of the op.
func register[O compute.Op](f func(l *plan, i int, o O) *node) {
	var zero O
	constructors[zero.Name()] = func(l *plan, i int, op compute.Op) *node { return f(l, i, op.(O)) }
}

// data returns the memory of a matrix that Check has accepted, or nil for none.
func data(m compute.Mat) []float32 {
	if m.IsZero() {
		return nil
	}
	return m.Buf.(*buffer[float32]).data[m.Off : m.Off+m.Len() : m.Off+m.Len()]
}

// rowNumbers returns the entries of an index, or nil for the natural order.
func rowNumbers(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*buffer[uint32]).data[:x.Len]
}

// rowNumber returns entry i of an index.
func rowNumber(index []uint32, i int) int {
	if index == nil {
		return i
	}
	return int(index[i])
}
