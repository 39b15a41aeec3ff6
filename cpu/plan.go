package cpu

import (
	"errors"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A plan is a program as nodes, and the layouts that they need.
type plan struct {
	backend *Backend
	program compute.Program
	flow    []*flow.Access // of each op
	nodes   []*node
	layouts []layout
	taken   []bool // ops that are part of another's node
	// gradient tells which op makes the gradient of an update that is fused with it.
	gradient map[int]int
	// gathers tells of which pictures a product makes numbers by itself.
	gathers map[int]pictures
	// batches tells what becomes of the bytes that an op makes.
	batches map[int]*batch
}

// plan makes a node of each op, or of several.
func (b *Backend) plan(p compute.Program) (*plan, error) {
	l := &plan{backend: b, program: p, flow: flow.Accesses(p.Ops), taken: make([]bool, len(p.Ops)),
		gradient: make(map[int]int), gathers: make(map[int]pictures), batches: make(map[int]*batch)}
	first := l.findFirstLayer()
	l.findGathers()
	l.findFields()
	l.findUpdates()
	l.needLayouts(first)
	for i, op := range p.Ops {
		if l.taken[i] {
			continue
		}
		n := first.node(l, i)
		if n == nil {
			n = l.update(i)
		}
		if n == nil {
			n = l.single(i, op)
		}
		if n == nil {
			return nil, &compute.OpError{Program: p.Name, Index: i, Op: op.Name(),
				Err: errors.New("the CPU backend does not know this op")}
		}
		l.nodes = append(l.nodes, n)
	}
	return l, nil
}

// needLayouts asks for every matrix row by row, but for those that the first
// layer wants transposed and those that are averaged, whose layout is that of the other.
func (l *plan) needLayouts(first *firstLayer) {
	seen := make(map[compute.Buffer]bool)
	for _, m := range first.turned() {
		seen[m.Buf] = true
		l.layouts = append(l.layouts, layout{buf: m.Buf.(*buffer[float32]), rows: m.Rows, cols: m.Cols, transposed: true})
	}
	for i, op := range l.program.Ops {
		// An average is right in any layout that both its matrices have. Where no other op uses
		// them, none has asked for another.
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

// findUpdates pairs each update with the op that makes its gradient, if that is
// scratch, and nobody else's: then it need never be stored. The pair is done where
// the update stands, so what the gradient is made of must still be there.
func (l *plan) findUpdates() {
	for j, op := range l.program.Ops {
		u, ok := op.(compute.Update)
		if !ok || l.taken[j] || !l.program.IsScratch(u.G) {
			continue
		}
		i := flow.LastWriter(l.flow, u.G, j)
		if i < 0 || l.taken[i] || !flow.OnlyUsedBy(l.flow, u.G, i, j) || !flow.Unchanged(l.flow, i+1, j, l.flow[i].Reads...) {
			continue
		}
		switch o := l.program.Ops[i].(type) {
		case compute.MatMul:
			if o.Dst != u.G || !o.TransA || o.TransB || flow.OverlapAny(l.flow[j].Writes, l.flow[i].Reads) {
				continue
			}
		case compute.ColumnSum: // the sums are complete before the first is used
			if o.Dst != u.G {
				continue
			}
		default:
			continue
		}
		l.taken[i], l.gradient[j] = true, i
	}
}

// update makes the node of update j with its gradient, if they were paired.
func (l *plan) update(j int) *node {
	i, ok := l.gradient[j]
	if !ok {
		return nil
	}
	u := l.program.Ops[j].(compute.Update)
	if o, ok := l.program.Ops[i].(compute.MatMul); ok {
		return l.productUpdate(i, o, u)
	}
	return sumUpdateNode(l.program.Ops[i].(compute.ColumnSum), u)
}

// single makes a node of op i alone.
func (l *plan) single(i int, op compute.Op) *node {
	switch o := op.(type) {
	case compute.Gather:
		return l.gatherNode(i, o)
	case compute.MatMul:
		return l.product(i, o)
	case compute.Activate:
		return activateNode(o)
	case compute.Delta:
		return deltaNode(o)
	case compute.Loss:
		return l.lossNode(o)
	case compute.ColumnSum:
		return columnSumNode(o)
	case compute.Update:
		return updateNode(o)
	case compute.Fill:
		return fillNode(o)
	case compute.Take:
		return takeNode(o)
	case compute.SquareSum:
		return l.squareSumNode(o)
	case compute.MaxNorm:
		return maxNormNode(o)
	case compute.Average:
		return averageNode(o)
	case compute.Dropout:
		return l.dropoutNode(i, o)
	case compute.Noise:
		return noiseNode(o)
	case compute.Warp:
		return l.warpNode(i, o)
	}
	return nil
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
