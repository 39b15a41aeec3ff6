package fuse

import (
	"slices"

	"shadegrad/compute"
)

// A node is one op of a program, or several that were fused. Which of its fields are
// set tells what it is:
//
//	op                            an op by itself; with drop, what reads inputs, and dropout of them
//	product, and activate or not  a layer (layer.comp), if pixels or activate is set; with drop
//	                              its outputs after dropout too
//	product, delta                deltas sent back (product_delta.comp); with drop through dropout
//	product, loss, back or not    the head of a network (head.comp)
//	product or sum, update        a change of parameters (product_update.comp)
type node struct {
	op compute.Op

	product  *compute.MatMul
	pixels   *compute.Gather // the node gathers these rows for itself
	activate *compute.Activate
	delta    *compute.Delta
	drop     *compute.Dropout
	loss     *compute.Loss
	back     *node // the deltas that the head sends back
	sum      *compute.ColumnSum
	update   *compute.Update

	updates *updates // several changes of parameters

	number        int // of the last of its ops in the program
	reads, writes []compute.Mat
}

// nodes makes a node of each op of a program.
func nodes(p compute.Program) []*node {
	var list []*node
	for i, op := range p.Ops {
		n := &node{op: op, number: i}
		for _, o := range compute.Matrices(op) {
			if o.Mode != compute.In {
				n.writes = append(n.writes, o.Mat)
			}
			if o.Mode != compute.Out {
				n.reads = append(n.reads, o.Mat)
			}
		}
		list = append(list, n)
	}
	return list
}

// overlap tells whether a matrix shares memory with one of others.
func overlap(m compute.Mat, others ...compute.Mat) bool {
	if m.IsZero() {
		return false
	}
	for _, o := range others {
		if !o.IsZero() && m.Buf == o.Buf && m.Off < o.Off+o.Len() && o.Off < m.Off+m.Len() {
			return true
		}
	}
	return false
}

func overlapAny(list, others []compute.Mat) bool {
	return slices.ContainsFunc(list, func(m compute.Mat) bool { return overlap(m, others...) })
}

// conflicts tells whether two nodes must keep their order.
func (n *node) conflicts(o *node) bool {
	return overlapAny(n.writes, o.writes) || overlapAny(n.writes, o.reads) || overlapAny(n.reads, o.writes)
}

// touches tells whether a node reads or writes some of a matrix.
func (n *node) touches(m compute.Mat) bool { return overlap(m, n.reads...) || overlap(m, n.writes...) }

// without returns a list without the matrix that need not be stored any more.
func without(list []compute.Mat, m compute.Mat) []compute.Mat {
	return slices.DeleteFunc(slices.Clone(list), func(o compute.Mat) bool { return o == m })
}

// A fusion is a program on its way from ops to nodes.
type fusion struct {
	program compute.Program
	slice   int // the most terms of a sum in one dispatch
	list    []*node
}

// fuse makes nodes of a program's ops. The result is that of the ops one after
// another, but for matrices that are scratch: a node is only moved past others that
// have no part in what it reads or writes, and what is not stored nobody else reads.
func fuse(p compute.Program, slice int) []*node {
	f := &fusion{program: p, slice: slice, list: nodes(p)}
	f.updates()
	f.activations()
	f.dropouts()
	f.deltas()
	f.heads()
	f.gathers()
	f.bounds()
	f.collect()
	return f.list
}

// maker returns the place of the last node before place j that writes some of a
// matrix, or −1.
func (f *fusion) maker(m compute.Mat, j int) int {
	for i := j - 1; i >= 0; i-- {
		if overlap(m, f.list[i].writes...) {
			return i
		}
	}
	return -1
}

// passes tells whether the node at place i may be done at place j instead: no node
// between, but for some that are fused with the two, depends on the order.
func (f *fusion) passes(i, j int, but ...int) bool {
	for b := min(i, j) + 1; b < max(i, j); b++ {
		if !slices.Contains(but, b) && f.list[i].conflicts(f.list[b]) {
			return false
		}
	}
	return true
}

// private tells whether a matrix is scratch that only the nodes at some places touch.
func (f *fusion) private(m compute.Mat, places ...int) bool {
	if !f.program.IsScratch(m) {
		return false
	}
	for i, n := range f.list {
		if !slices.Contains(places, i) && n.touches(m) {
			return false
		}
	}
	return true
}

// join puts n in the place j, of a node that is part of it, and takes out the nodes
// at other places that are.
func (f *fusion) join(n *node, j int, others ...int) {
	f.list[j] = n
	slices.Sort(others)
	for q := len(others) - 1; q >= 0; q-- {
		f.list = slices.Delete(f.list, others[q], others[q]+1)
	}
}

