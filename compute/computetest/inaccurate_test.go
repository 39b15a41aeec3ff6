package computetest

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
)

// inaccurate returns a backend with the errors that good hardware may have: e^z is off by the
// 3 + 2·|z| units in the last place that GLSL 4.30, section 4.7.1, allows, sums by
// the rounding of each partial sum, and places of distorted images by a few units. The judge must accept
// it.
func inaccurate() compute.Backend {
	// The noise is a function of the value, so that a second run repeats it.
	noise := func(v float32) float64 {
		return 2*philox.Stream{Seed: 9}.Uniform(uint64(math.Float32bits(v))) - 1
	}
	// relative returns the relative error of a value computed from e^z. For larger |z| sigmoid
	// and tanh are so flat that the error does not grow.
	relative := func(z float32) float32 {
		return float32(noise(z) * (3 + 2*min(math.Abs(float64(z)), 5)) * 0x1p-23)
	}
	do := func(c *call) bool {
		switch o := c.op.(type) {
		case compute.MatMul:
			squares := o
			squares.A, squares.B, squares.Dst = squared(c, o.A), squared(c, o.B), c.scratch(o.Dst.Rows, o.Dst.Cols)
			c.instead(squares)
			sums := c.get(squares.Dst)
			c.change(o.Dst, func(v []float32) {
				for e := range v {
					// A random walk in which partial sums grow like √k.
					v[e] += float32(noise(v[e]) * 0x1p-24 * math.Sqrt(float64(sums[e])*float64(depth(o))))
				}
			})
		case compute.Activate:
			if linear(o.F) {
				return false
			}
			z := c.get(o.Src)
			c.adjust(o.Dst, func(e int, v float32) float32 { return v + v*relative(z[e]) })
		case compute.Loss:
			if linear(o.F) || o.Delta.IsZero() {
				return false
			}
			z := c.get(o.Z)
			c.change(o.Delta, func(v []float32) {
				for e := range v {
					v[e] += o.Scale * o.Weight * relative(z[e]) / 4 // the largest value of y·(1−y)
				}
			})
		case compute.Update:
			if o.S.IsZero() {
				return false
			}
			before := c.get(o.W)
			c.change(o.W, func(v []float32) {
				for e := range v {
					// A root computed from its inverse, and a quotient.
					v[e] = before[e] + (v[e]-before[e])*float32(1+noise(v[e])*(4.5+2.5)*0x1p-23)
				}
			})
		case compute.Warp:
			d := newDistortion(c, o)
			right := d.between
			d.between = func(img []float32, x, y float64) float64 {
				// The error of the sums of a pixel's place and of the sine of its angle.
				return right(img, x+noise(float32(x))*float64(o.Width)*0x1p-22, y+noise(float32(y))*float64(o.Height)*0x1p-22)
			}
			if !o.Field.IsZero() && coarse(c.get(o.Field)) {
				return false // exact in float32
			}
			d.do(c)
		default:
			return false
		}
		return true
	}
	return &opByOp{Backend: reference.New(), do: do}
}

// squared returns a matrix of the squares of m.
func squared(c *call, m compute.Mat) compute.Mat {
	v := c.get(m)
	for e := range v {
		v[e] *= v[e]
	}
	s := c.scratch(m.Rows, m.Cols)
	c.put(s, v)
	return s
}

// linear reports whether a function does not use an exponential.
func linear(f compute.Activation) bool {
	return f == compute.Identity || f == compute.ReLU || f == compute.LeakyReLU
}

// coarse reports whether all numbers are multiples of 1/128.
func coarse(v []float32) bool {
	for _, x := range v {
		if x*128 != float32(math.Floor(float64(x)*128)) {
			return false
		}
	}
	return true
}

func TestInaccuratePasses(t *testing.T) {
	b := inaccurate()
	for _, c := range Cases() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
