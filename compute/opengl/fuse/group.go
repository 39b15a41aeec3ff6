package fuse

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A Group is one op of a program, or several ops that are fused. Its fields determine the kind:
//
//	op                        one op; with drop, an op that reads inputs, and their dropout
//	product, activate         a layer (layer.comp); with drop, dropout of its outputs too
//	product, pixels           a product of rows that it gathers for itself, maybe with activate
//	product, delta            deltas sent back (product_delta.comp); with drop, through dropout
//	product, loss             the head of a network (head.comp); with back, deltas sent back too
//	product or sum, update    an update of parameters, until JoinUpdates
//	updates                   several updates of parameters (product_update.comp)
type Group struct {
	op compute.Op

	product  *compute.MatMul
	pixels   *compute.Gather // the group gathers these rows for itself
	activate *compute.Activate
	delta    *compute.Delta
	drop     *compute.Dropout
	loss     *compute.Loss
	back     *Group // the deltas that a head sends back
	sum      *compute.ColumnSum
	update   *compute.Update
	updates  *updateGroup

	last int // index of the last of its ops in the program
	flow.Access
}

// maxOutputs is the largest number of outputs of head.comp.
const maxOutputs = 64

// Groups returns the ops of a program as groups, in an order that gives the same results.
func Groups(p compute.Program, o Options) []*Group {
	f := &fusion{program: p, maxTerms: o.MaxTerms}
	for i, op := range p.Ops {
		f.list = append(f.list, &Group{op: op, last: i, Access: flow.Of(op)})
	}
	if !o.Plain {
		fuse(f, f.update)
		fuse(f, f.activation)
		fuse(f, f.dropout)
		fuse(f, f.deltas)
		fuse(f, f.head)
		f.gathers()
	}
	return f.list
}

// A fusion is a program on its way from ops to groups.
type fusion struct {
	program  compute.Program
	maxTerms int // of a sum in one dispatch
	list     []*Group
}

// fuse calls join for each op of type T that is not fused. join returns the group that replaces the
// op at place j, and the places of the other groups that are part of it; or nil.
func fuse[T compute.Op](f *fusion, join func(op T, j int) (*Group, []int)) {
	for j := 0; j < len(f.list); j++ {
		op, ok := f.list[j].op.(T)
		if !ok {
			continue
		}
		g, others := join(op, j)
		if g == nil {
			continue
		}
		g.last = f.list[j].last
		f.list[j] = g
		slices.Sort(others)
		for _, i := range slices.Backward(others) {
			f.list = slices.Delete(f.list, i, i+1)
			if i < j {
				j--
			}
		}
	}
}

// update fuses an update with the product or the column sum that makes its gradient. The gradient is
// then not stored.
func (f *fusion) update(u compute.Update, j int) (*Group, []int) {
	i := flow.LastWriter(f.list, u.G, j)
	if u.Clip != 0 || i < 0 || !flow.Movable(f.list, i, j) || !f.private(u.G, i, j) {
		return nil, nil
	}
	g := &Group{update: &u}
	gradient := f.list[i]
	switch o := gradient.op.(type) {
	case compute.MatMul:
		if o.Dst != u.G || !o.TransA || o.TransB || o.A.Rows > f.maxTerms {
			return nil, nil
		}
		g.product = &o
	case compute.ColumnSum:
		// An element of a bias shares a storage block with its V and S.
		if o.Dst != u.G || o.Src.Rows > f.maxTerms || !sameBuffer(u.W, u.V, u.S) {
			return nil, nil
		}
		g.sum = &o
	default:
		return nil, nil
	}
	g.Writes = f.list[j].Writes
	// One tile changes parameters while another still reads.
	if flow.OverlapAny(g.Writes, gradient.Reads) {
		return nil, nil
	}
	g.Reads = slices.Concat(gradient.Reads, without(f.list[j].Reads, u.G))
	return g, []int{i}
}