// updates fuses each update with the product or the column sum that makes its
// gradient, which is then never stored.
func (f *fusion) updates() {
	for j := 0; j < len(f.list); j++ {
		u, ok := f.list[j].op.(compute.Update)
		if !ok || u.Clip != 0 {
			continue
		}
		i := f.maker(u.G, j)
		if i < 0 || !f.passes(i, j) || !f.private(u.G, i, j) {
			continue
		}
		n := &node{update: &u, number: f.list[j].number, writes: f.list[j].writes}
		made := f.list[i]
		switch o := made.op.(type) {
		case compute.MatMul:
			if o.Dst != u.G || !o.TransA || o.TransB || o.A.Rows > f.slice {
				continue
			}
			n.product = &o
		case compute.ColumnSum:
			if o.Dst != u.G || o.Src.Rows > f.slice {
				continue
			}
			n.sum = &o
		default:
			continue
		}
		// Elements of a bias are in one block with what is kept of them.
		if n.sum != nil && !sameBuffer(u.W, u.V, u.S) {
			continue
		}
		// While one tile changes parameters, another still reads.
		if overlapAny(n.writes, made.reads) {
			continue
		}
		n.reads = slices.Concat(made.reads, without(f.list[j].reads, u.G))
		f.join(n, j, i)
		j--
	}
}

// activations fuses each activation with the product whose sums it takes.
func (f *fusion) activations() {
	for j := 0; j < len(f.list); j++ {
		a, ok := f.list[j].op.(compute.Activate)
		if !ok || a.F == compute.Softmax {
			continue
		}
		i := f.maker(a.Src, j)
		if o, ok := f.product(i, j, a.Src); ok && (a.Dst == a.Src || f.private(a.Src, i, j)) {
			n := &node{product: &o, activate: &a, number: f.list[j].number,
				reads: []compute.Mat{o.A, o.B}, writes: []compute.Mat{a.Dst}}
			if !a.Bias.IsZero() {
				n.reads = append(n.reads, a.Bias)
			}
			if !overlap(a.Dst, n.reads...) {
				f.join(n, j, i)
				j--
			}
		}
	}
}

// dropouts fuses each dropout with what makes what it takes: a layer, whose outputs are stored
// too, since the way back is through their derivative; or what reads inputs, which are not.
func (f *fusion) dropouts() {
	for j := 0; j < len(f.list); j++ {
		d, ok := f.list[j].op.(compute.Dropout)
		if !ok {
			continue
		}
		i := f.maker(d.Src, j)
		if i < 0 || f.list[i].drop != nil || overlap(d.Dst, f.list[i].reads...) || !f.passes(i, j) {
			continue
		}
		n := *f.list[i]
		n.drop, n.number, n.writes = &d, f.list[j].number, []compute.Mat{d.Dst}
		switch made := f.list[i]; {
		case made.activate != nil && made.activate.Dst == d.Src && d.Dst != d.Src:
			n.writes = append(n.writes, d.Src)
		case made.reading() == d.Src && (d.Dst == d.Src || f.private(d.Src, i, j)):
		default:
			continue
		}
		f.join(&n, j, i)
		j--
	}
}

// reading returns the inputs that an op by itself reads and that it may leave out some of,
// or none.
func (n *node) reading() compute.Mat {
	switch o := n.op.(type) {
	case compute.Gather:
		return o.Dst
	case compute.Warp:
		return o.Dst
	}
	return compute.Mat{}
}

// fed returns what a layer makes for the next one.
func (n *node) fed() compute.Mat {
	if n.drop != nil {
		return n.drop.Dst
	}
	return n.activate.Dst
}

// deltas fuses each delta with the product that brings the error back, and with the dropout
// between them.
func (f *fusion) deltas() {
	for j := 0; j < len(f.list); j++ {
		d, ok := f.list[j].op.(compute.Delta)
		if !ok {
			continue
		}
		i := f.maker(d.Back, j)
		drop, back := f.dropoutOf(i, j, d.Back)
		others := []int{i}
		if drop != nil {
			others = append(others, f.maker(back, i))
		}
		at := others[len(others)-1]
		if o, ok := f.product(at, j, back, i); ok && (d.Dst == d.Back || f.private(d.Back, slices.Concat(others, []int{j})...)) {
			n := &node{product: &o, drop: drop, delta: &d, number: f.list[j].number,
				reads: []compute.Mat{o.A, o.B, d.Y}, writes: []compute.Mat{d.Dst}}
			if !overlap(d.Dst, n.reads...) {
				f.join(n, j, others...)
				j -= len(others)
			}
		}
	}
}

// dropoutOf returns the dropout at place i that makes matrix m, if it can be done with what
// takes m at place j, and the matrix that it takes; without one, m.
func (f *fusion) dropoutOf(i, j int, m compute.Mat) (*compute.Dropout, compute.Mat) {
	if i < 0 {
		return nil, m
	}
	o, ok := f.list[i].op.(compute.Dropout)
	if !ok || o.Dst != m || !f.passes(i, j) {
		return nil, m
	}
	if at := f.maker(o.Src, i); at < 0 || o.Src != m && !f.private(o.Src, at, i) {
		return nil, m
	}
	return &o, o.Src
}

