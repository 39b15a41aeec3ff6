package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func init() { register((*plan).productNode) }

// smallWeights is the largest number of elements of a matrix that each worker reads as a whole, in
// a product of some rows. A larger matrix is divided among the workers, which then have to
// wait for each other.
const smallWeights = 1 << 17

// productOf returns an op as a product of package sgemm.
func productOf(o compute.MatMul) sgemm.Product {
	p := sgemm.Product{TransA: o.TransA, TransB: o.TransB, M: o.Dst.Rows, N: o.Dst.Cols, K: o.A.Cols,
		A: data(o.A), LDA: o.A.Cols, B: data(o.B), LDB: o.B.Cols, C: data(o.Dst), LDC: o.Dst.Cols, Alpha: 1}
	if o.TransA {
		p.K = o.A.Rows
	}
	return p
}

func flops(p sgemm.Product) float64 { return 2 * float64(p.M) * float64(p.N) * float64(p.K) }

// productNode makes a node of o, which is op i.
func (l *plan) productNode(i int, o compute.MatMul) *node {
	p, g := productOf(o), l.byteOperand(i)
	a, b := g.floats(o)
	if o.TransA || o.B.Len() > smallWeights || b.IsZero() {
		return &node{solo: &soloProduct{l.backend.engine, p, g}, in: append(spans(a, b), g.spans(false)...), out: spans(o.Dst)}
	}
	r := &rowProduct{whole: p, bytes: g}
	for _, e := range l.backend.engines {
		r.perWorker = append(r.perWorker, ownProduct{engine: e})
	}
	return &node{row: r, rows: o.Dst.Rows, cost: flops(p),
		in: append(append(localSpans(a), spans(b)...), g.spans(true)...), out: localSpans(o.Dst)}
}

// soloProduct is a product that the engine divides among the workers.
type soloProduct struct {
	engine  *sgemm.Engine
	product sgemm.Product
	bytes   *byteOperand
}

func (s *soloProduct) run(args *compute.Args) {
	s.bytes.setOperand(&s.product, 0, args)
	s.engine.Run(&s.product)
}

// rowProduct is a product of which each worker computes some rows.
type rowProduct struct {
	whole     sgemm.Product
	bytes     *byteOperand
	perWorker []ownProduct
}

// An ownProduct is a worker's part of a product, with the worker's engine.
type ownProduct struct {
	engine *sgemm.Engine
	part   sgemm.Product
	twice  []float32 // a row of A twice, then a row of C twice
	pair   [2]uint32 // a row number twice
	_      [64]byte  // padding: the next worker's part is on another cache line
}

func (r *rowProduct) rows(worker, lo, hi int, args *compute.Args) {
	own := &r.perWorker[worker]
	own.part = r.whole
	own.part.M = hi - lo
	own.part.A = r.whole.A[lo*r.whole.LDA:]
	own.part.C = r.whole.C[lo*r.whole.LDC:]
	r.bytes.setOperand(&own.part, lo, args)
	if hi-lo == 1 && r.whole.M > 1 {
		own.singleRow()
		return
	}
	own.engine.Run(&own.part)
}

// singleRow computes one row of a product of several rows. The engine sums a product of one row in
// another order than one of several. Whether a worker has a single row depends on the number of
// workers, and results must not. So it computes the row twice.
func (o *ownProduct) singleRow() {
	p := &o.part
	if n := 2 * (p.K + p.N); len(o.twice) < n {
		o.twice = make([]float32, n)
	}
	a, c, to := o.twice[:2*p.K], o.twice[2*p.K:][:2*p.N], p.C
	if b := &p.ABytes; b.X == nil {
		copy(a, p.A[:p.K])
		copy(a[p.K:], p.A[:p.K])
	} else {
		if o.pair = [2]uint32{}; b.Rows != nil {
			o.pair = [2]uint32{b.Rows[0], b.Rows[0]}
		}
		b.Rows = o.pair[:]
	}
	p.M, p.A, p.LDA, p.C, p.LDC = 2, a, p.K, c, p.N
	o.engine.Run(p)
	copy(to[:p.N], c)
}

// maxPartialSum is the largest batch whose gradient is added to the weights in parts while
// it is summed. Each part rounds the weights or their velocities once more. The gradient of a larger
// batch is added as a whole.
const maxPartialSum = 512

