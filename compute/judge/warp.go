package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() { register(opRules[compute.Warp]{bound: boundWarp}) }

// boundWarp bounds pixels. Rounding to an integer removes most errors. If the error of a pixel's place may
// move its value across a half, the next level is right as well. Every other pixel is exact.
//
// Src counts as 0 outside its images, so the value is continuous at their borders too.
func boundWarp(o compute.Warp, e *evaluation) {
	dst, field := e.result(o.Dst), e.load(o.Field)
	for i, d := range reference.Distortions(o, e.args, e) {
		w := warping{Distortion: d, still: o.Rotation == 0 && o.Shear == 0 && o.Scaling == 0 && o.Translation == 0 && o.Alpha[0] == o.Alpha[1]}
		if field != nil {
			w.fieldTol = &reference.Matrix{Rows: field.Rows, Cols: field.Cols, Val: field.tol}
		}
		for j := range dst.Cols {
			k := i*dst.Cols + j
			v, tol := w.value(w.place(j%o.Width, j/o.Width))
			val := d.Level(v)
			off := math.Max(math.Abs(d.Level(v-tol)-val), math.Abs(d.Level(v+tol)-val))
			switch {
			case math.IsInf(tol, 1):
				dst.set(k, 0, math.Inf(1), 0)
			case off > 0:
				dst.set(k, val, off, 0) // magnitude 0 excludes it from means
			}
		}
	}
}

// A warping is op Warp for one image.
type warping struct {
	*reference.Distortion
	fieldTol *reference.Matrix // bounds of the field, or nil
	still    bool              // only the field moves pixels
}

// Roundings of op Warp.
const (
	// trigBound is the error of a sine or a cosine of an angle up to π/2, which backends compute with
	// polynomials: a few units in the last place, and the effect of the angle's error.
	trigBound = (8 + 2*2*math.Pi/2) * unitRoundoff
	// placeBound is the relative error of each term of a place: the products of a matrix element, its quotient, the product
	// with a distance, and the sums.
	placeBound = 4*stepBound + divisionBound + 4*stepBound
	// pixelBound is the error of the three interpolations between pixels, relative to the largest pixel. Each
	// is a difference, a product and a sum.
	pixelBound = 3 * 3 * stepBound
)

// place returns where pixel (x, y) comes from.
func (w *warping) place(x, y int) (at [2]term) {
	// a and b, and their errors.
	var size, tol [2]float64
	for c, v := range w.Scale {
		size[c] = 1 + v
		tol[c] = stepBound * (math.Abs(v) + math.Abs(size[c]))
	}
	p, q := (float64(x)-w.Middle[0])/size[0], (float64(y)-w.Middle[1])/size[1]
	// The sums of the matrix's terms, whose sine and cosine may be off.
	k, sin, cos := math.Abs(w.Shear), math.Abs(w.Sin), math.Abs(w.Cos)
	terms := [2][2]float64{{cos, cos*k + sin}, {sin, sin*k + cos}}
	val, f, ft := w.Place(x, y), w.Displacement(w.Field, x, y), w.Displacement(w.fieldTol, x, y)
	for c := range at {
		if at[c].val = val[c]; w.still && ft[c] == 0 && coarse(w.Alpha*f[c]) {
			continue
		}
		first, second := terms[c][0]*math.Abs(p), terms[c][1]*math.Abs(q)
		elastic := math.Abs(w.Alpha) * (math.Abs(f[c]) + ft[c])
		at[c].tol = placeBound*(first+second+w.Middle[c]+math.Abs(w.Shift[c])+elastic) +
			trigBound*(math.Abs(p)+(1+k)*math.Abs(q)) +
			first*tol[0]/size[0] + second*tol[1]/size[1] + math.Abs(w.Alpha)*ft[c]
	}
	return at
}

// coarse reports whether a displacement is a small multiple of 2⁻⁷. Then float32 rounds neither the place nor the
// interpolation, and halves remain halves.
func coarse(v float64) bool { return math.Abs(v) < 1<<10 && v*128 == math.Floor(v*128) }

// value returns the bilinear value at a place, and its bound: each coordinate's error times the steepest slope between
// the pixels around, and the rounding of the interpolation.
func (w *warping) value(place [2]term) (v, tol float64) {
	x, y := place[0], place[1]
	const wide = 4 // pixels; beyond such an error any value is right
	if !(x.tol < wide && y.tol < wide) {
		return 0, math.Inf(1)
	}
	if !(x.val > -1-wide && y.val > -1-wide && x.val < float64(w.Op.Width+wide) && y.val < float64(w.Op.Height+wide)) {
		return 0, 0 // outside the image
	}
	v = w.Value(x.val, y.val)
	if x.tol == 0 && y.tol == 0 {
		return v, 0
	}
	steepX, steepY, top := 0., 0., 0.
	right, bottom := int(math.Floor(x.val+x.tol)), int(math.Floor(y.val+y.tol))
	for j := int(math.Floor(y.val - y.tol)); j <= bottom+1; j++ {
		for i := int(math.Floor(x.val - x.tol)); i <= right+1; i++ {
			p := w.Pixel(i, j)
			top = math.Max(top, p)
			if i <= right {
				steepX = math.Max(steepX, math.Abs(w.Pixel(i+1, j)-p))
			}
			if j <= bottom {
				steepY = math.Max(steepY, math.Abs(w.Pixel(i, j+1)-p))
			}
		}
	}
	return v, x.tol*steepX + y.tol*steepY + pixelBound*top
}
