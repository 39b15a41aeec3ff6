package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// Most pixels of MNIST are zero (81%), and a zero adds nothing to a sum. So where
// a program gathers bytes only to multiply them with weights, the first layer
// works on lists of the pixels that are not zero, and its weights are kept
// transposed: the weights of one pixel lie side by side, and the layer's sums are
// sums of such rows,
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

// mostNonZero is the share of bytes that are not zero above which the lists cost
// more than they save.
const mostNonZero = 0.4

// findFirstLayer returns the first layer of the program, or nil if it has none
// that lists would serve.
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
		if j < i || !whole(u.W) || !u.V.IsZero() && !whole(u.V) || !l.program.IsScratch(u.G) ||
			!l.onlyUses(u.G, i, j) || !l.keeps(i, j) {
			return false
		}
		f.update, f.deltas, f.gradients, f.updates = u, o.A, i, j
		return true
	}
	return false
}

// alone tells whether no other op uses the weights or their velocities.
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
	if f.updates >= 0 && !f.update.V.IsZero() {
		list = append(list, f.update.V)
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

// sparseCost is what a list's entry costs beside the operations that count.
const sparseCost = 0.25

func (f *firstLayer) forwardNode(l *plan) *node {
	features, units := f.gather.Src.Cols, f.forward.Dst.Cols
	s := &sparseForward{src: f.gather.Src.Buf.(*buffer[byte]).data, index: rowNumbers(f.gather.Index), scale: f.gather.Scale,
		wt: data(f.forward.B), dst: data(f.forward.Dst), features: features, units: units}
	for range l.backend.alone {
		s.own = append(s.own, list{})
	}
	return &node{row: s, rows: f.forward.Dst.Rows,
		cost: sparseCost * 2 * float64(f.forward.Dst.Rows) * float64(features) * float64(units),
		in:   spans(f.forward.B), out: localSpans(f.forward.Dst)}
}

// sparseForward is the layer's product.
type sparseForward struct {
	src             []byte
	index           []uint32
	scale           float32
	wt, dst         []float32
	features, units int
	own             []list // of each worker
}

// A list is the lists of a worker's rows.
type list struct {
	start, idx []int32
	val        []float32
	bytes      []byte
	natural    []uint32
	_          [64]byte // keeps the next worker's list off this one's cache line
}

// The weights that all rows of a chunk go through before the next, so that they
// stay in a core's first caches: those of pixelBlock pixels to unitBlock units.
const (
	pixelBlock = 112
	unitBlock  = 160
)

// pieces is in how many pieces a row's list is made: one for each block of pixels,
// where they divide the row.
func (s *sparseForward) pieces() int {
	if s.features%pixelBlock == 0 {
		return s.features / pixelBlock
	}
	return 1
}

func (s *sparseForward) rows(worker, lo, hi int, args *compute.Args) {
	l, pieces := &s.own[worker], s.pieces()
	size := s.features / pieces
	l.grow((hi-lo)*pieces, size)
	n := int32(0)
	for i := lo; i < hi; i++ {
		row := rowNumber(s.index, args.Row+i) * s.features
		start := l.start[(i-lo)*pieces:][:pieces+1]
		simd.CompactRows(start, l.idx[n:], l.val[n:], s.src[row:row+s.features], size, s.scale)
		for k := range start {
			start[k] += n
		}
		n = start[pieces]
	}
	start := l.start[:(hi-lo)*pieces+1]
	for u := 0; u < s.units; u += unitBlock {
		units, dst := min(unitBlock, s.units-u), s.dst[lo*s.units+u:]
		for k := range pieces {
			lists := simd.Lists{Start: start[k:], Step: pieces, Idx: l.idx, Val: l.val}
			if w := s.wt[k*size*s.units+u:]; k == 0 {
				simd.SumRowsEach(dst, units, s.units, w, s.units, lists)
			} else {
				simd.SumRowsAddEach(dst, units, s.units, w, s.units, lists)
			}
		}
	}
}

// grow makes room for the lists of rows of a number of bytes.
func (l *list) grow(rows, cols int) {
	if n := rows * cols; len(l.idx) < n {
		l.idx, l.val, l.bytes = make([]int32, n), make([]float32, n), make([]byte, n)
	}
	if len(l.start) < rows+1 {
		l.start = make([]int32, rows+1)
	}
}

func (f *firstLayer) updateNode(l *plan) *node {
	features, units, rows := f.gather.Src.Cols, f.deltas.Cols, f.deltas.Rows
	s := &sparseUpdate{src: f.gather.Src.Buf.(*buffer[byte]).data, index: rowNumbers(f.gather.Index), scale: f.gather.Scale,
		wt: data(f.update.W), vt: data(f.update.V), delta: data(f.deltas), features: features, units: units, batch: rows}
	for range l.backend.alone {
		s.own = append(s.own, list{})
	}
	// The bytes of pixelsAtATime pixels, or of one where the batch is large.
	s.pixels = max(1, min(pixelsAtATime, pixelsAtATime*chunk/rows))
	n := &node{wide: s, cost: sparseCost * 2 * float64(rows) * float64(features) * float64(units),
		in: append(spans(f.deltas), spans(f.turned()...)...), out: spans(f.turned()...)}
	if rows == 1 && f.update.V.IsZero() {
		n.wide = &onlineUpdate{s}
	}
	return n
}

// sparseUpdate is the layer's gradient and the update by it.
type sparseUpdate struct {
	src             []byte
	index           []uint32
	scale           float32
	wt, vt, delta   []float32
	features, units int
	batch           int
	pixels          int // taken at a time
	own             []list
}

// pixelsAtATime is for how many pixels a worker makes lists before it uses them,
// in a batch of chunk samples.
const pixelsAtATime = 112

func (s *sparseUpdate) share(worker, size int, args *compute.Args) {
	l := &s.own[worker]
	l.grow(s.pixels, s.batch)
	samples := s.samples(l, args.Row)
	lo, end := workers.Share(s.features, 4, worker, size)
	for ; lo < end; lo += s.pixels {
		hi := min(lo+s.pixels, end)
		n := (hi - lo) * s.batch
		simd.GatherTranspose(l.bytes[:n], s.src, s.features, lo, hi, samples)
		simd.CompactRows(l.start[:hi-lo+1], l.idx, l.val, l.bytes[:n], s.batch, s.scale)
		s.step(lo, simd.Lists{Start: l.start[:hi-lo+1], Step: 1, Idx: l.idx, Val: l.val}, args)
	}
}

// deltaBlock is for how many units at a time the weights are updated, so that a
// batch's deltas of those units stay in a core's first cache.
const deltaBlock = 128

// step updates the weights of the pixels from p on, one for each list.
func (s *sparseUpdate) step(p int, lists simd.Lists, args *compute.Args) {
	for u := 0; u < s.units; u += deltaBlock {
		at, n, delta := p*s.units+u, min(deltaBlock, s.units-u), s.delta[u:]
		if s.vt == nil {
			simd.SumRowsSGDEach(s.wt[at:], n, s.units, delta, s.units, lists, args.LearningRate)
		} else {
			simd.SumRowsMomentumEach(s.wt[at:], s.vt[at:], n, s.units, delta, s.units, lists, args.LearningRate, args.Momentum)
		}
	}
}

// samples returns the numbers of the batch's rows.
func (s *sparseUpdate) samples(l *list, row int) []uint32 {
	if s.index != nil {
		return s.index[row : row+s.batch]
	}
	l.natural = slices.Grow(l.natural[:0], s.batch)[:s.batch]
	for i := range l.natural {
		l.natural[i] = uint32(row + i)
	}
	return l.natural
}

// onlineUpdate is sparseUpdate for one sample at a time: only the rows of the
// pixels that are not zero are touched.
type onlineUpdate struct{ *sparseUpdate }

func (s *onlineUpdate) share(worker, size int, args *compute.Args) {
	l := &s.own[worker]
	l.grow(1, s.features)
	lo, hi := workers.Share(s.features, 4, worker, size)
	row := rowNumber(s.index, args.Row) * s.features
	n := simd.Compact(l.idx, l.val, s.src[row+lo:row+hi], s.scale)
	simd.AddScaledRows(s.wt[lo*s.units:], s.units, l.idx[:n], l.val[:n], s.delta, -args.LearningRate)
}
