package computetest

import (
	"math"

	"shadegrad/compute"
)

// normFaults are faults of ops SquareSum, MaxNorm and Average.
var normFaults = []Fault{
	fault("it is the norm, not its square", func(c *call, o compute.SquareSum) {
		c.change(o.Dst, func(v []float32) { v[0] = float32(math.Sqrt(float64(v[0]))) })
	}),
	fault("the last element is left out", func(c *call, o compute.SquareSum) {
		src := c.get(o.Src)
		last := src[len(src)-1]
		c.change(o.Dst, func(v []float32) { v[0] -= last * last })
	}),
	fault("elements past 2048 are left out", func(c *call, o compute.SquareSum) {
		o.Src.Rows, o.Src.Cols = 1, min(o.Src.Len(), 2048)
		c.instead(o)
	}),
	fault("it is added to what was there", func(c *call, o compute.SquareSum) {
		before := c.get(o.Dst)[0]
		c.change(o.Dst, func(v []float32) { v[0] += before })
	}),
	fault("long sums are added one by one", func(c *call, o compute.SquareSum) {
		sum := float32(0)
		for _, v := range c.get(o.Src) {
			sum += v * v
		}
		c.put(o.Dst, []float32{sum})
	}),

	replaced("the limit is that of the norm", func(o *compute.MaxNorm, _ *compute.Args) { o.Limit *= o.Limit }),
	fault("nothing is bounded", func(*call, compute.MaxNorm) {}),
	fault("columns are bounded", bounded(func(o compute.MaxNorm, w []float32, _, j int) (sum float64) {
		for e := j; e < len(w); e += o.W.Cols {
			sum += float64(w[e]) * float64(w[e])
		}
		return math.Max(sum, float64(o.Limit))
	})),
	fault("short rows are made longer", bounded(rowNorm)),
	fault("rows become as long as the root of the limit's root", bounded(func(o compute.MaxNorm, w []float32, i, j int) float64 {
		s := math.Max(rowNorm(o, w, i, j), float64(o.Limit))
		return s * s / float64(o.Limit)
	})),
	fault("the last row is skipped", func(c *call, o compute.MaxNorm) { c.keep(o.W, func(i, _ int) bool { return i == o.W.Rows-1 }) }),

	replaced("the warm-up is missing", func(_ *compute.Average, a *compute.Args) { a.Step = math.MaxUint32 }),
	replaced("it stays in the warm-up", func(o *compute.Average, _ *compute.Args) { o.Decay = math.Nextafter32(1, 0) }),
	fault("t counts from 1", func(c *call, o compute.Average) {
		if c.args.Step < math.MaxUint32 {
			c.args.Step++
		}
		c.right()
	}),
	fault("β and 1−β change places", func(c *call, o compute.Average) {
		dst, src, w := c.get(o.Dst), c.get(o.Src), 1-o.Weight(c.args)
		for e := range dst {
			dst[e] += w * (src[e] - dst[e])
		}
		c.put(o.Dst, dst)
	}),
	fault("the source takes the average's place", func(c *call, o compute.Average) {
		c.right()
		c.put(o.Src, c.get(o.Dst))
	}),
}

// bounded computes op MaxNorm with another sum of squares for each element.
func bounded(sum func(o compute.MaxNorm, w []float32, i, j int) float64) func(*call, compute.MaxNorm) {
	return func(c *call, o compute.MaxNorm) {
		w := c.get(o.W)
		next := make([]float32, len(w))
		for e, v := range w {
			if s := sum(o, w, e/o.W.Cols, e%o.W.Cols); s > 0 {
				next[e] = float32(float64(v) * math.Sqrt(float64(o.Limit)/s))
			}
		}
		c.put(o.W, next)
	}
}

// rowNorm returns the sum of the squares of row i.
func rowNorm(o compute.MaxNorm, w []float32, i, _ int) (sum float64) {
	for _, v := range w[i*o.W.Cols : (i+1)*o.W.Cols] {
		sum += float64(v) * float64(v)
	}
	return sum
}
