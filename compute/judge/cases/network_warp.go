package cases

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A field has the matrices of an elastic distortion: noise, blurred along x
// and then along y.
type field struct {
	noise, blurred, field compute.Mat
	blurX, blurY          compute.Mat
}

// newField adds the matrices of a field.
func (s *step) newField() {
	p, w, h, f := s.p, s.Warp.Width, s.Warp.Height, &s.field
	f.noise, f.blurred, f.field = p.Output("noise", 2*s.Batch*h, w), p.Output("blurred", 2*s.Batch*h, w), p.Output("field", h, 2*s.Batch*w)
	f.blurX, f.blurY = p.Input("BlurX", w, w, blur(w)), p.Input("BlurY", h, h, blur(h))
}

// blur returns the values of an n×n matrix that smooths lines of n pixels.
func blur(n int) func(e int) float32 {
	return func(e int) float32 {
		d := float64(e/n - e%n)
		return float32(math.Exp(-d*d/8) / math.Sqrt(8*math.Pi))
	}
}

// distort adds op Warp and the ops that make its field.
func (s *step) distort() {
	op := s.Warp
	op.Dst, op.Src, op.Index, op.Scale, op.Shift, op.Stream = s.x, s.pixels, s.index, warpScale, s.shift, warpStream
	if op.Calm > 0 {
		op.Labels = s.labels
	}
	if s.elastic() {
		f := s.field
		along := func(m compute.Mat) compute.Mat {
			return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: op.Height, Cols: 2 * s.Batch * op.Width}
		}
		s.p.Add(compute.Noise{Dst: f.noise, Stream: noiseStream})
		s.p.Add(compute.MatMul{Dst: f.blurred, A: f.noise, B: f.blurX, TransB: true})
		s.p.Add(compute.MatMul{Dst: f.field, A: f.blurY, B: along(f.blurred)})
		op.Field = f.field
	}
	s.p.Add(op)
}

// Images that a step distorts have few levels, which warpScale maps to [0, 1]. So the slopes between
// neighbouring pixels are small.
const (
	warpLevels = 4
	warpScale  = 1. / (warpLevels - 1)
)

// newWarpedImages adds images for op Warp.
func newWarpedImages(p *judge.Problem, rows, cols int) compute.Bytes {
	b := p.NewBytes(rows, cols, 1)
	for i := range rows {
		drawWarped(p, b, i)
	}
	return b
}

// drawWarped draws image i: most of its pixels are 0.
func drawWarped(p *judge.Problem, b compute.Bytes, i int) {
	data := p.Bytes(b)[i*b.Cols : (i+1)*b.Cols]
	for e := range data {
		data[e] = byte(max(0, p.Intn(3*warpLevels)-2*warpLevels))
	}
}

// settle draws images again until no pixel of a distorted image may be rounded to
// either of two levels. Backends may differ at such a pixel, and the effect on later results
// would exceed the bound of the mean error.
func (s *step) settle() {
	const tries = 100 // with large displacements float32 hardly resolves pixels
	ops := s.p.Ops
	again := true
	for try := 0; again && try < tries; try++ {
		again = false
		s.p.Begin()
		for _, args := range s.p.Runs {
			for _, op := range ops {
				if s.p.Evaluate(op, args); op.Name() == "warp" {
					again = s.redraw(args) || again
					break
				}
			}
		}
	}
}

// redraw draws the images of a run's batch again that have a pixel with two levels. It reports whether
// there were any.
func (s *step) redraw(args compute.Args) (found bool) {
	bounds, order := s.p.Bounds(s.x), s.p.Index(s.index)
	for i := range s.x.Rows {
		if slices.ContainsFunc(bounds[i*s.x.Cols:(i+1)*s.x.Cols], func(b float64) bool { return b != 0 }) {
			found = true
			row := args.Row + i
			if order != nil {
				row = int(order[row])
			}
			drawWarped(s.p, s.pixels, row)
		}
	}
	return found
}
