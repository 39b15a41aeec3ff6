package computetest

import (
	"math"

	"shadegrad/compute"
)

// updateFaults are faults of op Update's rules and terms. elementFaults has those of plain updates.
var updateFaults = []Fault{
	updates("Adam's averages are not corrected", of(compute.Adam), func(_ *compute.Update, a *compute.Args) { a.Step = math.MaxUint32 }),
	updates("t is the number of steps before", func(o compute.Update, a compute.Args) bool { return o.Rule == compute.Adam && a.Step > 0 },
		func(_ *compute.Update, a *compute.Args) { a.Step-- }),
	updates("1−μ and μ change places", of(compute.Adam), func(_ *compute.Update, a *compute.Args) { a.Momentum = 1 - a.Momentum }),
	updates("1−ρ and ρ change places", adaptive, func(o *compute.Update, _ *compute.Args) { o.Rho = 1 - o.Rho }),
	updates("Nesterov's momentum is Polyak's", of(compute.Nesterov), func(o *compute.Update, _ *compute.Args) { o.Rule = compute.SGD }),
	updates("L2 is ignored", always, func(o *compute.Update, _ *compute.Args) { o.L2 = 0 }),
	updates("L1 is ignored", always, func(o *compute.Update, _ *compute.Args) { o.L1 = 0 }),
	updates("the decay is ignored", always, func(o *compute.Update, _ *compute.Args) { o.Decay = 0 }),
	updates("the decay is not times the learning rate", func(_ compute.Update, a compute.Args) bool { return a.LearningRate > 0 },
		func(o *compute.Update, a *compute.Args) { o.Decay /= a.LearningRate }),
	updates("the decoupled decay is part of the gradient", adaptive, func(o *compute.Update, _ *compute.Args) { o.L2, o.Decay = o.L2+o.Decay, 0 }),
	updates("the gradient's norm is not bounded", always, func(o *compute.Update, _ *compute.Args) { o.Clip, o.Norms = 0, compute.Mat{} }),
	updates("only the first of the norms counts", func(o compute.Update, _ compute.Args) bool { return o.Clip > 0 },
		func(o *compute.Update, _ *compute.Args) { o.Norms.Cols = 1 }),
	fault("the decay is of the new weight", func(c *call, o compute.Update) {
		decay := c.args.LearningRate * o.Decay
		o.Decay = 0
		c.instead(o)
		if decay > 0 {
			w := c.get(o.W)
			c.put(o.W, scaled(w, 1-decay))
		}
	}),
	gradients("L1 has no sign", func(c *call, o *compute.Update, g, _ []float32) {
		for e := range g {
			g[e] += o.L1
		}
		o.L1 = 0
	}),
	gradients("the sign of 0 is 1", func(c *call, o *compute.Update, g, w []float32) {
		for e := range g {
			if w[e] == 0 {
				g[e] += o.L1
			}
		}
	}),
	gradients("short gradients are made longer", func(c *call, o *compute.Update, g, _ []float32) {
		if o.Clip > 0 && total(c, o.Norms) > 0 {
			scaled(g, o.Clip/float32(math.Sqrt(total(c, o.Norms))))
			o.Clip, o.Norms = 0, compute.Mat{}
		}
	}),
	gradients("the square of the norm is bounded", func(c *call, o *compute.Update, g, _ []float32) {
		if o.Clip > 0 && total(c, o.Norms) > 0 {
			scaled(g, min(1, o.Clip/float32(total(c, o.Norms))))
			o.Clip, o.Norms = 0, compute.Mat{}
		}
	}),
	gradients("a gradient of an infinite norm is made 0", func(c *call, o *compute.Update, g, _ []float32) {
		if o.Clip > 0 && total(c, o.Norms) > math.MaxFloat32 {
			clear(g)
			o.Clip, o.Norms = 0, compute.Mat{}
		}
	}),
	gradients("what bounds the gradient bounds its L2 as well", func(c *call, o *compute.Update, _, _ []float32) {
		if o.Clip > 0 && total(c, o.Norms) > 0 {
			o.L2 *= min(1, o.Clip/float32(math.Sqrt(total(c, o.Norms))))
		}
	}),
	faultUnless("the squares are not kept", func(o compute.Update) bool { return o.S.IsZero() }, func(c *call, o compute.Update) {
		before := c.get(o.S)
		c.right()
		c.put(o.S, before)
	}),
	steps("ε is inside the root", func(m moments) float64 { return m.v * m.first / math.Sqrt(m.s*m.second+m.epsilon) }),
	steps("ε is left out", func(m moments) float64 { return m.v * m.first / math.Max(1e-30, math.Sqrt(m.s*m.second)) }),
	steps("the root is left out", func(m moments) float64 { return m.v * m.first / (m.s*m.second + m.epsilon) }),
	steps("the squares are those of before", func(m moments) float64 { return m.v * m.first / (math.Sqrt(m.before*m.second) + m.epsilon) }),
	steps("the squares are not corrected", func(m moments) float64 { return m.v * m.first / (math.Sqrt(m.s) + m.epsilon) }),
	steps("the velocity is not corrected", func(m moments) float64 { return m.v / (math.Sqrt(m.s*m.second) + m.epsilon) }),
}

func always(compute.Update, compute.Args) bool { return true }

func adaptive(o compute.Update, _ compute.Args) bool { return !o.S.IsZero() }

func of(rule compute.Rule) func(compute.Update, compute.Args) bool {
	return func(o compute.Update, _ compute.Args) bool { return o.Rule == rule }
}

// updates returns a fault that computes op Update with changed numbers, if about returns true.
func updates(what string, about func(compute.Update, compute.Args) bool, change func(*compute.Update, *compute.Args)) Fault {
	return fault(what, func(c *call, o compute.Update) {
		if about(o, c.args) {
			change(&o, &c.args)
		}
		c.instead(o)
	})
}

// gradients returns a fault that computes op Update with another gradient. change may change the op too.
func gradients(what string, change func(c *call, o *compute.Update, g, w []float32)) Fault {
	return fault(what, func(c *call, o compute.Update) {
		g := c.get(o.G)
		change(c, &o, g, c.get(o.W))
		o.G = c.scratch(o.G.Rows, o.G.Cols)
		c.put(o.G, g)
		c.instead(o)
	})
}

// total returns the sum of the norms.
func total(c *call, norms compute.Mat) (sum float64) {
	for _, n := range c.get(norms) {
		sum += float64(n)
	}
	return sum
}

// moments has the operands of a step of RMSProp or Adam: V or the gradient, S after and before the step, and the factors of V
// and S.
type moments struct{ v, s, before, first, second, epsilon float64 }

// steps returns a fault that replaces the step of the adaptive rules of op Update. It applies to ops without other terms.
func steps(what string, step func(moments) float64) Fault {
	return fault(what, func(c *call, o compute.Update) {
		if o.S.IsZero() || o.L2+o.L1+o.Decay+o.Clip > 0 {
			c.right()
			return
		}
		w, before, v := c.get(o.W), c.get(o.S), c.get(o.G)
		m := moments{first: 1, second: 1, epsilon: float64(o.Epsilon)}
		c.right()
		s := c.get(o.S)
		if o.Rule == compute.Adam {
			first, second := o.Corrections(c.args)
			m.first, m.second, v = float64(first), float64(second), c.get(o.V)
		}
		for e := range w {
			m.v, m.s, m.before = float64(v[e]), float64(s[e]), float64(before[e])
			w[e] = float32(float64(w[e]) - float64(c.args.LearningRate)*step(m))
		}
		c.put(o.W, w)
	})
}
