package judge

import (
	"math"

	"shadegrad/compute"
)

// warp is op Warp; field and labels may be nil. Src counts as 0 outside of its images,
// so that at their borders, too, the value is continuous.
//
// Rounding to a whole number makes most errors vanish. Where the place that a pixel comes
// from may be off by so much that its value crosses a half, the level on the other side is
// right as well; every other pixel is exact.
func warp(o compute.Warp, args compute.Args, src, labels []byte, field *grid, index []uint32) *grid {
	out := newGrid(o.Dst.Rows, o.Dst.Cols)
	for i := range out.rows {
		row := visited(index, args.Row+i)
		half := labels != nil && labels[row] < 64 && o.Calm>>labels[row]&1 == 1
		img := image{pixels: src[row*o.Src.Cols : (row+1)*o.Src.Cols], width: o.Width, height: o.Height}
		a := newAffinity(o, args, i, half)
		for e := range out.cols {
			x, y := e%o.Width, e/o.Width
			v, tol := img.at(a.place(x, y, displacement(o, field, i, x, y)))
			level := func(v float64) float64 {
				// The conversion of the product forbids the compiler to fuse it with the sum.
				p := float32(o.Scale * float32(math.Floor(v+0.5)))
				return float64(p + o.Shift)
			}
			val := level(v)
			off := math.Max(math.Abs(level(v-tol)-val), math.Abs(level(v+tol)-val))
			switch {
			case math.IsInf(tol, 1):
				out.set(i*out.cols+e, 0, math.Inf(1), 0)
			case off > 0:
				out.set(i*out.cols+e, val, off, 0) // with no magnitude it counts in no mean
			default:
				out.set(i*out.cols+e, val, 0, math.Abs(val))
			}
		}
	}
	return out
}

// displacement returns the two components of the field for a pixel of image i.
func displacement(o compute.Warp, field *grid, i, x, y int) (f [2]term) {
	if field == nil {
		return f
	}
	for d := range f {
		e := y*field.cols + (d*o.Dst.Rows+i)*o.Width + x
		f[d] = term{val: field.val[e], tol: field.tol[e]}
	}
	return f
}

// An affinity is how an image is turned, sheared, scaled and shifted, and how much of the
// field it is given.
type affinity struct {
	sin, cos, shear float64
	a, b            term // width and height
	middle, shift   [2]float64
	alpha           float64
	still           bool // nothing but the field moves a pixel
}

func newAffinity(o compute.Warp, args compute.Args, i int, half bool) affinity {
	draws := args.Draws(o.Stream)
	u := func(l int) float64 { return centred(draws.Half(uint64(compute.WarpDraws*i + l))) }
	h := 1.
	if half {
		h = 0.5
	}
	size := func(l int) term {
		v := float64(o.Scaling) * u(l)
		return term{val: 1 + v, tol: stepBound * (math.Abs(v) + math.Abs(1+v))}
	}
	least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
	sin, cos := math.Sincos(h * float64(o.Rotation) * u(0))
	return affinity{
		sin: sin, cos: cos, shear: h * float64(o.Shear) * u(3), a: size(1), b: size(2),
		middle: [2]float64{float64(o.Width-1) / 2, float64(o.Height-1) / 2},
		shift:  [2]float64{float64(o.Translation) * u(4), float64(o.Translation) * u(5)},
		alpha:  (least+most)/2 + (most-least)/2*u(6),
		still:  o.Rotation == 0 && o.Shear == 0 && o.Scaling == 0 && o.Translation == 0 && least == most,
	}
}

// Roundings of op Warp, in units of unitRoundoff.
const (
	// trigBound is the error of a sine and a cosine of angles up to π/2, which backends make
	// of polynomials: a few digits of them, and those that the angle is off by.
	trigBound = (8 + 2*2*math.Pi/2) * unitRoundoff
	// placeBound bounds what the rest does to each term of a place: the products of a matrix's
	// element, its quotient, the product with a distance, and the sums.
	placeBound = 4*stepBound + divisionBound + 4*stepBound
	// pixelBound bounds the three interpolations between pixels, in units of the largest: each
	// is a difference, a product and a sum.
	pixelBound = 3 * 3 * stepBound
)

