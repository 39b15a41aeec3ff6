package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// smallWeights is the most elements of a matrix that each worker reads all of, in
// a product of its own rows. A larger one is divided among the workers, for which
// they have to wait for each other.
const smallWeights = 1 << 17

// productOf returns the product that an op is.
func productOf(o compute.MatMul) sgemm.Product {
	p := sgemm.Product{TransA: o.TransA, TransB: o.TransB, M: o.Dst.Rows, N: o.Dst.Cols, K: o.A.Cols,
		A: data(o.A), LDA: o.A.Cols, B: data(o.B), LDB: o.B.Cols, C: data(o.Dst), LDC: o.Dst.Cols, Alpha: 1}
	if o.TransA {
		p.K = o.A.Rows
	}
	return p
}

func flops(p sgemm.Product) float64 { return 2 * float64(p.M) * float64(p.N) * float64(p.K) }

// product makes a node of op i, a compute.MatMul.
func (l *plan) product(i int, o compute.MatMul) *node {
	p, g := productOf(o), l.gatheredBy(i)
	a, b := g.without(o)
	if o.TransA || o.B.Len() > smallWeights || b.IsZero() {
		return &node{solo: &soloProduct{l.backend.engine, p, g}, in: append(spans(a, b), g.waits(false)...), out: spans(o.Dst)}
	}
	r := &rowProduct{whole: p, gathered: g}
	for _, e := range l.backend.alone {
		r.own = append(r.own, ownProduct{engine: e})
	}
	return &node{row: r, rows: o.Dst.Rows, cost: flops(p),
		in: append(append(localSpans(a), spans(b)...), g.waits(true)...), out: localSpans(o.Dst)}
}

// soloProduct is a product that the engine divides.
type soloProduct struct {
	engine   *sgemm.Engine
	product  sgemm.Product
	gathered *gathered
}

func (s *soloProduct) run(args *compute.Args) {
	s.gathered.give(&s.product, 0, args)
	s.engine.Run(&s.product)
}

// rowProduct is a product of which each worker makes the rows it is given.
type rowProduct struct {
	whole    sgemm.Product
	gathered *gathered
	own      []ownProduct // of each worker
}

// An ownProduct is a worker's part of a product, with an engine for it alone.
type ownProduct struct {
	engine *sgemm.Engine
	part   sgemm.Product
	twice  []float32 // a row of A two times, then of C
	pair   [2]uint32 // a row's number two times
	_      [64]byte  // keeps the next worker's part off this one's cache line
}

func (r *rowProduct) rows(worker, lo, hi int, args *compute.Args) {
	own := &r.own[worker]
	own.part = r.whole
	own.part.M = hi - lo
	own.part.A = r.whole.A[lo*r.whole.LDA:]
	own.part.C = r.whole.C[lo*r.whole.LDC:]
	r.gathered.give(&own.part, lo, args)
	if hi-lo == 1 && r.whole.M > 1 {
		own.oneOfMany()
		return
	}
	own.engine.Run(&own.part)
}