// activation fuses an activation with the product whose sums it takes.
func (f *fusion) activation(a compute.Activate, j int) (*Group, []int) {
	i := flow.LastWriter(f.list, a.Src, j)
	o, ok := f.product(i, j, a.Src)
	if !ok || a.F == compute.Softmax || a.Dst != a.Src && !f.private(a.Src, i, j) {
		return nil, nil
	}
	g := &Group{product: &o, activate: &a}
	g.Reads, g.Writes = present(o.A, o.B, a.Bias), []compute.Mat{a.Dst}
	if flow.OverlapAny(g.Writes, g.Reads) {
		return nil, nil
	}
	return g, []int{i}
}

// dropout fuses a dropout with the layer whose outputs it drops, or with the op that reads the inputs.
// The outputs of the layer are stored too, because the backward pass needs them. The inputs are not.
func (f *fusion) dropout(d compute.Dropout, j int) (*Group, []int) {
	i := flow.LastWriter(f.list, d.Src, j)
	if i < 0 || f.list[i].drop != nil || flow.Overlap(d.Dst, f.list[i].Reads...) || !flow.Movable(f.list, i, j) {
		return nil, nil
	}
	g := *f.list[i]
	g.drop, g.Writes = &d, []compute.Mat{d.Dst}
	switch {
	case g.activate != nil && g.activate.Dst == d.Src && d.Dst != d.Src:
		g.Writes = append(g.Writes, d.Src)
	case g.inputs() == d.Src && (d.Dst == d.Src || f.private(d.Src, i, j)):
	default:
		return nil, nil
	}
	return &g, []int{i}
}

// inputs returns the matrix that an op which reads inputs writes, or none.
func (g *Group) inputs() compute.Mat {
	switch o := g.op.(type) {
	case compute.Gather:
		return o.Dst
	case compute.Warp:
		return o.Dst
	}
	return compute.Mat{}
}

// deltas fuses a delta with the product that sends the error back, and with the dropout between
// them.
func (f *fusion) deltas(d compute.Delta, j int) (*Group, []int) {
	i := flow.LastWriter(f.list, d.Back, j)
	drop, back := f.dropoutBetween(i, j, d.Back)
	others := []int{i}
	if drop != nil {
		others = append(others, flow.LastWriter(f.list, back, i))
	}
	o, ok := f.product(others[len(others)-1], j, back, i)
	if !ok || d.Dst != d.Back && !f.private(d.Back, append(slices.Clone(others), j)...) {
		return nil, nil
	}
	g := &Group{product: &o, drop: drop, delta: &d}
	g.Reads, g.Writes = []compute.Mat{o.A, o.B, d.Y}, []compute.Mat{d.Dst}
	if flow.OverlapAny(g.Writes, g.Reads) {
		return nil, nil
	}
	return g, others
}

// dropoutBetween returns the dropout at place i that makes m, and the matrix that it takes, if it can
// be done where m is taken, at place j. Otherwise it returns nil and m.
func (f *fusion) dropoutBetween(i, j int, m compute.Mat) (*compute.Dropout, compute.Mat) {
	if i < 0 {
		return nil, m
	}
	o, ok := f.list[i].op.(compute.Dropout)
	if !ok || o.Dst != m || !flow.Movable(f.list, i, j) {
		return nil, m
	}
	if at := flow.LastWriter(f.list, o.Src, i); at < 0 || o.Src != m && !f.private(o.Src, at, i) {
		return nil, m
	}
	return &o, o.Src
}

// product returns the product at place i that computes m, and reports whether it can be fused with the
// group at place j that uses m. The groups at the places between will be fused with the two.
func (f *fusion) product(i, j int, m compute.Mat, between ...int) (compute.MatMul, bool) {
	if i < 0 {
		return compute.MatMul{}, false
	}
	o, ok := f.list[i].op.(compute.MatMul)
	_, _, k := dimensions(o)
	return o, ok && o.Dst == m && !o.TransA && k <= f.maxTerms && flow.Movable(f.list, i, j, between...)
}