// product returns the product at place i that makes matrix m, if it can be fused
// with what takes m at place j, and with what is between them at some places.
func (f *fusion) product(i, j int, m compute.Mat, but ...int) (compute.MatMul, bool) {
	if i < 0 {
		return compute.MatMul{}, false
	}
	o, ok := f.list[i].op.(compute.MatMul)
	_, _, k := sizes(o)
	return o, ok && o.Dst == m && !o.TransA && k <= f.slice && f.passes(i, j, but...)
}

// maxOutputs is the most outputs that head.comp has room for.
const maxOutputs = 64

// heads fuses the loss with the product that makes its sums, and with the product
// that sends its gradient back.
func (f *fusion) heads() {
	for j := 0; j < len(f.list); j++ {
		l, ok := f.list[j].op.(compute.Loss)
		if !ok || l.Z.Cols > maxOutputs {
			continue
		}
		i := f.maker(l.Z, j)
		o, ok := f.product(i, j, l.Z)
		if !ok || !o.TransB || l.Delta != l.Z && !f.private(l.Z, i, j) {
			continue
		}
		n := &node{product: &o, loss: &l, number: f.list[j].number, writes: f.list[j].writes,
			reads: slices.Concat([]compute.Mat{o.A, o.B, l.Stats}, present(l.Bias, l.Targets))}
		if overlapAny(n.writes, present(o.A, o.B, l.Bias, l.Targets)) || !sameBuffer(o.B, l.Bias) {
			continue
		}
		others := []int{i}
		if b := f.backOf(n, j); b >= 0 {
			n.back = f.list[b]
			n.reads = append(n.reads, n.back.delta.Y)
			n.writes = append(slices.Clone(n.writes), n.back.delta.Dst)
			others = append(others, b)
		}
		f.join(n, j, others...)
		j--
	}
}

// backOf returns the place of the node that sends the gradient of the head n, to be
// at place j, back through the weights of the output layer, or −1.
func (f *fusion) backOf(n *node, j int) int {
	for b := j + 1; b < len(f.list); b++ {
		back := f.list[b]
		if back.delta == nil || back.product.A != n.loss.Delta || back.product.B != n.product.B || back.product.TransB ||
			back.drop == nil && back.delta.Y != n.product.A {
			continue
		}
		dst := back.delta.Dst
		if f.passes(b, j) && sameBuffer(n.product.A, dst, back.delta.Y) && !overlap(back.delta.Y, n.writes...) &&
			!overlapAny([]compute.Mat{dst}, n.reads) && !overlapAny([]compute.Mat{dst}, n.writes) {
			return b
		}
	}
	return -1
}

// gathers leaves out each gather whose rows are only read by nodes that can gather
// for themselves.
func (f *fusion) gathers() {
	for g := 0; g < len(f.list); g++ {
		o, ok := f.list[g].op.(compute.Gather)
		if !ok || f.list[g].drop != nil || !f.program.IsScratch(o.Dst) {
			continue
		}
		var readers []*node
		for i, n := range f.list {
			if i == g || !n.touches(o.Dst) {
				continue
			}
			if i < g || !n.gathersFor(o, f.slice) {
				readers = nil
				break
			}
			readers = append(readers, n)
		}
		if readers == nil {
			continue
		}
		for _, n := range readers {
			if m, ok := n.op.(compute.MatMul); ok {
				n.op, n.product = nil, &m
			}
			n.pixels = &o
			n.reads = without(n.reads, o.Dst)
		}
		f.list = slices.Delete(f.list, g, g+1)
		g--
	}
}

// gathersFor tells whether a node can gather rows for itself instead of reading them
// where a gather has put them.
func (n *node) gathersFor(o compute.Gather, slice int) bool {
	if overlap(o.Dst, n.writes...) {
		return false
	}
	if m, ok := n.op.(compute.MatMul); ok {
		_, _, k := sizes(m)
		return m.A == o.Dst && !m.TransA && !overlap(o.Dst, m.B) && k <= slice
	}
	switch {
	case n.product == nil || n.loss != nil || n.delta != nil:
		return false
	case n.update != nil:
		return n.product.B == o.Dst && !overlap(o.Dst, n.product.A)
	}
	return n.product.A == o.Dst && !overlap(o.Dst, n.product.B) && !overlap(o.Dst, n.activate.Bias)
}

// present leaves out matrices that are none.
func present(mats ...compute.Mat) []compute.Mat {
	return slices.DeleteFunc(mats, compute.Mat.IsZero)
}

// sameBuffer tells whether matrices lie in one buffer of OpenGL, or are none.
func sameBuffer(m compute.Mat, others ...compute.Mat) bool {
	for _, o := range others {
		if !o.IsZero() && !m.IsZero() && o.Buf.(Buffer).Name() != m.Buf.(Buffer).Name() {
			return false
		}
	}
	return true
}
