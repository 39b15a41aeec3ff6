package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func init() {
	register((*plan).gatherNode)
	register((*plan).activateNode)
	register((*plan).deltaNode)
	register((*plan).columnSumNode)
	register((*plan).fillNode)
}

// gather is compute.Gather.
type gather struct {
	byteMatrix
	dst     []float32
	cols    int
	engines []*sgemm.Engine // of each worker
}

func (l *plan) gatherNode(i int, o compute.Gather) *node {
	p, _ := l.byteMatrix(i)
	g := &gather{p, data(o.Dst), o.Dst.Cols, l.backend.engines}
	return &node{row: g, rows: o.Dst.Rows, cost: 4 * float64(o.Dst.Len()), out: localSpans(o.Dst)}
}

func (g *gather) rows(worker, lo, hi int, args *compute.Args) {
	bytes := g.rowsFrom(lo, args)
	g.engines[worker].Gather(g.dst[lo*g.cols:hi*g.cols], &bytes, hi-lo, g.cols)
}

// activate is compute.Activate.
type activate struct {
	dst, src, bias []float32
	cols           int
	f              compute.Activation
}

func (l *plan) activateNode(_ int, o compute.Activate) *node {
	return &node{row: &activate{data(o.Dst), data(o.Src), data(o.Bias), o.Dst.Cols, o.F},
		rows: o.Dst.Rows, cost: 8 * float64(o.Dst.Len()),
		in: append(localSpans(o.Src), spans(o.Bias)...), out: localSpans(o.Dst)}
}

func (a *activate) rows(_, lo, hi int, _ *compute.Args) {
	dst := a.dst[lo*a.cols : hi*a.cols]
	copy(dst, a.src[lo*a.cols:hi*a.cols]) // does nothing if the op is in place
	if a.f == compute.ReLU && a.bias != nil {
		simd.BiasReLU(dst, a.bias)
		return
	}
	if a.bias != nil {
		simd.AddBias(dst, a.bias)
	}
	apply(a.f, dst, a.cols)
}

// apply replaces rows of z by F(z).
func apply(f compute.Activation, z []float32, cols int) {
	switch f {
	case compute.Sigmoid:
		simd.Sigmoid(z)
	case compute.Tanh:
		simd.Tanh(z)
	case compute.ReLU:
		simd.ReLU(z)
	case compute.Softmax:
		simd.Softmax(z, cols)
	case compute.ScaledTanh:
		simd.ScaledTanh(z, compute.TanhAmplitude, compute.TanhSlope)
	case compute.LeakyReLU:
		simd.LeakyReLU(z, compute.Leak)
	}
}

// delta is compute.Delta.
type delta struct {
	dst, back, y []float32
	cols         int
	f            compute.Activation
}

func (l *plan) deltaNode(_ int, o compute.Delta) *node {
	return &node{row: &delta{data(o.Dst), data(o.Back), data(o.Y), o.Dst.Cols, o.F},
		rows: o.Dst.Rows, cost: 3 * float64(o.Dst.Len()),
		in: localSpans(o.Back, o.Y), out: localSpans(o.Dst)}
}

func (d *delta) rows(_, lo, hi int, _ *compute.Args) {
	lo, hi = lo*d.cols, hi*d.cols
	dst, back, y := d.dst[lo:hi], d.back[lo:hi], d.y[lo:hi]
	switch d.f {
	case compute.Identity:
		copy(dst, back)
	case compute.Sigmoid:
		simd.DeltaSigmoid(dst, back, y)
	case compute.Tanh:
		simd.DeltaTanh(dst, back, y)
	case compute.ReLU:
		simd.DeltaReLU(dst, back, y)
	case compute.ScaledTanh:
		simd.DeltaScaledTanh(dst, back, y, compute.TanhAmplitude, compute.TanhSlope)
	case compute.LeakyReLU:
		simd.DeltaLeakyReLU(dst, back, y, compute.Leak)
	}
}

// columnSum is compute.ColumnSum. One worker computes all sums, because the kernel reads whole
// rows.
type columnSum struct{ dst, src []float32 }

func (l *plan) columnSumNode(_ int, o compute.ColumnSum) *node {
	return &node{wide: &columnSum{data(o.Dst), data(o.Src)}, cost: float64(o.Src.Len()), in: spans(o.Src), out: spans(o.Dst)}
}

func (s *columnSum) share(worker, size int, _ *compute.Args) {
	if worker == size-1 {
		simd.ColumnSum(s.dst, s.src)
	}
}

// fill is compute.Fill.
type fill struct {
	dst   []float32
	value float32
}

func (l *plan) fillNode(_ int, o compute.Fill) *node {
	return &node{wide: &fill{data(o.Dst), o.Value}, cost: float64(o.Dst.Len()), out: spans(o.Dst)}
}

func (f *fill) share(worker, size int, _ *compute.Args) {
	lo, hi := workers.Share(len(f.dst), 1024, worker, size)
	dst := f.dst[lo:hi]
	for i := range dst {
		dst[i] = f.value
	}
}