// head fuses a loss with the product that makes its sums, and with the group that sends its gradient
// back.
func (f *fusion) head(l compute.Loss, j int) (*Group, []int) {
	i := flow.LastWriter(f.list, l.Z, j)
	o, ok := f.product(i, j, l.Z)
	if !ok || l.Z.Cols > maxOutputs || !o.TransB || l.Delta != l.Z && !f.private(l.Z, i, j) {
		return nil, nil
	}
	g := &Group{product: &o, loss: &l}
	g.Reads = append([]compute.Mat{o.A, o.B, l.Stats}, present(l.Bias, l.Targets)...)
	g.Writes = slices.Clone(f.list[j].Writes)
	if flow.OverlapAny(g.Writes, present(o.A, o.B, l.Bias, l.Targets)) || !sameBuffer(o.B, l.Bias) {
		return nil, nil
	}
	others := []int{i}
	if b := f.backOf(g, j); b >= 0 {
		g.back = f.list[b]
		g.Reads = append(g.Reads, g.back.delta.Y)
		g.Writes = append(g.Writes, g.back.delta.Dst)
		others = append(others, b)
	}
	return g, others
}

// backOf returns the place of the group that sends the gradient of a head at place j back through
// the weights of the output layer, or −1.
func (f *fusion) backOf(head *Group, j int) int {
	for b := j + 1; b < len(f.list); b++ {
		back := f.list[b]
		if back.delta == nil || back.product.A != head.loss.Delta || back.product.B != head.product.B || back.product.TransB ||
			back.drop == nil && back.delta.Y != head.product.A {
			continue
		}
		dst, y := back.delta.Dst, back.delta.Y
		if flow.Movable(f.list, b, j) && sameBuffer(head.product.A, dst, y) && !flow.Overlap(y, head.Writes...) &&
			!flow.Overlap(dst, head.Reads...) && !flow.Overlap(dst, head.Writes...) {
			return b
		}
	}
	return -1
}

// gathers removes each gather whose rows are read only by groups that can gather for themselves.
func (f *fusion) gathers() {
	for i := 0; i < len(f.list); i++ {
		o, ok := f.list[i].op.(compute.Gather)
		if !ok || f.list[i].drop != nil || !f.program.IsScratch(o.Dst) {
			continue
		}
		var readers []*Group
		possible := true
		for j, g := range f.list {
			if j != i && g.Touches(o.Dst) {
				possible = possible && j > i && g.gathersFor(o, f.maxTerms)
				readers = append(readers, g)
			}
		}
		if !possible || len(readers) == 0 {
			continue
		}
		for _, g := range readers {
			if m, ok := g.op.(compute.MatMul); ok {
				g.op, g.product = nil, &m
			}
			g.pixels = &o
			g.Reads = without(g.Reads, o.Dst)
		}
		f.list = slices.Delete(f.list, i, i+1)
		i--
	}
}

// gathersFor reports whether a group can gather rows for itself instead of reading them from the
// matrix where a gather put them.
func (g *Group) gathersFor(o compute.Gather, maxTerms int) bool {
	if flow.Overlap(o.Dst, g.Writes...) {
		return false
	}
	if m, ok := g.op.(compute.MatMul); ok {
		_, _, k := dimensions(m)
		return m.A == o.Dst && !m.TransA && !flow.Overlap(o.Dst, m.B) && k <= maxTerms
	}
	switch {
	case g.product == nil || g.loss != nil || g.delta != nil:
		return false
	case g.update != nil:
		return g.product.B == o.Dst && !flow.Overlap(o.Dst, g.product.A)
	}
	return g.product.A == o.Dst && !flow.Overlap(o.Dst, g.product.B) && !flow.Overlap(o.Dst, g.activate.Bias)
}

// private reports whether a matrix is scratch that only the groups at some places touch.
func (f *fusion) private(m compute.Mat, places ...int) bool {
	return f.program.IsScratch(m) && flow.OnlyUsedBy(f.list, m, places...)
}
