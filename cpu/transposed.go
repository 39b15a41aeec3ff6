package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/internal/simd"
)

// A transposedUses lists the other ops that work on the transposed matrices of the first layer.
type transposedUses struct {
	squareSums []int // ops that read the gradient, which therefore is stored
	maxNorms   []int // ops that bound the norms of the weights
	mats       []compute.Mat
}

// findSquareSums finds the ops SquareSum that read gradient g between op i, which makes it, and
// op j, which applies it. It reports false if another op uses the gradient.
func (t *transposedUses) findSquareSums(l *plan, g compute.Mat, i, j int) bool {
	for _, k := range flow.Users(l.flow, g) {
		if k == i || k == j {
			continue
		}
		if s, ok := l.program.Ops[k].(compute.SquareSum); !ok || s.Src != g || k < i || k > j || !whole(g) {
			return false
		}
		t.squareSums = append(t.squareSums, k)
	}
	if len(t.squareSums) > 0 {
		t.mats = append(t.mats, g)
	}
	return true
}

// find finds the ops MaxNorm and Average that use m, a matrix of weights or of their state. It
// reports false if another op uses m, except those at some places.
func (t *transposedUses) find(l *plan, m compute.Mat, weights bool, places ...int) bool {
	for _, i := range flow.Users(l.flow, m) {
		if slices.Contains(places, i) {
			continue
		}
		switch o := l.program.Ops[i].(type) {
		case compute.MaxNorm:
			if !weights || o.W != m {
				return false
			}
			t.maxNorms = append(t.maxNorms, i)
		case compute.Average:
			if o.Src != m || !whole(o.Dst) || !flow.OnlyUsedBy(l.flow, o.Dst, i) {
				return false
			}
			t.mats = append(t.mats, o.Dst)
		default:
			return false
		}
	}
	return true
}

// gradientNode makes a node that stores the transposed gradient for the ops that read it.
func (f *firstLayer) gradientNode(l *plan) *node {
	s := f.sparseUpdate(l)
	g := f.update.G
	return &node{wide: &sparseGradient{s, data(g)}, cost: s.cost(), in: append(spans(f.deltas), f.input.byteSpans(false)...), out: spans(g)}
}

// sparseGradient computes the gradient of a sparseUpdate and stores it.
type sparseGradient struct {
	*sparseUpdate
	g []float32
}

func (s *sparseGradient) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.workerParts(s.features, 4, worker, size)
	step := s.pixelsAtATime()
	for ; lo < end; lo += step {
		hi := min(lo+step, end)
		if s.rows > samplesAtATime {
			g := s.longGradient(worker, parts, lo, hi, args)
			for _, u := range parts {
				g = g[copy(s.g[s.offset(u, lo):s.offset(u, hi)], g):]
			}
			continue
		}
		x := s.transposed(worker, s.input.row(args), s.rows, lo, hi)
		for _, u := range parts {
			n := u.hi - u.lo
			simd.SparseMul(s.g[s.offset(u, lo):s.offset(u, hi)], n, n, x, s.delta[u.lo:], s.units)
		}
	}
}

// unitSquares sums the squares of each unit's weights in a transposed matrix.
type unitSquares struct {
	transposedMatrix
	w    []float32
	sums []float32 // of each unit
}

func (l *plan) unitSquares(m compute.Mat) unitSquares {
	return unitSquares{l.transposedMatrix(m.Rows, m.Cols), data(m), make([]float32, m.Rows)}
}

// sum sums the squares of the units of a worker and returns their parts. The order of a sum does
// not depend on the number of workers.
func (s *unitSquares) sum(worker, size int) []unitPart {
	parts, lo, hi := s.workerParts(1, 1, worker, size)
	if lo == hi { // another worker with the same part does it
		return nil
	}
	for _, u := range parts {
		simd.ColumnSquares(s.sums[u.lo:u.hi], s.w[s.offset(u, 0):s.offset(u, s.features)])
	}
	return parts
}

// transposedSquareSum is compute.SquareSum of a transposed matrix.
type transposedSquareSum struct {
	unitSquares
	backend *Backend
	dst     []float32
}

func (l *plan) transposedSquareSumNode(o compute.SquareSum) *node {
	return &node{solo: &transposedSquareSum{l.unitSquares(o.Src), l.backend, data(o.Dst)}, in: spans(o.Src), out: spans(o.Dst)}
}

func (s *transposedSquareSum) run(*compute.Args) {
	s.backend.pool.Run(s)
	total := 0.
	for _, v := range s.sums {
		total += float64(v)
	}
	s.dst[0] = float32(total)
}

// Work sums the squares of the units of a worker.
func (s *transposedSquareSum) Work(worker, size int) { s.sum(worker, size) }

// transposedMaxNorm is compute.MaxNorm of transposed weights.
type transposedMaxNorm struct {
	unitSquares
	limit float64
}

func (l *plan) transposedMaxNormNode(o compute.MaxNorm) *node {
	return &node{wide: &transposedMaxNorm{l.unitSquares(o.W), float64(o.Limit)},
		cost: 3 * float64(o.W.Len()), in: spans(o.W), out: spans(o.W)}
}

func (m *transposedMaxNorm) share(worker, size int, _ *compute.Args) {
	for _, u := range m.sum(worker, size) {
		factors, any := m.sums[u.lo:u.hi], false
		for i, s := range factors {
			factors[i] = shrink(float64(s), m.limit)
			any = any || factors[i] != 1
		}
		if any {
			simd.MulRows(m.w[m.offset(u, 0):m.offset(u, m.features)], factors)
		}
	}
}
