package computetest

import (
	"math"
	"slices"

	"shadegrad/compute"
)

var lossFaults = []Fault{
	replaced("the gradient lacks 1/batch", func(o *compute.Loss, _ *compute.Args) { o.Scale = 1 }),
	replaced("the weight is ignored", func(o *compute.Loss, _ *compute.Args) { o.Weight = 1 }),
	replaced("the bias is ignored", func(o *compute.Loss, _ *compute.Args) { o.Bias = compute.Mat{} }),
	replaced("labels are taken in natural order", func(o *compute.Loss, _ *compute.Args) { o.Index = compute.Index{} }),
	replaced("targets are 1 and 0", func(o *compute.Loss, _ *compute.Args) { o.On, o.Off = 1, 0 }),
	replaced("Args.Row is ignored", func(_ *compute.Loss, a *compute.Args) { a.Row = 0 }),
	fault("statistics begin at row 0", func(c *call, o compute.Loss) {
		before := c.get(o.Stats)
		c.right()
		after := c.get(o.Stats)
		copy(before, after[2*c.args.Row:2*(c.args.Row+o.Z.Rows)])
		c.put(o.Stats, before)
	}),
	fault("statistics of other batches are cleared", func(c *call, o compute.Loss) {
		c.change(o.Stats, func(v []float32) {
			clear(v[:2*c.args.Row])
			clear(v[2*(c.args.Row+o.Z.Rows):])
		})
	}),
	fault("the last row is skipped", func(c *call, o compute.Loss) {
		last := c.args.Row + o.Z.Rows - 1
		c.keep(o.Stats, func(i, _ int) bool { return i == last })
	}),
	fault("without a gradient nothing is done", func(c *call, o compute.Loss) {
		if !o.Delta.IsZero() {
			c.right()
		}
	}),
	faultUnless("the gradient is added", func(o compute.Loss) bool { return o.Delta.IsZero() }, func(c *call, o compute.Loss) {
		before := c.get(o.Delta)
		c.adjust(o.Delta, func(e int, v float32) float32 { return v + before[e] })
	}),
	fault("an invalid label is learnt as no class", func(c *call, o compute.Loss) {
		mute := func(v []float32) {
			for e := range v {
				if v[e] != v[e] {
					v[e] = 0
				}
			}
		}
		c.right()
		for _, m := range []compute.Mat{o.Delta, o.Stats} {
			if !m.IsZero() {
				v := c.get(m)
				mute(v)
				c.put(m, v)
			}
		}
	}),
	fault("the loss is of an output that rounds to 0", func(c *call, o compute.Loss) {
		c.change(o.Stats, func(v []float32) {
			for e := 2 * c.args.Row; e < 2*(c.args.Row+o.Z.Rows); e += 2 {
				if o.Kind == compute.CrossEntropy && v[e] > 104 {
					v[e] = float32(math.Inf(1))
				}
			}
		})
	}),
	faultUnless("the gradient of softmax and squares is that of sigmoid", func(o compute.Loss) bool {
		return o.F != compute.Softmax || o.Kind != compute.SquaredError || o.Delta.IsZero() || !o.Targets.IsZero()
	}, func(c *call, o compute.Loss) {
		y := c.scratch(o.Z.Rows, o.Z.Cols)
		c.instead(compute.Activate{Dst: y, Src: o.Z, Bias: o.Bias, F: o.F})
		labels := c.octets(o.Labels, o.Index, o.Z.Rows)
		out := c.get(y)
		c.change(o.Delta, func(v []float32) {
			for e := range v {
				target := o.Off
				if float32(e%o.Z.Cols) == labels[e/o.Z.Cols] {
					target = o.On
				}
				v[e] = o.Scale * o.Weight * 2 * (out[e] - target) * out[e] * (1 - out[e])
			}
		})
	}),
	faultUnless("targets are those of other rows", func(o compute.Loss) bool { return o.Targets.IsZero() }, func(c *call, o compute.Loss) {
		t, n := c.get(o.Targets), o.Z.Cols
		o.Targets = c.scratch(o.Z.Rows, n)
		at := c.args.Row % o.Z.Rows * n
		c.put(o.Targets, append(slices.Clone(t[at:]), t[:at]...))
		c.instead(o)
	}),
	fault("targets are between Off and On", func(c *call, o compute.Loss) {
		if !o.Targets.IsZero() {
			t := c.get(o.Targets)
			for e := range t {
				t[e] = o.Off + (o.On-o.Off)*t[e]
			}
			o.Targets = c.scratch(o.Z.Rows, o.Z.Cols)
			c.put(o.Targets, t)
		}
		c.instead(o)
	}),
	fault("targets are hit", func(c *call, o compute.Loss) {
		c.change(o.Stats, func(v []float32) {
			for i := c.args.Row; i < c.args.Row+o.Z.Rows && !o.Targets.IsZero(); i++ {
				v[2*i+1] = 1
			}
		})
	}),
	faultUnless("targets of cross-entropy are a class's", func(o compute.Loss) bool { return o.Targets.IsZero() || o.Kind != compute.CrossEntropy }, func(c *call, o compute.Loss) {
		t := c.get(o.Targets)
		for e := range t {
			t[e] = float32(math.Floor(float64(t[e]) + 0.5))
		}
		o.Targets = c.scratch(o.Z.Rows, o.Z.Cols)
		c.put(o.Targets, t)
		c.instead(o)
	}),
	fault("the answer is the largest sum, even if the outputs are NaN", func(c *call, o compute.Loss) {
		z := c.get(o.Z)
		labels := o.Targets.IsZero() && o.F == compute.Softmax
		c.change(o.Stats, func(v []float32) {
			for i := range o.Z.Rows {
				row, stats := z[i*o.Z.Cols:(i+1)*o.Z.Cols], v[2*(c.args.Row+i):]
				if at := slices.Index(row, float32(math.Inf(1))); labels && at >= 0 && stats[0] != stats[0] {
					stats[1] = 1
				}
			}
		})
	}),
	fault("of equal outputs the last is the answer", hits(several, outputs, func(o compute.Loss, y []float32, label int) bool {
		best := 0
		for j := range y {
			if y[j] >= y[best] {
				best = j
			}
		}
		return best == label
	})),
	fault("the answer is that of the sums, not of the outputs", hits(several, sums, func(o compute.Loss, z []float32, label int) bool {
		best := 0
		for j := range z {
			if z[j] > z[best] {
				best = j
			}
		}
		return best == label
	})),
	fault("of one output class 0 has the middle", hits(one, outputs, func(o compute.Loss, y []float32, label int) bool { return (y[0] > (o.On+o.Off)/2) == (label == 1) })),
	fault("of one output the target of class 0 is On", func(c *call, o compute.Loss) {
		if o.Z.Cols == 1 {
			o.Off = o.On
			c.instead(o)
			return
		}
		c.right()
	}),
}