// place returns where pixel (x, y) comes from.
func (a *affinity) place(x, y int, f [2]term) (at [2]term) {
	dx, dy := float64(x)-a.middle[0], float64(y)-a.middle[1]
	// R·(1 k; 0 1), and the sums of its terms' magnitudes with sine and cosine being 1.
	matrix := [2][2]float64{{a.cos, a.cos*a.shear - a.sin}, {a.sin, a.sin*a.shear + a.cos}}
	k := math.Abs(a.shear)
	terms := [2][2]float64{{math.Abs(a.cos), math.Abs(a.cos)*k + math.Abs(a.sin)}, {math.Abs(a.sin), math.Abs(a.sin)*k + math.Abs(a.cos)}}
	for d := range at {
		p, q := dx/a.a.val, dy/a.b.val
		val := matrix[d][0]*p + matrix[d][1]*q + a.middle[d] + a.shift[d] + a.alpha*f[d].val
		first, second := terms[d][0]*math.Abs(p), terms[d][1]*math.Abs(q)
		elastic := math.Abs(a.alpha) * (math.Abs(f[d].val) + f[d].tol)
		if moved := a.alpha * f[d].val; a.still && f[d].tol == 0 && coarse(moved) {
			at[d] = term{val: float64([]int{x, y}[d]) + moved}
			continue
		}
		tol := placeBound*(first+second+a.middle[d]+math.Abs(a.shift[d])+elastic) +
			trigBound*(math.Abs(p)+(1+k)*math.Abs(q)) +
			first*a.a.tol/a.a.val + second*a.b.tol/a.b.val + math.Abs(a.alpha)*f[d].tol
		at[d] = term{val: val, tol: tol}
	}
	return at
}

// coarse tells whether a displacement is a multiple of 2⁻⁷, and small: then no rounding
// is in the way of float32, neither in the place nor in the interpolation, so that halves
// are halves.
func coarse(v float64) bool { return math.Abs(v) < 1<<10 && v*128 == math.Floor(v*128) }

// An image is a row of pixels, and 0 around them.
type image struct {
	pixels        []byte
	width, height int
}

func (m image) pixel(x, y int) float64 {
	if x < 0 || y < 0 || x >= m.width || y >= m.height {
		return 0
	}
	return float64(m.pixels[y*m.width+x])
}

// at returns the bilinear value at a place, and by how much it may be off: what each
// coordinate may be off by, times how steep the image is across the pixels around, and what
// the interpolation itself loses.
func (m image) at(place [2]term) (v, tol float64) {
	x, y := place[0], place[1]
	const wide = 4 // beyond an error of so many pixels the value may be any
	if !(x.tol < wide && y.tol < wide) {
		return 0, math.Inf(1)
	}
	// Far outside it is 0, and no whole number need hold the place.
	if !(x.val > -1-wide && y.val > -1-wide && x.val < float64(m.width+wide) && y.val < float64(m.height+wide)) {
		return 0, 0
	}
	v = m.value(x.val, y.val)
	if x.tol == 0 && y.tol == 0 {
		return v, 0
	}
	steepX, steepY, top := 0., 0., 0.
	for j := int(math.Floor(y.val - y.tol)); j <= int(math.Floor(y.val+y.tol))+1; j++ {
		for i := int(math.Floor(x.val - x.tol)); i <= int(math.Floor(x.val+x.tol))+1; i++ {
			p := m.pixel(i, j)
			top = math.Max(top, p)
			if i <= int(math.Floor(x.val+x.tol)) {
				steepX = math.Max(steepX, math.Abs(m.pixel(i+1, j)-p))
			}
			if j <= int(math.Floor(y.val+y.tol)) {
				steepY = math.Max(steepY, math.Abs(m.pixel(i, j+1)-p))
			}
		}
	}
	return v, x.tol*steepX + y.tol*steepY + pixelBound*top
}

// value is the bilinear interpolation.
func (m image) value(x, y float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	fx, fy := x-i, y-j
	row := func(j int) float64 { return (1-fx)*m.pixel(int(i), j) + fx*m.pixel(int(i)+1, j) }
	return (1-fy)*row(int(j)) + fy*row(int(j)+1)
}