// productUpdate makes a node of a gradient and the update by it. The update reads the gradient
// while it is in registers or in the cache. Without momentum the two are one product,
// W = W − η·Aᵀ·B. With momentum the product is V = μV + Aᵀ·B, where V is not read if μ is zero,
// and an epilogue updates the weights block by block. For a large batch, and for the other rules,
// the product is the gradient and the epilogue does the whole update.
func (l *plan) productUpdate(i int, o compute.MatMul, u compute.Update) *node {
	p, g := productOf(o), l.byteOperand(i)
	a, b := g.floats(o)
	step := weightStep{updater: newUpdater(u), cols: o.Dst.Cols, whole: p.K > maxPartialSum || !u.Plain()}
	step.setMatrices(&p)
	in, out := step.spans()
	n := &node{cost: flops(p) + step.cost(), in: append(append(in, spans(a, b)...), g.spans(false)...), out: out}
	if o.Dst.Len() > smallWeights {
		s := &soloUpdate{soloProduct: soloProduct{l.backend.engine, p, g}, weightStep: step}
		s.prepare(&s.product)
		n.solo = s
		return n
	}
	w := &wideUpdate{whole: p, bytes: g}
	for _, e := range l.backend.engines {
		w.perWorker = append(w.perWorker, ownUpdate{ownProduct: ownProduct{engine: e}, weightStep: step})
	}
	n.wide = w
	return n
}

// A weightStep updates weights by a product that is their gradient. It is the epilogue of the
// product if there is a velocity, or if the gradient is added as a whole.
type weightStep struct {
	updater
	cols, j int // columns of the weights; first column of the product
	whole   bool
	current updateRun
}

// setMatrices sets the C of a product, and the other matrices that the epilogue works on.
func (s *weightStep) setMatrices(p *sgemm.Product) {
	switch {
	case s.whole:
		p.C = nil
	case s.v == nil:
		p.C, p.Beta = s.w, 1
		return
	default:
		p.C, p.Beta = s.v, 1
	}
	state := s.v
	if state == nil {
		state = s.s
	}
	p.Prefetch = [2]sgemm.Prefetch{{X: s.w, LD: s.cols}, {X: state, LD: s.cols}}
}

// prepare sets the epilogue of a product, if the step needs one.
func (s *weightStep) prepare(p *sgemm.Product) {
	if s.whole || s.v != nil {
		p.Epilogue = s
	}
}

// begin sets the numbers that depend on the run's arguments.
func (s *weightStep) begin(p *sgemm.Product, args *compute.Args) {
	s.current = s.updater.begin(args)
	switch {
	case s.whole:
	case s.v == nil:
		p.Alpha = -args.LearningRate
	default:
		p.Beta = args.Momentum
	}
}

// Block updates the weights of a block of gradients, if they are whole, or of velocities. The
// engine calls it.
func (s *weightStep) Block(_, i, j, rows, cols int, x []float32, ld int) {
	for r := range rows {
		at := (i+r)*s.cols + s.j + j
		if row := x[r*ld : r*ld+cols]; s.whole {
			s.current.update(at, row)
		} else {
			simd.SGD(s.w[at:at+cols], row, s.current.args.LearningRate)
		}
	}
}

// soloUpdate is a large gradient and its update.
type soloUpdate struct {
	soloProduct
	weightStep
}

func (s *soloUpdate) run(args *compute.Args) {
	s.begin(&s.product, args)
	s.soloProduct.run(args)
}

// wideUpdate is a small gradient and its update; each worker has some columns.
type wideUpdate struct {
	whole     sgemm.Product
	bytes     *byteOperand
	perWorker []ownUpdate
}

type ownUpdate struct {
	ownProduct
	weightStep
}

func (u *wideUpdate) share(worker, size int, args *compute.Args) {
	lo, hi := workers.Share(u.whole.N, simdWidth, worker, size)
	if lo == hi {
		return
	}
	own := &u.perWorker[worker]
	own.part = u.whole
	own.part.N = hi - lo
	if u.bytes == nil {
		own.part.B = u.whole.B[lo:]
	} else {
		u.bytes.setOperand(&own.part, 0, args)
		own.part.BBytes.X = own.part.BBytes.X[lo:]
	}
	own.j = lo
	if u.whole.C != nil {
		own.part.C = u.whole.C[lo:]
	}
	for i := range own.part.Prefetch {
		if near := &own.part.Prefetch[i]; near.X != nil {
			near.X = near.X[lo:]
		}
	}
	own.prepare(&own.part)
	own.begin(&own.part, args)
	own.engine.Run(&own.part)
}

// simdWidth is the widest vector in elements. Columns are divided among workers in multiples of it.
const simdWidth = 16
