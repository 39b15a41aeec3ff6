package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/internal/simd"
)

// A beside is what else a program does with the matrices that the first layer wants
// transposed, where it can be done as well in that layout.
type beside struct {
	sums   []int // ops that add up the squares of the gradient, which therefore is stored
	bounds []int // ops that bound the weights' norms
	mats   []compute.Mat
}

// findSums tells whether gradient g, made by op i and used by op j, is used by no others but
// those that add up its squares meanwhile.
func (b *beside) findSums(l *plan, g compute.Mat, i, j int) bool {
	for _, k := range flow.Users(l.flow, g) {
		if k == i || k == j {
			continue
		}
		if s, ok := l.program.Ops[k].(compute.SquareSum); !ok || s.Src != g || k < i || k > j || !whole(g) {
			return false
		}
		b.sums = append(b.sums, k)
	}
	if len(b.sums) > 0 {
		b.mats = append(b.mats, g)
	}
	return true
}

// find tells whether matrix m, which may be the weights, is used by no ops but those numbered
// and such as bound its norms or take averages of it.
func (b *beside) find(l *plan, m compute.Mat, weights bool, numbers []int) bool {
	for _, i := range flow.Users(l.flow, m) {
		if slices.Contains(numbers, i) {
			continue
		}
		switch o := l.program.Ops[i].(type) {
		case compute.MaxNorm:
			if !weights || o.W != m {
				return false
			}
			b.bounds = append(b.bounds, i)
		case compute.Average:
			if o.Src != m || !whole(o.Dst) || !flow.OnlyUsedBy(l.flow, o.Dst, i) {
				return false
			}
			b.mats = append(b.mats, o.Dst)
		default:
			return false
		}
	}
	return true
}

// gradientNode makes the gradient, transposed, for ops that read it.
func (f *firstLayer) gradientNode(l *plan) *node {
	s := f.sparseUpdate(l)
	g := f.update.G
	return &node{wide: &sparseGradient{s, data(g)}, cost: s.cost(), in: append(spans(f.deltas), f.from.made(false)...), out: spans(g)}
}

// sparseGradient is the gradient that a sparseUpdate would use.
type sparseGradient struct {
	*sparseUpdate
	g []float32
}

func (s *sparseGradient) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.mine(s.features, 4, worker, size)
	step := s.pixelsAtATime()
	for ; lo < end; lo += step {
		hi := min(lo+step, end)
		if s.rows > samplesAtATime {
			g := s.long(worker, parts, lo, hi, args)
			for _, u := range parts {
				g = g[copy(s.g[s.place(u, lo):s.place(u, hi)], g):]
			}
			continue
		}
		x := s.transposed(worker, s.from.row(args), s.rows, lo, hi)
		for _, u := range parts {
			n := u.hi - u.lo
			simd.SparseMul(s.g[s.place(u, lo):s.place(u, hi)], n, n, x, s.delta[u.lo:], s.units)
		}
	}
}

// unitSquares adds up the squares of each unit's elements in a transposed matrix.
type unitSquares struct {
	divided
	w    []float32
	sums []float32 // of each unit
}

func (l *plan) unitSquares(m compute.Mat) unitSquares {
	return unitSquares{l.divided(m.Rows, m.Cols), data(m), make([]float32, m.Rows)}
}

// sum adds up the squares of the units that are a worker's, and returns their parts. How a
// unit's are added up does not depend on whose it is.
func (s *unitSquares) sum(worker, size int) []unitPart {
	parts, lo, hi := s.mine(1, 1, worker, size)
	if lo == hi { // another one's, who has the same part
		return nil
	}
	for _, u := range parts {
		simd.ColumnSquares(s.sums[u.lo:u.hi], s.w[s.place(u, 0):s.place(u, s.features)])
	}
	return parts
}

// turnedSquareSum is compute.SquareSum of a transposed matrix.
type turnedSquareSum struct {
	unitSquares
	backend *Backend
	dst     []float32
}

func (l *plan) turnedSquareSumNode(o compute.SquareSum) *node {
	return &node{solo: &turnedSquareSum{l.unitSquares(o.Src), l.backend, data(o.Dst)}, in: spans(o.Src), out: spans(o.Dst)}
}

func (s *turnedSquareSum) run(*compute.Args) {
	s.backend.pool.Run(s)
	total := 0.
	for _, v := range s.sums {
		total += float64(v)
	}
	s.dst[0] = float32(total)
}

// Work adds up the squares of the units that are a worker's.
func (s *turnedSquareSum) Work(worker, size int) { s.sum(worker, size) }

// turnedMaxNorm is compute.MaxNorm of transposed weights.
type turnedMaxNorm struct {
	unitSquares
	limit float64
}

func (l *plan) turnedMaxNormNode(o compute.MaxNorm) *node {
	return &node{wide: &turnedMaxNorm{l.unitSquares(o.W), float64(o.Limit)},
		cost: 3 * float64(o.W.Len()), in: spans(o.W), out: spans(o.W)}
}

func (m *turnedMaxNorm) share(worker, size int, _ *compute.Args) {
	for _, u := range m.sum(worker, size) {
		factors, any := m.sums[u.lo:u.hi], false
		for i, s := range factors {
			factors[i] = shrink(float64(s), m.limit)
			any = any || factors[i] != 1
		}
		if any {
			simd.MulRows(m.w[m.place(u, 0):m.place(u, m.features)], factors)
		}
	}
}
