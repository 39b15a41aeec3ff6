package cpu

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func init() {
	register((*plan).squareSumNode)
	register((*plan).maxNormNode)
	register((*plan).averageNode)
	register((*plan).takeNode)
}

// largeMatrix is the minimum number of elements for which all workers, instead of one, sum the squares
// of a matrix.
const largeMatrix = 1 << 16

// squaresAtATime is the number of squares in a partial sum, whichever worker computes it.
const squaresAtATime = 1 << 14

// squareSum is compute.SquareSum.
type squareSum struct {
	backend  *Backend
	dst, src []float32
	sums     []float64 // of squaresAtATime elements each
}

func (l *plan) squareSumNode(_ int, o compute.SquareSum) *node {
	s := &squareSum{backend: l.backend, dst: data(o.Dst), src: data(o.Src)}
	s.sums = make([]float64, (len(s.src)+squaresAtATime-1)/squaresAtATime)
	n := &node{cost: 2 * float64(len(s.src)), in: spans(o.Src), out: spans(o.Dst)}
	if len(s.src) < largeMatrix {
		n.wide = s
	} else {
		n.solo = s
	}
	return n
}

// share gives all elements to one worker.
func (s *squareSum) share(worker, size int, _ *compute.Args) {
	if worker == size-1 {
		s.Work(0, 1)
		s.finish()
	}
}

func (s *squareSum) run(*compute.Args) {
	s.backend.pool.Run(s)
	s.finish()
}

// Work computes a worker's partial sums.
func (s *squareSum) Work(worker, size int) {
	lo, hi := workers.Share(len(s.sums), 1, worker, size)
	for i := lo; i < hi; i++ {
		s.sums[i] = simd.SquareSum(s.src[i*squaresAtATime : min((i+1)*squaresAtATime, len(s.src))])
	}
}

// finish adds the partial sums in their order.
func (s *squareSum) finish() {
	total := 0.
	for _, v := range s.sums {
		total += v
	}
	s.dst[0] = float32(total)
}

// maxNorm is compute.MaxNorm.
type maxNorm struct {
	w          []float32
	rows, cols int
	limit      float64
}

func (l *plan) maxNormNode(_ int, o compute.MaxNorm) *node {
	return &node{wide: &maxNorm{data(o.W), o.W.Rows, o.W.Cols, float64(o.Limit)},
		cost: 3 * float64(o.W.Len()), in: spans(o.W), out: spans(o.W)}
}

func (m *maxNorm) share(worker, size int, _ *compute.Args) {
	lo, hi := workers.Share(m.rows, 1, worker, size)
	for i := lo; i < hi; i++ {
		row := m.w[i*m.cols : (i+1)*m.cols]
		if f := shrink(simd.SquareSum(row), m.limit); f != 1 {
			simd.Scale(row, f)
		}
	}
}

// shrink returns the factor of weights whose sum of squares is s. It is NaN if s is beyond
// float32.
func shrink(s, limit float64) float32 {
	if s > limit {
		if math.IsInf(float64(float32(s)), 1) {
			return float32(math.NaN())
		}
		return float32(math.Sqrt(limit / s))
	}
	return 1
}

// average is compute.Average. The elements may be in any order that is the same for both matrices.
type average struct {
	op       compute.Average
	dst, src []float32
}

func (l *plan) averageNode(_ int, o compute.Average) *node {
	return &node{wide: &average{o, data(o.Dst), data(o.Src)}, cost: 3 * float64(o.Dst.Len()),
		in: spans(o.Dst, o.Src), out: spans(o.Dst)}
}

func (a *average) share(worker, size int, args *compute.Args) {
	lo, hi := workers.Share(len(a.dst), 256, worker, size)
	simd.Average(a.dst[lo:hi], a.src[lo:hi], a.op.Weight(*args))
}

// take is compute.Take.
type take struct {
	dst, src []float32
	index    []uint32
	cols     int
}

func (l *plan) takeNode(_ int, o compute.Take) *node {
	return &node{row: &take{data(o.Dst), data(o.Src), rowNumbers(o.Index), o.Dst.Cols},
		rows: o.Dst.Rows, cost: 2 * float64(o.Dst.Len()), in: spans(o.Src), out: localSpans(o.Dst)}
}

func (t *take) rows(_, lo, hi int, args *compute.Args) {
	for i := lo; i < hi; i++ {
		from := rowNumber(t.index, args.Row+i) * t.cols
		copy(t.dst[i*t.cols:(i+1)*t.cols], t.src[from:from+t.cols])
	}
}
