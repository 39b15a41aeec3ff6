package computetest

import (
	"slices"

	"shadegrad/compute"
)

// batchFaults are faults of ops Gather and ColumnSum, and of the order of ops.
var batchFaults = []Fault{
	replaced("Args.Row is ignored", func(_ *compute.Gather, a *compute.Args) { a.Row = 0 }),
	faultUnless("Args.Row is a row of the data set, not of the index", func(o compute.Gather) bool { return o.Index.IsZero() }, func(c *call, o compute.Gather) {
		row := c.args.Row
		c.args.Row = 0
		visited := c.octets(o.Src, o.Index, o.Dst.Rows)
		copy(visited, c.all(o.Src)[row*o.Src.Cols:])
		c.put(o.Dst, pixels(o, visited))
	}),
	replaced("the index is ignored", func(o *compute.Gather, _ *compute.Args) { o.Index = compute.Index{} }),
	replaced("the shift is ignored", func(o *compute.Gather, _ *compute.Args) { o.Shift = 0 }),
	fault("the product is not rounded before the sum", func(c *call, o compute.Gather) {
		p := c.octets(o.Src, o.Index, o.Dst.Rows)
		for e := range p {
			p[e] = float32(float64(o.Scale)*float64(p[e]) + float64(o.Shift))
		}
		c.put(o.Dst, p)
	}),
	fault("bytes are signed", func(c *call, o compute.Gather) {
		p := c.octets(o.Src, o.Index, o.Dst.Rows)
		for e := range p {
			p[e] = float32(int8(byte(p[e])))
		}
		c.put(o.Dst, pixels(o, p))
	}),
	faultUnless("rows begin at whole words", func(o compute.Gather) bool { return !o.Index.IsZero() }, func(c *call, o compute.Gather) {
		all, p := c.all(o.Src), c.get(o.Dst)
		for e := range p {
			row, j := c.args.Row+e/o.Src.Cols, e%o.Src.Cols
			p[e] = all[(row*o.Src.Cols)&^3+j]
		}
		c.put(o.Dst, pixels(o, p))
	}),
	faultUnless("the bytes of a word are in the wrong order", func(o compute.Gather) bool { return !o.Index.IsZero() }, func(c *call, o compute.Gather) {
		all, p := c.all(o.Src), c.get(o.Dst)
		for e := range p {
			if at := (c.args.Row*o.Src.Cols + e) ^ 3; at < len(all) {
				p[e] = all[at]
			}
		}
		c.put(o.Dst, pixels(o, p))
	}),

	faultUnless("the last row is left out", func(o compute.ColumnSum) bool { return o.Src.Rows == 1 }, func(c *call, o compute.ColumnSum) {
		o.Src = o.Src.RowRange(0, o.Src.Rows-1)
		c.instead(o)
	}),
	fault("rows past 1024 are left out", func(c *call, o compute.ColumnSum) {
		o.Src = o.Src.RowRange(0, min(o.Src.Rows, 1024))
		c.instead(o)
	}),
	fault("the sum is added to what was there", func(c *call, o compute.ColumnSum) {
		before := c.get(o.Dst)
		c.change(o.Dst, func(v []float32) {
			for j := range v {
				v[j] += before[j]
			}
		})
	}),
	fault("long sums are added one by one", func(c *call, o compute.ColumnSum) {
		src, sum := c.get(o.Src), make([]float32, o.Src.Cols)
		for e, v := range src {
			sum[e%o.Src.Cols] += v
		}
		c.put(o.Dst, sum)
	}),
	fault("rows are summed, not columns", func(c *call, o compute.ColumnSum) {
		o.Src = turned(o.Src)
		sum := c.scratch(1, o.Src.Cols)
		c.instead(compute.ColumnSum{Dst: sum, Src: o.Src})
		v := c.get(o.Dst)
		copy(v, c.get(sum))
		c.put(o.Dst, v)
	}),

	order("weights are updated before the error goes back through them", func(ops []compute.Op) []compute.Op {
		for i := 0; i < len(ops); i++ {
			u, ok := ops[i].(compute.Update)
			if !ok {
				continue
			}
			made := slices.IndexFunc(ops, func(op compute.Op) bool { return writes(op, u.G) })
			if made >= 0 && made < i {
				ops = slices.Insert(slices.Delete(ops, i, i+1), made+1, compute.Op(u))
			}
		}
		return ops
	}),
	order("the last two ops change places", func(ops []compute.Op) []compute.Op {
		if n := len(ops); n > 1 {
			ops[n-1], ops[n-2] = ops[n-2], ops[n-1]
		}
		return ops
	}),
	order("of three ops or more one is left out", func(ops []compute.Op) []compute.Op {
		if len(ops) > 2 {
			return slices.Delete(ops, len(ops)/2, len(ops)/2+1)
		}
		return ops
	}),
}

// pixels does what op Gather does with bytes.
func pixels(o compute.Gather, bytes []float32) []float32 {
	for e := range bytes {
		bytes[e] = float32(o.Scale*bytes[e]) + o.Shift
	}
	return bytes
}

// order returns a fault in the order of a program's ops.
func order(what string, change func([]compute.Op) []compute.Op) Fault {
	return Fault{Name: "program: " + what, Op: "program", wrap: func(b compute.Backend) compute.Backend {
		return &opByOp{Backend: b, order: change}
	}}
}

// writes reports whether op writes matrix m.
func writes(op compute.Op, m compute.Mat) bool {
	for _, o := range compute.Matrices(op) {
		if o.Mode != compute.In && o.Mat == m {
			return true
		}
	}
	return false
}