// oneOfMany makes one row of a product of several. The engine adds up a product of
// one row in an order of its own, and whether a worker is left with one row depends
// on how many workers there are; so it makes the row twice.
func (o *ownProduct) oneOfMany() {
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

// longBatch is the most samples whose gradient goes to the weights as it is summed. A sum
// is made in parts, and each that is added rounds the weights, or their velocities, once
// more; of a longer batch they are given the whole sum.
const longBatch = 512

// productUpdate makes a node of a gradient and the update by it, which meet while
// the gradient is in registers or in the cache. Without momentum they are one
// product, W = W − η·Aᵀ·B; with it, the product is V = μV + Aᵀ·B, where V is not read if μ
// is zero, and an epilogue updates the weights block by block. Of a long batch, and for the other
// rules, the product is the gradient, and the epilogue does the whole update.
func (l *plan) productUpdate(i int, o compute.MatMul, u compute.Update) *node {
	p, g := productOf(o), l.gatheredBy(i)
	a, b := g.without(o)
	step := weightStep{descent: descentOf(u), cols: o.Dst.Cols, whole: p.K > longBatch || !u.Plain()}
	step.near(&p)
	in, out := step.spans()
	n := &node{cost: flops(p) + step.cost(), in: append(append(in, spans(a, b)...), g.waits(false)...), out: out}
	if o.Dst.Len() > smallWeights {
		s := &soloUpdate{soloProduct: soloProduct{l.backend.engine, p, g}, weightStep: step}
		s.prepare(&s.product)
		n.solo = s
		return n
	}
	w := &wideUpdate{whole: p, gathered: g}
	for _, e := range l.backend.alone {
		w.own = append(w.own, ownUpdate{ownProduct: ownProduct{engine: e}, weightStep: step})
	}
	n.wide = w
	return n
}

// A weightStep updates weights with a product that is their gradient. It is the
// epilogue that does so where there is a velocity, or where the gradient comes whole.
type weightStep struct {
	descent
	cols, j int // of the weights; the column at which the product begins
	whole   bool
	move    move // of the run under way
}

// near gives a product its C, and tells what the epilogue works on beside it.
func (s *weightStep) near(p *sgemm.Product) {
	switch {
	case s.whole:
		p.C = nil
	case s.v == nil:
		p.C, p.Beta = s.w, 1
		return
	default:
		p.C, p.Beta = s.v, 1
	}
	beside := s.v
	if beside == nil {
		beside = s.s
	}
	p.Near = [2]sgemm.Beside{{X: s.w, LD: s.cols}, {X: beside, LD: s.cols}}
}

// prepare makes the step the epilogue of a product, if it needs one.
func (s *weightStep) prepare(p *sgemm.Product) {
	if s.whole || s.v != nil {
		p.Epilogue = s
	}
}

// begin sets what a run's arguments decide.
func (s *weightStep) begin(p *sgemm.Product, args *compute.Args) {
	s.move = s.descent.begin(args)
	switch {
	case s.whole:
	case s.v == nil:
		p.Alpha = -args.LearningRate
	default:
		p.Beta = args.Momentum
	}
}

// Block is called by the engine with gradients, if they come whole, or velocities.
func (s *weightStep) Block(_, i, j, rows, cols int, x []float32, ld int) {
	for r := range rows {
		at := (i+r)*s.cols + s.j + j
		if row := x[r*ld : r*ld+cols]; s.whole {
			s.move.do(at, row)
		} else {
			simd.SGD(s.w[at:at+cols], row, s.move.args.LearningRate)
		}
	}
}

// soloUpdate is a large gradient with its update.
type soloUpdate struct {
	soloProduct
	weightStep
}

func (s *soloUpdate) run(args *compute.Args) {
	s.begin(&s.product, args)
	s.soloProduct.run(args)
}

// wideUpdate is a small gradient with its update; each worker has some columns.
type wideUpdate struct {
	whole    sgemm.Product
	gathered *gathered
	own      []ownUpdate
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
	own := &u.own[worker]
	own.part = u.whole
	own.part.N = hi - lo
	if u.gathered == nil {
		own.part.B = u.whole.B[lo:]
	} else {
		u.gathered.give(&own.part, 0, args)
		own.part.BBytes.X = own.part.BBytes.X[lo:]
	}
	own.j = lo
	if u.whole.C != nil {
		own.part.C = u.whole.C[lo:]
	}
	for i := range own.part.Near {
		if near := &own.part.Near[i]; near.X != nil {
			near.X = near.X[lo:]
		}
	}
	own.prepare(&own.part)
	own.begin(&own.part, args)
	own.engine.Run(&own.part)
}

// simdWidth is the widest vector, in elements: columns are divided between
// workers in multiples of it.
const simdWidth = 16
