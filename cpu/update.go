package cpu

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func init() { register((*plan).updateNode) }

// An updater is compute.Update by a gradient that is computed piece by piece.
type updater struct {
	op             compute.Update
	w, v, s, norms []float32
	plain          bool
}

func newUpdater(u compute.Update) updater {
	return updater{op: u, w: data(u.W), v: data(u.V), s: data(u.S), norms: data(u.Norms), plain: u.Plain()}
}

// An updateRun is an updater in one run, with the numbers that depend on the run's arguments and
// the norms.
type updateRun struct {
	*updater
	args *compute.Args
	step simd.Step
}

func (d *updater) begin(args *compute.Args) updateRun {
	m := updateRun{updater: d, args: args}
	if d.plain {
		return m
	}
	u := &d.op
	m.step = simd.Step{Rate: args.LearningRate, Clip: d.clip(), L2: u.L2, L1: u.L1, Shrink: args.LearningRate * u.Decay,
		Mu: args.Momentum, Rho: u.Rho, NewRho: 1 - u.Rho, Epsilon: u.Epsilon}
	if u.Rule == compute.Adam {
		first, second := u.Corrections(*args)
		m.step.Rate *= first
		m.step.NewMu = 1 - args.Momentum
		m.step.Grown = second
	}
	return m
}

// clip returns the factor of the gradient. It is NaN if the sum is beyond float32, because a factor
// of 0 would stop the training silently.
func (d *updater) clip() float32 {
	if d.op.Clip == 0 {
		return 1
	}
	sum := 0.
	for _, n := range d.norms {
		sum += float64(n)
	}
	if math.IsInf(float64(float32(sum)), 1) {
		return float32(math.NaN())
	}
	return float32(min(1, float64(d.op.Clip)/math.Sqrt(sum)))
}

// update updates the elements from at on by their gradient g.
func (m *updateRun) update(at int, g []float32) {
	m.updateSlices(m.w[at:at+len(g)], part(m.v, at, len(g)), part(m.s, at, len(g)), g)
}

// part returns n elements from at on of x, or nil if x is nil.
func part(x []float32, at, n int) []float32 {
	if x == nil {
		return nil
	}
	return x[at : at+n]
}

// updateSlices updates weights w with velocities v and squares s by their gradient g.
func (m *updateRun) updateSlices(w, v, s, g []float32) {
	switch {
	case m.plain && v == nil:
		simd.SGD(w, g, m.args.LearningRate)
	case m.plain:
		simd.Momentum(w, v, g, m.args.LearningRate, m.args.Momentum)
	case m.op.Rule == compute.SGD && v == nil:
		m.step.SGD(w, g)
	case m.op.Rule == compute.SGD:
		m.step.Momentum(w, v, g)
	case m.op.Rule == compute.Nesterov:
		m.step.Nesterov(w, v, g)
	case m.op.Rule == compute.RMSProp:
		m.step.RMSProp(w, s, g)
	case m.op.Rule == compute.Adam:
		m.step.Adam(w, v, s, g)
	}
}

// spans lists the memory that an updater reads, except the gradient, and that it writes.
func (d *updater) spans() (in, out []span) {
	out = spans(d.op.W, d.op.V, d.op.S)
	return append(spans(d.op.Norms), out...), out
}

// cost is the number of floating-point operations of the update, roughly.
func (d *updater) cost() float64 {
	if d.s != nil {
		return 24 * float64(len(d.w)) // a root and a division
	}
	return 4 * float64(len(d.w))
}

// update is compute.Update by a gradient in memory.
type update struct {
	updater
	g []float32
}

func (l *plan) updateNode(_ int, o compute.Update) *node {
	u := &update{newUpdater(o), data(o.G)}
	in, out := u.spans()
	return &node{wide: u, cost: u.cost(), in: append(in, spans(o.G)...), out: out}
}

func (u *update) share(worker, size int, args *compute.Args) {
	lo, hi := workers.Share(len(u.w), 256, worker, size)
	m := u.begin(args)
	m.update(lo, u.g[lo:hi])
}

// sumUpdate is compute.ColumnSum and the compute.Update by its result: the step of a bias.
type sumUpdate struct {
	columnSum
	updater
}

func sumUpdateNode(o compute.ColumnSum, u compute.Update) *node {
	s := &sumUpdate{columnSum{data(o.Dst), data(o.Src)}, newUpdater(u)}
	in, out := s.spans()
	return &node{wide: s, cost: float64(o.Src.Len()) + s.cost(), in: append(in, spans(o.Src)...), out: append(out, spans(o.Dst)...)}
}

func (s *sumUpdate) share(worker, size int, args *compute.Args) {
	if worker == size-1 {
		simd.ColumnSum(s.dst, s.src)
		m := s.begin(args)
		m.update(0, s.dst)
	}
}
