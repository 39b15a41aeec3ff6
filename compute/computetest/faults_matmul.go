package computetest

import (
	"math"

	"shadegrad/compute"
)

var matmulFaults = []Fault{
	replaced("A is transposed where it should not be", func(o *compute.MatMul, _ *compute.Args) { o.TransA, o.A = !o.TransA, turned(o.A) }),
	replaced("B is transposed where it should not be", func(o *compute.MatMul, _ *compute.Args) { o.TransB, o.B = !o.TransB, turned(o.B) }),
	fault("the last column is not written", func(c *call, o compute.MatMul) { c.keep(o.Dst, func(_, j int) bool { return j == o.Dst.Cols-1 }) }),
	fault("the last row is not written", func(c *call, o compute.MatMul) { c.keep(o.Dst, func(i, _ int) bool { return i == o.Dst.Rows-1 }) }),
	fault("the last columns of an odd number of them are not written", func(c *call, o compute.MatMul) { c.keep(o.Dst, func(_, j int) bool { return j >= o.Dst.Cols&^3 }) }),
	fault("the last term of each sum is missing", func(c *call, o compute.MatMul) {
		a, b := c.get(o.A), c.get(o.B)
		k := depth(o) - 1
		c.adjust(o.Dst, func(e int, v float32) float32 {
			return v - at(a, o.A, e/o.Dst.Cols, k, o.TransA)*at(b, o.B, k, e%o.Dst.Cols, o.TransB)
		})
	}),
	fault("terms past a multiple of 16 are missing", func(c *call, o compute.MatMul) {
		a, b := c.get(o.A), c.get(o.B)
		c.change(o.Dst, func(v []float32) {
			for e := range v {
				for k := depth(o) &^ 15; k < depth(o); k++ {
					v[e] -= at(a, o.A, e/o.Dst.Cols, k, o.TransA) * at(b, o.B, k, e%o.Dst.Cols, o.TransB)
				}
			}
		})
	}),
	fault("one element past the result is written", func(c *call, o compute.MatMul) {
		c.right()
		past := compute.Mat{Buf: o.Dst.Buf, Off: o.Dst.Off + o.Dst.Len(), Rows: 1, Cols: 1}
		if past.Off < o.Dst.Buf.Elems() {
			c.put(past, []float32{0})
		}
	}),
	fault("one element before the result is written", func(c *call, o compute.MatMul) {
		c.right()
		if o.Dst.Off > 0 {
			c.put(compute.Mat{Buf: o.Dst.Buf, Off: o.Dst.Off - 1, Rows: 1, Cols: 1}, []float32{0})
		}
	}),
	fault("what lies past A is read, times 0", func(c *call, o compute.MatMul) {
		past := compute.Mat{Buf: o.A.Buf, Off: o.A.Off + o.A.Len(), Rows: 1, Cols: 1}
		c.change(o.Dst, func(v []float32) {
			if past.Off < o.A.Buf.Elems() {
				v[len(v)-1] += 0 * c.get(past)[0]
			}
		})
	}),
	fault("an input is changed", func(c *call, o compute.MatMul) {
		c.right()
		a := c.get(o.A)
		a[len(a)-1] = 0
		c.put(o.A, a)
	}),
	fault("the result is added to what was there", func(c *call, o compute.MatMul) {
		before := c.get(o.Dst)
		c.adjust(o.Dst, func(e int, v float32) float32 { return v + before[e] })
	}),
	fault("nothing is done", func(*call, compute.MatMul) {}),
	fault("nothing is done the second time", func(c *call, _ compute.MatMul) {
		if c.runs == 0 {
			c.right()
		}
	}),
	fault("the offset of the result is ignored", func(c *call, o compute.MatMul) {
		o.Dst.Off = 0
		c.instead(o)
	}),
	fault("the offset of B is rounded down to a vector", func(c *call, o compute.MatMul) {
		o.B.Off &^= 3
		c.instead(o)
	}),
	fault("sums are of half precision", func(c *call, o compute.MatMul) {
		c.adjust(o.Dst, func(_ int, v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1<<13 - 1)) })
	}),
	fickle(),
}

// fickle returns a fault whose product differs in the last bit from run to run, like a sum in
// the order in which threads finish.
func fickle() Fault {
	const what = "the last bit differs from run to run"
	return Fault{Name: "matmul: " + what, Op: "matmul", wrap: func(b compute.Backend) compute.Backend {
		runs := 0
		f := fault(what, func(c *call, o compute.MatMul) {
			runs++
			c.change(o.Dst, func(v []float32) {
				if runs%2 == 0 {
					v[0] = math.Nextafter32(v[0], 0)
				}
			})
		})
		return f.Wrap(b)
	}}
}

// turned returns m with the shape of its transpose.
func turned(m compute.Mat) compute.Mat {
	m.Rows, m.Cols = m.Cols, m.Rows
	return m
}

// depth returns the number of terms in each sum of a product.
func depth(o compute.MatMul) int {
	if o.TransA {
		return o.A.Rows
	}
	return o.A.Cols
}

// at returns element (i, j) of op(m).
func at(v []float32, m compute.Mat, i, j int, transposed bool) float32 {
	if transposed {
		i, j = j, i
	}
	return v[i*m.Cols+j]
}
