package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/compute/philox"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
)

// The field of an elastic distortion is noise that is smoothed along x and along y. For an image
// of MNIST it takes 6 KB. If no other op uses the field, a worker computes it for a few images at a time
// just before it distorts them. The field stays in the caches of the core, and no worker waits
// for another.

// A field is the three ops that make the field of an op Warp: Noise N, MatMul T = N·BlurXᵀ with
// rows of Width, and MatMul BlurY·T.
type field struct {
	noise        compute.Noise
	blurX, blurY compute.Mat
	ops          [3]int
}

// findFields finds the ops Warp that can make their field, and fuses the ops that make it.
func (l *plan) findFields() {
	for i, op := range l.program.Ops {
		o, ok := op.(compute.Warp)
		if !ok {
			continue
		}
		if f := l.findField(i, o); f != nil {
			l.byteBatch(i).field = f
			for _, j := range f.ops {
				l.fused[j] = true
			}
		}
	}
}

// findField returns the field of op i, a Warp, or nil if other ops make it or use it.
func (l *plan) findField(i int, o compute.Warp) *field {
	if o.Field.IsZero() {
		return nil
	}
	f := &field{}
	alongY, ok := l.writer(o.Field, i, &f.ops[2]).(compute.MatMul)
	if !ok || alongY.TransA || alongY.TransB || alongY.Dst != o.Field {
		return nil
	}
	alongX, ok := l.writer(alongY.B, f.ops[2], &f.ops[1]).(compute.MatMul)
	if !ok || alongX.TransA || !alongX.TransB || alongX.Dst.Cols != o.Width {
		return nil
	}
	if f.noise, ok = l.writer(alongX.A, f.ops[1], &f.ops[0]).(compute.Noise); !ok {
		return nil
	}
	f.blurX, f.blurY = alongX.B, alongY.A
	if f.blurX.Cols != o.Width || f.blurY.Cols != o.Height {
		return nil
	}
	for _, m := range []compute.Mat{f.noise.Dst, alongX.Dst, o.Field} {
		if !l.isScratch(m) || !flow.OnlyUsedBy(l.flow, m, append(f.ops[:], i)...) || flow.Overlap(m, o.Dst, f.blurX, f.blurY) {
			return nil
		}
	}
	if !flow.Unchanged(l.flow, f.ops[0], i, f.blurX, f.blurY) {
		return nil
	}
	return f
}

// writer returns the op that wrote all of a matrix's elements, in any shape, before op j, and
// its number. It returns nil if the last op that wrote some of them wrote others as well.
func (l *plan) writer(m compute.Mat, j int, number *int) compute.Op {
	i := flow.LastWriter(l.flow, m, j)
	if i < 0 {
		return nil
	}
	*number = i
	for _, w := range l.flow[i].Writes {
		if w.Buf == m.Buf && w.Off == m.Off && w.Len() == m.Len() {
			return l.program.Ops[i]
		}
	}
	return nil
}

// isScratch reports whether the memory of a matrix is scratch, in any shape.
func (l *plan) isScratch(m compute.Mat) bool {
	for _, s := range l.program.Scratch {
		if s.Buf == m.Buf && s.Off == m.Off && s.Len() == m.Len() {
			return true
		}
	}
	return false
}

// fieldsAtATime is the number of images whose field is made together. More make the products
// larger and faster; fewer stay in the second-level cache.
const fieldsAtATime = 16

// An elastic makes the fields of a few images at a time in a worker's memory.
type elastic struct {
	stream         uint32
	batch          int // images of the whole batch
	width, height  int
	blurX, blurY   []float32
	engine         *sgemm.Engine
	noise, smooth  []float32
	alongX, alongY sgemm.Product
}

func newElastic(f *field, o compute.Warp, engine *sgemm.Engine) *elastic {
	n := 2 * o.Src.Cols * min(fieldsAtATime, o.Dst.Rows)
	return &elastic{stream: f.noise.Stream, batch: o.Dst.Rows, width: o.Width, height: o.Height,
		blurX: data(f.blurX), blurY: data(f.blurY), engine: engine, noise: make([]float32, n), smooth: make([]float32, n)}
}

// make returns the field of images i to i+n−1 of the batch, as op Warp reads it for a batch of n.
func (e *elastic) make(i, n int, draws philox.Stream) []float32 {
	w, h := e.width, e.height
	noise, smooth := e.noise[:2*n*w*h], e.smooth[:2*n*w*h]
	for y := range h {
		for d := range 2 {
			simd.Uniform(noise[(2*y+d)*n*w:][:n*w], draws, uint64((2*y+d)*e.batch+i)*uint64(w))
		}
	}
	e.alongX = sgemm.Product{TransB: true, M: 2 * n * h, N: w, K: w, A: noise, LDA: w, B: e.blurX, LDB: w, C: smooth, LDC: w, Alpha: 1}
	e.engine.Run(&e.alongX)
	e.alongY = sgemm.Product{M: h, N: 2 * n * w, K: h, A: e.blurY, LDA: h, B: smooth, LDB: 2 * n * w, C: noise, LDC: 2 * n * w, Alpha: 1}
	e.engine.Run(&e.alongY)
	return noise
}
