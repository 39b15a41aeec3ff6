package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
)

// specials adds ops of values that are NaN or infinite. A device that loses a NaN would hide that a
// training has diverged. The self-test omits them, because GLSL does not promise NaN.
func (l *caseList) specials() {
	if l.quick {
		return
	}
	for _, f := range compute.Activations() {
		for _, bias := range both {
			l.activation(f, shape{17, 11}, bias, false, "special", specialValues(6))
		}
	}
	for _, f := range elementwise() {
		l.add("delta", suffix("delta", f), []string{"special"}, func(p *judge.Problem) {
			s := shape{17, 11}
			op := compute.Delta{F: f}
			op.Dst = p.Output("Dst", s.m, s.n)
			op.Y = p.Input("Y", s.m, s.n, func(e int) float32 {
				if e%6 == 5 {
					return nan
				}
				return float32(reference.Function(f, math.Abs(float64(p.Normal(1.5)))))
			})
			op.Back = p.Input("Back", s.m, s.n, func(e int) float32 {
				// Op Delta does not define an infinite error where the derivative is 0.
				if v := specials[e/6%len(specials)]; e%6 == 2 && reference.Derivative(f, float64(p.Initial(op.Y)[e])) != 0 {
					return v
				}
				return p.Normal(1)
			})
			p.Add(op)
		})
	}
	for _, f := range elementwise() {
		l.specialNetwork(f)
	}
	for _, form := range lossForms() {
		form.m, form.n, form.on, form.weight, form.scale, form.note = 30, 10, 1, 1, 0.5, "special"
		form.z = specialValues(13)
		if form.f == compute.Sigmoid && form.kind == compute.CrossEntropy {
			form.z = nans // at ±∞ a loss is 0·∞
		}
		for _, delta := range []string{"out", "z"} {
			for _, targets := range both {
				form.delta, form.targets = delta, targets
				l.loss(form)
			}
		}
		if form.f != compute.Softmax {
			form.n, form.targets = 1, false
			l.loss(form)
		}
	}
}

// specialNetwork adds a network that reads rows with a NaN among others. A backend may fuse all of its ops.
func (l *caseList) specialNetwork(f compute.Activation) {
	const rows, in, hidden, out = 17, 36, 24, 10
	l.add("program", suffix("network", f), []string{"scratch", "special"}, func(p *judge.Problem) {
		x := p.Input("x", rows, in, func(e int) float32 {
			if e/in%3 == 1 && e%in == 5 {
				return nan
			}
			return p.Normal(1)
		})
		w1, b1 := p.Input("W1", hidden, in, p.Random(0.3)), p.Input("b1", 1, hidden, p.Random(0.3))
		w2, b2 := p.Input("W2", out, hidden, p.Random(0.3)), p.Input("b2", 1, out, p.Random(0.3))
		y, z := p.Output("y", rows, hidden), p.Output("z", rows, out)
		p.Scratch(y, z)
		p.Add(
			compute.MatMul{Dst: y, A: x, B: w1, TransB: true},
			compute.Activate{Dst: y, Src: y, Bias: b1, F: f},
			compute.MatMul{Dst: z, A: y, B: w2, TransB: true},
			compute.Loss{Stats: p.State("Stats", rows, 2, p.Random(1)), Z: z, Bias: b2, Labels: p.NewBytes(rows, 1, out),
				F: compute.Softmax, Kind: compute.CrossEntropy, On: 1, Weight: 1, Scale: 1},
		)
	})
}

var (
	nan, inf = float32(math.NaN()), float32(math.Inf(1))
	// specials has a NaN of each sign.
	specials = []float32{nan, inf, -inf, math.Float32frombits(0xffc00000)}
)

// specialValues returns values of which every step-th is special. The others are ordinary.
func specialValues(step int) func(*judge.Problem) func(int) float32 {
	return func(p *judge.Problem) func(int) float32 {
		return func(e int) float32 {
			if e%step == step-1 {
				return specials[e/step%len(specials)]
			}
			return p.Normal(2)
		}
	}
}

// nans returns values of which every 13th is NaN.
func nans(p *judge.Problem) func(int) float32 {
	return func(e int) float32 {
		if e%13 == 12 {
			return nan
		}
		return p.Normal(2)
	}
}

// overflows adds norms that overflow float32: norms of a gradient with one infinite norm or an infinite sum,
// sums of squares, and rows of weights. The self-test omits them, because GLSL does not promise NaN.
func (l *caseList) overflows() {
	if l.quick {
		return
	}
	for _, c := range []ruleCase{{}, {velocity: true}, {rule: compute.Nesterov}, {rule: compute.RMSProp}, {rule: compute.Adam}} {
		c.shape, c.epsilon, c.args = shape{5, 7}, 1e-7, compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: 3}
		for _, norms := range [][]float32{{4, float32(math.Inf(1)), 1}, {3e38, 3e38}} {
			l.add("update", c.kernel(), []string{c.shape.String(), fmt.Sprint("norms=", norms)}, func(p *judge.Problem) {
				op := c.op(p).(compute.Update)
				op.Clip = 0.5
				op.Norms = p.Input("Norms", 1, len(norms), func(e int) float32 { return norms[e] })
				p.Add(op)
				p.AddRun(c.args)
			})
		}
	}
	for _, s := range []shape{{3, 5}, {10, 2051}} {
		l.add("square_sum", "square_sum", []string{s.String(), "overflow"}, func(p *judge.Problem) {
			p.Add(compute.SquareSum{Src: p.Input("Src", s.m, s.n, p.Random(1e20)), Dst: p.Output("Dst", 1, 1)})
		})
		l.add("max_norm", "max_norm", []string{s.String(), "overflow"}, func(p *judge.Problem) {
			// Rows alternate: too large, within the limit, beyond the limit.
			p.Add(compute.MaxNorm{Limit: 4, W: p.State("W", s.m, s.n, func(e int) float32 {
				return []float32{1e20, 1e-3, 1}[e/s.n%3] * p.Normal(1)
			})})
		})
	}
}
