package computetest

import (
	"math"

	"shadegrad/compute"
)

var elementFaults = []Fault{
	replaced("the bias is ignored", func(o *compute.Activate, _ *compute.Args) { o.Bias = compute.Mat{} }),
	fault("the first bias serves all columns", func(c *call, o compute.Activate) {
		if !o.Bias.IsZero() {
			b := c.get(o.Bias)
			for j := range b {
				b[j] = b[0]
			}
			o.Bias = c.scratch(1, o.Bias.Cols)
			c.put(o.Bias, b)
		}
		c.instead(o)
	}),
	fault("the last row is skipped", func(c *call, o compute.Activate) { c.keep(o.Dst, func(i, _ int) bool { return i == o.Dst.Rows-1 }) }),
	fault("the result overwrites the input", func(c *call, o compute.Activate) {
		c.right()
		c.put(o.Src, c.get(o.Dst))
	}),
	fault("sigmoid of −z", elementwise(compute.Sigmoid, func(z float32) float32 { return 1 / (1 + float32(math.Exp(float64(z)))) })),
	fault("sigmoid is off by 1e-3", elementwise(compute.Sigmoid, func(z float32) float32 { return 1/(1+float32(math.Exp(-float64(z)))) + 1e-3 })),
	fault("tanh overflows", elementwise(compute.Tanh, func(z float32) float32 {
		e := float32(math.Exp(2 * float64(z)))
		return (e - 1) / (e + 1)
	})),
	fault("ReLU leaks", elementwise(compute.ReLU, func(z float32) float32 {
		if z < 0 {
			return 1e-6 * z
		}
		return z
	})),
	fault("ReLU of NaN is 0", elementwise(compute.ReLU, func(z float32) float32 {
		if z > 0 {
			return z
		}
		return 0
	})),
	fault("scaled tanh's slope is two thirds", elementwise(compute.ScaledTanh, func(z float32) float32 {
		return float32(compute.TanhAmplitude * math.Tanh(2./3*float64(z)))
	})),
	fault("scaled tanh is not scaled", elementwise(compute.ScaledTanh, func(z float32) float32 { return float32(math.Tanh(float64(z))) })),
	fault("leaky ReLU does not leak", elementwise(compute.LeakyReLU, func(z float32) float32 { return max(0, z) })),
	fault("leaky ReLU leaks a fifth", elementwise(compute.LeakyReLU, func(z float32) float32 { return max(z/5, z) })),
	fault("softmax does not take the largest off", softmax(func(z []float32) []float32 {
		sum := float32(0)
		for j := range z {
			z[j] = float32(math.Exp(float64(z[j])))
			sum += z[j]
		}
		return scaled(z, 1/sum)
	})),
	fault("softmax sums no more than 32 columns", softmax(func(z []float32) []float32 {
		top, sum := z[0], float32(0)
		for _, v := range z {
			top = max(top, v)
		}
		for j := range z {
			z[j] = float32(math.Exp(float64(z[j] - top)))
			if j < 32 {
				sum += z[j]
			}
		}
		return scaled(z, 1/sum)
	})),

	fault("ReLU's derivative at 0 is 1", derivative(compute.ReLU, func(y float32) float32 {
		if y >= 0 {
			return 1
		}
		return 0
	})),
	fault("sigmoid's derivative is 1−y", derivative(compute.Sigmoid, func(y float32) float32 { return 1 - y })),
	fault("tanh's derivative is 1−y", derivative(compute.Tanh, func(y float32) float32 { return 1 - y })),
	fault("scaled tanh's derivative is that of tanh", derivative(compute.ScaledTanh, func(y float32) float32 { return 1 - y*y })),
	fault("leaky ReLU's derivative is that of ReLU", derivative(compute.LeakyReLU, func(y float32) float32 {
		if y > 0 {
			return 1
		}
		return 0
	})),
	fault("leaky ReLU's derivative at 0 is 1", derivative(compute.LeakyReLU, func(y float32) float32 {
		if y >= 0 {
			return 1
		}
		return compute.Leak
	})),
	fault("an error that is NaN becomes 0", func(c *call, o compute.Delta) {
		c.change(o.Dst, func(v []float32) {
			for e := range v {
				if v[e] != v[e] {
					v[e] = 0
				}
			}
		})
	}),
	fault("the derivative is left out", func(c *call, o compute.Delta) { c.put(o.Dst, c.get(o.Back)) }),
	fault("the last element is skipped", func(c *call, o compute.Delta) {
		c.keep(o.Dst, func(i, j int) bool { return i == o.Dst.Rows-1 && j == o.Dst.Cols-1 })
	}),

	replaced("the momentum is ignored", func(_ *compute.Update, a *compute.Args) { a.Momentum = 0 }),
	replaced("the velocity is ignored", func(o *compute.Update, _ *compute.Args) { o.V = compute.Mat{} }),
	replaced("the step goes uphill", func(_ *compute.Update, a *compute.Args) { a.LearningRate = -a.LearningRate }),
	fault("the learning rate enters the velocity", velocity(func(v, g, w, eta, mu float32) (float32, float32) {
		v = mu*v + eta*g
		return v, w - v
	})),
	fault("the step is that of the old velocity", velocity(func(v, g, w, eta, mu float32) (float32, float32) { return mu*v + g, w - eta*v })),
	fault("the velocity is not kept", velocity(func(v, g, w, eta, mu float32) (float32, float32) { return v, w - eta*(mu*v+g) })),
	fault("Nesterov's momentum is taken for Polyak's", velocity(func(v, g, w, eta, mu float32) (float32, float32) {
		v = mu*v + g
		return v, w - eta*(g+mu*v)
	})),

	replaced("the value is 0", func(o *compute.Fill, _ *compute.Args) { o.Value = 0 }),
	fault("the last row is skipped", func(c *call, o compute.Fill) { c.keep(o.Dst, func(i, _ int) bool { return i == o.Dst.Rows-1 }) }),
}