// These decide which networks a rule for hits applies to, and to which values.
func one(o compute.Loss) bool                   { return o.Z.Cols == 1 }
func several(o compute.Loss) bool               { return o.Z.Cols > 1 }
func outputs(o compute.Loss) compute.Activation { return o.F }
func sums(compute.Loss) compute.Activation      { return compute.Identity }

// hits computes op Loss with another rule for hits.
func hits(about func(compute.Loss) bool, of func(compute.Loss) compute.Activation,
	rule func(o compute.Loss, y []float32, label int) bool) func(*call, compute.Loss) {
	return func(c *call, o compute.Loss) {
		if !about(o) || !o.Targets.IsZero() {
			c.right()
			return
		}
		labels := c.octets(o.Labels, o.Index, o.Z.Rows)
		y := c.scratch(o.Z.Rows, o.Z.Cols)
		c.instead(compute.Activate{Dst: y, Src: o.Z, Bias: o.Bias, F: of(o)})
		out := c.get(y)
		c.change(o.Stats, func(v []float32) {
			for i, label := range labels {
				if int(label) >= max(o.Z.Cols, 2) {
					continue
				}
				hit := &v[2*(c.args.Row+i)+1]
				*hit = 0
				if rule(o, out[i*o.Z.Cols:(i+1)*o.Z.Cols], int(label)) {
					*hit = 1
				}
			}
		})
	}
}
