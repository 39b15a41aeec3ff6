package cases

import (
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A field is what makes the displacements of elastic distortions: noise, blurred along x
// and then along y.
type field struct {
	noise, blurred, field compute.Mat
	blurX, blurY          compute.Mat
}

// newField puts the matrices of a field into the problem.
func (s *step) newField() {
	p, w, h, f := s.p, s.warp.Width, s.warp.Height, &s.field
	f.noise, f.blurred, f.field = p.Output("noise", 2*s.batch*h, w), p.Output("blurred", 2*s.batch*h, w), p.Output("field", h, 2*s.batch*w)
	f.blurX, f.blurY = p.Input("BlurX", w, w, blur(w)), p.Input("BlurY", h, h, blur(h))
}

// blur is a matrix that smooths n pixels in a line.
func blur(n int) func(e int) float32 {
	return func(e int) float32 {
		d := float64(e/n - e%n)
		return float32(math.Exp(-d*d/8) / math.Sqrt(8*math.Pi))
	}
}

// distort puts op Warp into the program, and those that make its field.
func (s *step) distort() {
	op := s.warp
	op.Dst, op.Src, op.Index, op.Scale, op.Shift, op.Stream = s.x, s.pixels, s.index, warpScale, s.shift, warpStream
	if op.Calm > 0 {
		op.Labels = s.labels
	}
	if s.elastic {
		f := s.field
		along := func(m compute.Mat) compute.Mat {
			return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: op.Height, Cols: 2 * s.batch * op.Width}
		}
		s.p.Add(compute.Noise{Dst: f.noise, Stream: noiseStream})
		s.p.Add(compute.MatMul{Dst: f.blurred, A: f.noise, B: f.blurX, TransB: true})
		s.p.Add(compute.MatMul{Dst: f.field, A: f.blurY, B: along(f.blurred)})
		op.Field = f.field
	}
	s.p.Add(op)
}

// Images that are distorted in a step have few levels, of which warpScale makes numbers
// up to 1: between neighbours the slopes are small then.
const (
	warpLevels = 4
	warpScale  = 1. / (warpLevels - 1)
)

// newWarpedImages adds images to be distorted.
func newWarpedImages(p *judge.Problem, rows, cols int) compute.Bytes {
	b := p.NewBytes(rows, cols, 1)
	for i := range rows {
		drawWarped(p, b, i)
	}
	return b
}

// drawWarped draws image i anew: most of its pixels are 0.
func drawWarped(p *judge.Problem, b compute.Bytes, i int) {
	data := p.Bytes(b)[i*b.Cols : (i+1)*b.Cols]
	for e := range data {
		data[e] = byte(max(0, p.Intn(3*warpLevels)-2*warpLevels))
	}
}

// settle draws images anew until no pixel of any run's distorted images may be rounded to
// either of two levels. A backend may round as it likes where one is, and what is made of
// it would differ by more than the mean of errors allows.
func (s *step) settle() {
	const tries = 100 // where distances are so large that float32 hardly tells pixels apart
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

// redraw draws the images anew of which a run's batch has a pixel of two levels, and tells
// whether there were any.
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