// elementwise computes op Activate with another function f.
func elementwise(of compute.Activation, f func(z float32) float32) func(*call, compute.Activate) {
	return rows(of, func(z []float32) []float32 {
		for j := range z {
			z[j] = f(z[j])
		}
		return z
	})
}

// softmax computes op Activate with another softmax.
func softmax(f func(z []float32) []float32) func(*call, compute.Activate) {
	return rows(compute.Softmax, f)
}

// rows computes op Activate of one activation with another function of a row.
func rows(of compute.Activation, f func(z []float32) []float32) func(*call, compute.Activate) {
	return func(c *call, o compute.Activate) {
		if o.F != of {
			c.right()
			return
		}
		z := c.get(o.Src)
		if !o.Bias.IsZero() {
			b := c.get(o.Bias)
			for e := range z {
				z[e] += b[e%o.Src.Cols]
			}
		}
		for i := range o.Src.Rows {
			row := z[i*o.Src.Cols : (i+1)*o.Src.Cols]
			copy(row, f(row))
		}
		c.put(o.Dst, z)
	}
}

func scaled(v []float32, by float32) []float32 {
	for j := range v {
		v[j] *= by
	}
	return v
}

// derivative computes op Delta of one activation with another derivative.
func derivative(of compute.Activation, f func(y float32) float32) func(*call, compute.Delta) {
	return func(c *call, o compute.Delta) {
		if o.F != of {
			c.right()
			return
		}
		d, y := c.get(o.Back), c.get(o.Y)
		for e := range d {
			d[e] *= f(y[e])
		}
		c.put(o.Dst, d)
	}
}

// velocity computes op Update with another rule, if there is a velocity.
func velocity(rule func(v, g, w, eta, mu float32) (newV, newW float32)) func(*call, compute.Update) {
	return func(c *call, o compute.Update) {
		if o.V.IsZero() {
			c.right()
			return
		}
		v, g, w := c.get(o.V), c.get(o.G), c.get(o.W)
		for e := range v {
			v[e], w[e] = rule(v[e], g[e], w[e], c.args.LearningRate, c.args.Momentum)
		}
		c.put(o.V, v)
		c.put(o.W, w)
	}
}
