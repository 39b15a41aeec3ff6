package reference

import (
	"math"

	"shadegrad/compute"
)

func init() { register(warp) }

func warp(o compute.Warp, args compute.Args, m Memory) {
	dst := NewMatrix(o.Dst.Rows, o.Dst.Cols)
	for i, d := range Distortions(o, args, m) {
		for e := range dst.Cols {
			at := d.Place(e%o.Width, e/o.Width)
			dst.Row(i)[e] = d.Level(d.Value(at[0], at[1]))
		}
	}
	m.Store(o.Dst, dst)
}

// A Distortion is op Warp for one image of the batch.
type Distortion struct {
	Op            compute.Warp
	Pixels        []byte
	Sin, Cos      float64    // of θ
	Shear         float64    // k
	Scale         [2]float64 // a − 1 and b − 1
	Middle, Shift [2]float64
	Alpha         float64
	Field         *Matrix // or nil
	number        int     // of the image in the batch
}

// Distortions returns the distortion of each image of a batch.
func Distortions(o compute.Warp, args compute.Args, m Memory) []*Distortion {
	src, labels, index, field := m.Bytes(o.Src), m.Bytes(o.Labels), m.Index(o.Index), m.Load(o.Field)
	draws := args.Draws(o.Stream)
	list := make([]*Distortion, o.Dst.Rows)
	for i := range list {
		row := visited(index, args.Row+i)
		h := 1.
		if labels != nil && labels[row] < 64 && o.Calm>>labels[row]&1 == 1 {
			h = 0.5
		}
		u := func(l int) float64 { return centred(draws.Half(uint64(compute.WarpDraws*i + l))) }
		least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
		d := &Distortion{
			Op: o, Pixels: src[row*o.Src.Cols : (row+1)*o.Src.Cols],
			Shear:  h * float64(o.Shear) * u(3),
			Scale:  [2]float64{float64(o.Scaling) * u(1), float64(o.Scaling) * u(2)},
			Middle: [2]float64{float64(o.Width-1) / 2, float64(o.Height-1) / 2},
			Shift:  [2]float64{float64(o.Translation) * u(4), float64(o.Translation) * u(5)},
			Alpha:  (least+most)/2 + (most-least)/2*u(6),
			Field:  field, number: i,
		}
		d.Sin, d.Cos = math.Sincos(h * float64(o.Rotation) * u(0))
		list[i] = d
	}
	return list
}

// Place returns the place in the source image that pixel (x, y) comes from.
func (d *Distortion) Place(x, y int) (at [2]float64) {
	p, q := (float64(x)-d.Middle[0])/(1+d.Scale[0]), (float64(y)-d.Middle[1])/(1+d.Scale[1])
	// Rotation times shear.
	matrix := [2][2]float64{{d.Cos, d.Cos*d.Shear - d.Sin}, {d.Sin, d.Sin*d.Shear + d.Cos}}
	f := d.Displacement(d.Field, x, y)
	for c := range at {
		at[c] = matrix[c][0]*p + matrix[c][1]*q + d.Middle[c] + d.Shift[c] + d.Alpha*f[c]
	}
	return at
}

// Displacement returns the two components of a field at pixel (x, y). A nil field is 0.
func (d *Distortion) Displacement(field *Matrix, x, y int) (f [2]float64) {
	for c := range f {
		f[c] = At(field, y*2*d.Op.Dst.Rows*d.Op.Width+(c*d.Op.Dst.Rows+d.number)*d.Op.Width+x)
	}
	return f
}

// Value returns the bilinear interpolation at a place.
func (d *Distortion) Value(x, y float64) float64 {
	// Far outside the image int cannot hold the place.
	if !(x > -1 && y > -1 && x < float64(d.Op.Width) && y < float64(d.Op.Height)) {
		return 0
	}
	i, j := math.Floor(x), math.Floor(y)
	fx, fy := x-i, y-j
	row := func(j int) float64 { return (1-fx)*d.Pixel(int(i), j) + fx*d.Pixel(int(i)+1, j) }
	return (1-fy)*row(int(j)) + fy*row(int(j)+1)
}

// Pixel returns a pixel of the source image, or 0 outside it.
func (d *Distortion) Pixel(x, y int) float64 {
	if x < 0 || y < 0 || x >= d.Op.Width || y >= d.Op.Height {
		return 0
	}
	return float64(d.Pixels[y*d.Op.Width+x])
}

// Level rounds a value to an integer, as pixels are, and applies Scale and Shift in float32, as in op Gather.
func (d *Distortion) Level(v float64) float64 {
	p := float32(d.Op.Scale * float32(math.Floor(v+0.5)))
	return float64(p + d.Op.Shift)
}
