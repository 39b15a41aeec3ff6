package computetest

import "shadegrad/compute"

// drawFaults are faults of the ops with random numbers, and of op Take.
var drawFaults = []Fault{
	replaced("the mask is that of the next step", func(_ *compute.Dropout, a *compute.Args) { a.Step++ }),
	replaced("the mask is the same in each step", func(_ *compute.Dropout, a *compute.Args) { a.Step = 0 }),
	replaced("the upper half of the seed is ignored", func(_ *compute.Dropout, a *compute.Args) { a.Seed = uint64(uint32(a.Seed)) }),
	replaced("the stream is ignored", func(o *compute.Dropout, _ *compute.Args) { o.Stream = 0 }),
	replaced("streams begin at 0, as those of the host", func(o *compute.Dropout, _ *compute.Args) { o.Stream -= 16 }),
	replaced("no element is dropped", func(o *compute.Dropout, _ *compute.Args) { o.Rate = 0 }),
	masks("the mask is inverted", func(m mask) float32 {
		if m.half(m.e) < m.threshold {
			return m.k
		}
		return 0
	}),
	masks("kept elements are not scaled up", func(m mask) float32 {
		if m.half(m.e) >= m.threshold {
			return 1
		}
		return 0
	}),
	masks("kept elements are scaled down", func(m mask) float32 {
		if m.half(m.e) >= m.threshold {
			return 1 / m.k
		}
		return 0
	}),
	masks("a number equal to the threshold drops its element", func(m mask) float32 {
		if m.half(m.e) > m.threshold {
			return m.k
		}
		return 0
	}),
	masks("the halves of a word are swapped", func(m mask) float32 { return m.from(m.e ^ 1) }),
	masks("the words of a block are in the wrong order", func(m mask) float32 { return m.from(m.e ^ 6) }),
	masks("each row has the same mask", func(m mask) float32 { return m.from(m.e % m.Dst.Cols) }),
	masks("elements are counted column by column", func(m mask) float32 { return m.from(m.e%m.Dst.Cols*m.Dst.Rows + m.e/m.Dst.Cols) }),
	masks("elements are counted from 1", func(m mask) float32 { return m.from(m.e + 1) }),
	fault("dropped elements keep their value", func(c *call, o compute.Dropout) {
		src := c.get(o.Src)
		c.change(o.Dst, func(v []float32) {
			for e := range v {
				if v[e] == 0 {
					v[e] = src[e]
				}
			}
		})
	}),

	fault("the numbers are from 0 to 1", func(c *call, o compute.Noise) { c.adjust(o.Dst, func(_ int, v float32) float32 { return (v + 1) / 2 }) }),
	fault("the numbers begin at −1", func(c *call, o compute.Noise) { c.adjust(o.Dst, func(_ int, v float32) float32 { return v - 0x1p-16 }) }),
	fault("the numbers are signed", func(c *call, o compute.Noise) {
		c.change(o.Dst, func(v []float32) {
			for e := range v {
				if v[e]++; v[e] > 1 {
					v[e] -= 2
				}
			}
		})
	}),
	fault("the halves of a word are swapped", func(c *call, o compute.Noise) {
		c.change(o.Dst, func(v []float32) {
			for e := 1; e < len(v); e += 2 {
				v[e-1], v[e] = v[e], v[e-1]
			}
		})
	}),
	replaced("the step is ignored", func(_ *compute.Noise, a *compute.Args) { a.Step = 0 }),

	replaced("Args.Row is ignored", func(_ *compute.Take, a *compute.Args) { a.Row = 0 }),
	replaced("the index is ignored", func(o *compute.Take, _ *compute.Args) { o.Index = compute.Index{} }),
	fault("the last row is skipped", func(c *call, o compute.Take) { c.keep(o.Dst, func(i, _ int) bool { return i == o.Dst.Rows-1 }) }),
	fault("the last column is skipped", func(c *call, o compute.Take) { c.keep(o.Dst, func(_, j int) bool { return j == o.Dst.Cols-1 }) }),
}

// A mask has the values that decide whether op Dropout keeps element e.
type mask struct {
	compute.Dropout
	args      compute.Args
	e         int
	threshold uint32
	k         float32
}

func (m mask) half(e int) uint32 { return uint32(m.args.Draws(m.Stream).Half(uint64(e))) }

// from returns the factor for random number e.
func (m mask) from(e int) float32 {
	if m.half(e) >= m.threshold {
		return m.k
	}
	return 0
}

// masks returns a fault of op Dropout that computes the factor of each element with factor.
func masks(what string, factor func(m mask) float32) Fault {
	return fault(what, func(c *call, o compute.Dropout) {
		m := mask{Dropout: o, args: c.args}
		m.threshold, m.k = o.Threshold()
		v := c.get(o.Src)
		for m.e = range v {
			v[m.e] *= factor(m)
		}
		c.put(o.Dst, v)
	})
}
