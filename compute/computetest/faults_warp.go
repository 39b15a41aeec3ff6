package computetest

import (
	"math"

	"shadegrad/compute"
)

// warpFaults are faults of op Warp.
var warpFaults = []Fault{
	replaced("Args.Row is ignored", func(_ *compute.Warp, a *compute.Args) { a.Row = 0 }),
	replaced("the index is ignored", func(o *compute.Warp, _ *compute.Args) { o.Index = compute.Index{} }),
	replaced("the shift is ignored", func(o *compute.Warp, _ *compute.Args) { o.Shift = 0 }),
	replaced("the step is ignored", func(_ *compute.Warp, a *compute.Args) { a.Step = 0 }),
	replaced("the field is ignored", func(o *compute.Warp, _ *compute.Args) { o.Field = compute.Mat{} }),
	replaced("calm classes are distorted like the others", func(o *compute.Warp, _ *compute.Args) { o.Calm = 0 }),
	warps("images turn the other way", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 { return right(-sin, cos, k, a, b) }
	}),
	warps("images are sheared the other way", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 { return right(sin, cos, -k, a, b) }
	}),
	warps("images are sheared along y", func(d *distortion) {
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 {
			return [2][2]float64{{(cos - sin*k) / a, -sin / b}, {(sin + cos*k) / a, cos / b}}
		}
	}),
	warps("images turn before they are sheared", func(d *distortion) {
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 {
			return [2][2]float64{{(cos + k*sin) / a, (k*cos - sin) / b}, {sin / a, cos / b}}
		}
	}),
	warps("images shrink instead of grow", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 { return right(sin, cos, k, 1/a, 1/b) }
	}),
	warps("rows of the matrix are scaled, not columns", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 {
			m := right(sin, cos, k, 1, 1)
			return [2][2]float64{{m[0][0] / a, m[0][1] / a}, {m[1][0] / b, m[1][1] / b}}
		}
	}),
	warps("width and height scale alike", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, _ float64) [2][2]float64 { return right(sin, cos, k, a, a) }
	}),
	warps("the matrix is transposed", func(d *distortion) {
		right := d.affine
		d.affine = func(sin, cos, k, a, b float64) [2][2]float64 {
			m := right(sin, cos, k, a, b)
			m[0][1], m[1][0] = m[1][0], m[0][1]
			return m
		}
	}),
	warps("the middle is half a pixel off", func(d *distortion) { d.middle = func(n int) float64 { return float64(n) / 2 } }),
	warps("x and y of the shift are swapped", func(d *distortion) {
		right := d.u
		d.u = func(i, l int) float64 {
			if l == 4 || l == 5 {
				l = 9 - l
			}
			return right(i, l)
		}
	}),
	warps("all images use the random numbers of the first", func(d *distortion) {
		right := d.u
		d.u = func(_, l int) float64 { return right(0, l) }
	}),
	warps("random numbers follow the row in the data set", func(d *distortion) {
		right := d.u
		d.u = func(i, l int) float64 { return right(d.rows[i], l) }
	}),
	warps("each image uses 8 random numbers, not 16", func(d *distortion) {
		draws := d.args.Draws(d.Stream)
		d.u = func(i, l int) float64 { return (2*float64(draws.Half(uint64(8*i+l)))+1)/65536 - 1 }
	}),
	warps("the random numbers are from 0 to 1", func(d *distortion) {
		right := d.u
		d.u = func(i, l int) float64 { return (right(i, l) + 1) / 2 }
	}),
	warps("calm images are sheared like the others", func(d *distortion) {
		right := d.calm
		d.calm = func(i int) (bool, bool, bool) { turns, _, grows := right(i); return turns, false, grows }
	}),
	warps("calm images turn like the others", func(d *distortion) {
		right := d.calm
		d.calm = func(i int) (bool, bool, bool) { _, shears, grows := right(i); return false, shears, grows }
	}),
	warps("calm images grow less as well", func(d *distortion) {
		right := d.calm
		d.calm = func(i int) (bool, bool, bool) { calm, _, _ := right(i); return calm, calm, calm }
	}),
	labelled("labels follow the place in the batch", func(_, i int) int { return i }),
	labelled("the label is read from the next row", func(row, _ int) int { return row + 1 }),
	warps("α is always the maximum", func(d *distortion) { d.alpha = func(float64) float64 { return float64(d.Alpha[1]) } }),
	warps("α varies by twice its range", func(d *distortion) {
		least, most := float64(d.Alpha[0]), float64(d.Alpha[1])
		d.alpha = func(u float64) float64 { return (least+most)/2 + (most-least)*u }
	}),
	fields("the field's components are swapped", func(d *distortion, i, which int) (int, int) { return i, 1 - which }),
	fields("each image uses the field of the image before", func(d *distortion, i, which int) (int, int) { return max(0, i-1), which }),
	fields("the field's components alternate", func(d *distortion, i, which int) (int, int) {
		n := 2*i + which
		return n % d.Dst.Rows, n / d.Dst.Rows
	}),
	warps("the field is transposed", func(d *distortion) {
		right := d.displaced
		d.displaced = func(i, which, x, y int) float64 { return right(i, which, y%d.Width, x%d.Height) }
	}),
	warps("border pixels are repeated outside", func(d *distortion) {
		right := d.pixel
		d.pixel = func(img []float32, x, y int) float64 {
			return right(img, min(max(x, 0), d.Width-1), min(max(y, 0), d.Height-1))
		}
	}),
	warps("the image wraps around at its border", func(d *distortion) {
		right := d.pixel
		d.pixel = func(img []float32, x, y int) float64 {
			return right(img, (x%d.Width+d.Width)%d.Width, (y%d.Height+d.Height)%d.Height)
		}
	}),
	warps("places less than a pixel outside are 0", func(d *distortion) {
		right := d.between
		d.between = func(img []float32, x, y float64) float64 {
			if x < 0 || y < 0 || x > float64(d.Width-1) || y > float64(d.Height-1) {
				return 0
			}
			return right(img, x, y)
		}
	}),
	warps("pixels are not interpolated", func(d *distortion) {
		d.between = func(img []float32, x, y float64) float64 {
			return d.pixel(img, int(math.Floor(x+0.5)), int(math.Floor(y+0.5)))
		}
	}),
	warps("places left of the image are rounded towards it", func(d *distortion) {
		right := d.between
		d.between = func(img []float32, x, y float64) float64 {
			if x < 0 {
				return right(img, math.Abs(x), y) // int(x), and the rest of it
			}
			return right(img, x, y)
		}
	}),
	warps("values are not rounded", func(d *distortion) { d.round = func(v float64) float64 { return v } }),
	warps("values are rounded down", func(d *distortion) { d.round = math.Floor }),
	warps("halves are rounded down", func(d *distortion) { d.round = func(v float64) float64 { return math.Ceil(v - 0.5) } }),
	warps("the fraction has eight bits", func(d *distortion) {
		right := d.between
		d.between = func(img []float32, x, y float64) float64 {
			return right(img, math.Floor(x*256)/256, math.Floor(y*256)/256)
		}
	}),
}

// warps returns a fault that computes op Warp with a changed part.
func warps(what string, change func(d *distortion)) Fault {
	return fault(what, func(c *call, o compute.Warp) {
		d := newDistortion(c, o)
		change(d)
		d.do(c)
	})
}

// fields returns a fault that computes op Warp with the field of another image or component.
func fields(what string, other func(d *distortion, i, which int) (int, int)) Fault {
	return warps(what, func(d *distortion) {
		right := d.displaced
		d.displaced = func(i, which, x, y int) float64 {
			i, which = other(d, i, which)
			return right(i, which, x, y)
		}
	})
}

// labelled returns a fault that computes op Warp with the label of another row.
func labelled(what string, other func(row, i int) int) Fault {
	return fault(what, func(c *call, o compute.Warp) {
		d := newDistortion(c, o)
		if o.Labels.Buf != nil {
			labels := c.all(o.Labels)
			for i, row := range d.rows {
				d.classes[i] = int(labels[other(row, i)%len(labels)])
			}
		}
		d.do(c)
	})
}
