package computetest

import (
	"math"

	"shadegrad/compute"
)

// A distortion computes op Warp in float64, image by image and independently of package reference. A fault replaces one of its
// functions.
type distortion struct {
	compute.Warp
	args compute.Args
	src  []float32 // all rows
	// rows lists the rows of Src that the batch reads; classes lists their classes.
	rows    []int
	classes []int
	field   []float32 // nil for none

	// u is random number l of image i.
	u func(i, l int) float64
	// affine is A.
	affine func(sin, cos, k, a, b float64) [2][2]float64
	// displaced is component d of the field at pixel (x, y) of image i.
	displaced func(i, d, x, y int) float64
	// calm reports for image i whether its rotation, its shear and its scaling are halved.
	calm func(i int) (rotation, shear, scaling bool)
	// alpha returns α for a random number.
	alpha func(u float64) float64
	// middle returns the middle of n pixels.
	middle func(n int) float64
	// pixel returns a pixel of an image, or 0 outside it.
	pixel func(img []float32, x, y int) float64
	// between returns the interpolated value of an image at a place.
	between func(img []float32, x, y float64) float64
	// round rounds a value to a level.
	round func(v float64) float64
}

// newDistortion returns a distortion that computes o correctly.
func newDistortion(c *call, o compute.Warp) *distortion {
	d := &distortion{Warp: o, args: c.args, src: c.all(o.Src)}
	d.rows = c.visits(o.Index, o.Src.Rows, o.Dst.Rows)
	d.classes = make([]int, len(d.rows))
	if o.Labels.Buf != nil {
		labels := c.all(o.Labels)
		for i, row := range d.rows {
			d.classes[i] = int(labels[row])
		}
	}
	if !o.Field.IsZero() {
		d.field = c.get(o.Field)
	}
	draws := c.args.Draws(o.Stream)
	d.u = func(i, l int) float64 { return (2*float64(draws.Half(uint64(16*i+l)))+1)/65536 - 1 }
	d.affine = func(sin, cos, k, a, b float64) [2][2]float64 {
		return [2][2]float64{{cos / a, (cos*k - sin) / b}, {sin / a, (sin*k + cos) / b}}
	}
	d.displaced = func(i, which, x, y int) float64 {
		return float64(d.field[y*o.Field.Cols+(which*o.Dst.Rows+i)*o.Width+x])
	}
	d.calm = func(i int) (rotation, shear, scaling bool) {
		calm := d.classes[i] < 64 && o.Calm>>d.classes[i]&1 == 1
		return calm, calm, false
	}
	d.alpha = func(u float64) float64 {
		least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
		return (least+most)/2 + (most-least)/2*u
	}
	d.middle = func(n int) float64 { return float64(n-1) / 2 }
	d.pixel = func(img []float32, x, y int) float64 {
		if x < 0 || y < 0 || x >= o.Width || y >= o.Height {
			return 0
		}
		return float64(img[y*o.Width+x])
	}
	d.between = func(img []float32, x, y float64) float64 {
		if math.Abs(x) > 1e6 || math.Abs(y) > 1e6 {
			return 0
		}
		i, j := math.Floor(x), math.Floor(y)
		fx, fy, v := x-i, y-j, 0.
		for corner, share := range []float64{(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy} {
			v += share * d.pixel(img, int(i)+corner%2, int(j)+corner/2)
		}
		return v
	}
	d.round = func(v float64) float64 { return math.Floor(v + 0.5) }
	return d
}

// image computes image i.
func (d *distortion) image(dst []float32, i int) {
	half := func(calm bool) float64 {
		if calm {
			return 0.5
		}
		return 1
	}
	rotation, shear, scale := d.calm(i)
	sin, cos := math.Sincos(half(rotation) * float64(d.Rotation) * d.u(i, 0))
	scaling := half(scale) * float64(d.Scaling)
	a := d.affine(sin, cos, half(shear)*float64(d.Shear)*d.u(i, 3), 1+scaling*d.u(i, 1), 1+scaling*d.u(i, 2))
	alpha, mx, my := d.alpha(d.u(i, 6)), d.middle(d.Width), d.middle(d.Height)
	n := d.Width * d.Height
	img := d.src[d.rows[i]*n : (d.rows[i]+1)*n]
	for e := range dst {
		x, y := e%d.Width, e/d.Width
		dx, dy := float64(x)-mx, float64(y)-my
		px := a[0][0]*dx + a[0][1]*dy + mx + float64(d.Translation)*d.u(i, 4)
		py := a[1][0]*dx + a[1][1]*dy + my + float64(d.Translation)*d.u(i, 5)
		if d.field != nil {
			px, py = px+alpha*d.displaced(i, 0, x, y), py+alpha*d.displaced(i, 1, x, y)
		}
		dst[e] = float32(d.Scale*float32(d.round(d.between(img, px, py)))) + d.Shift
	}
}

// do computes all images.
func (d *distortion) do(c *call) {
	n := d.Width * d.Height
	dst := make([]float32, d.Dst.Len())
	for i := range d.rows {
		d.image(dst[i*n:(i+1)*n], i)
	}
	c.put(d.Dst, dst)
}

// visits lists the m rows that a run reads of a data set of n rows.
func (c *call) visits(index compute.Index, n, m int) []int {
	// float32 holds the row numbers exactly.
	numbers, batch := c.scratch(n, 1), c.scratch(m, 1)
	v := make([]float32, n)
	for row := range v {
		v[row] = float32(row)
	}
	c.put(numbers, v)
	c.instead(compute.Take{Dst: batch, Src: numbers, Index: index})
	list := make([]int, m)
	for i, row := range c.get(batch) {
		list[i] = int(row)
	}
	return list
}
