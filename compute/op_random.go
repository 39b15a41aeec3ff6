package compute

import "shadegrad/compute/philox"

// Random numbers are functions of a counter. Element e of an op gets the 16 bits
//
//	u(e) = philox.Stream{Seed: Args.Seed, ID: (16 + Stream)·2³² + Args.Step}.Half(e)
//
// which are the same on every backend and differ from step to step. The host uses the streams
// with numbers below 16.
const firstStream = 16

// Draws returns the random numbers of an op with the given Stream in a run.
func (a Args) Draws(stream uint32) philox.Stream {
	return philox.Stream{Seed: a.Seed, ID: (firstStream+uint64(stream))<<32 | uint64(a.Step)}
}

// Dropout sets random elements to 0 and scales the others up:
//
//	Dst[e] = Src[e]·K   where u(e) ≥ T, else 0
//	T = Rate·2¹⁶, rounded;  K = 2¹⁶/(2¹⁶−T), a float32
//
// with e counted row by row: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout"
// (JMLR 2014), in the inverted form, which leaves testing unchanged. K preserves the mean for the
// fraction T/2¹⁶ that is dropped, which is Rate rounded. If T is 2¹⁶, all elements are dropped.
// Back-propagation is the same op on the error with the same Stream. Dst and Src have one shape;
// Dst may be Src. Every backend gives the same bits.
type Dropout struct {
	Dst    Mat     `operand:"out,inplace=Src"`
	Src    Mat     `operand:"in"`
	Rate   float32 // in [0, 1)
	Stream uint32
}

// allDropped is the T that drops all elements.
const allDropped = 1 << 16

// Threshold returns T and K. K is 0 if all elements are dropped.
func (o Dropout) Threshold() (t uint32, k float32) {
	t = uint32(float64(o.Rate)*allDropped + 0.5)
	if t == allDropped {
		return t, 0
	}
	return t, allDropped / float32(allDropped-t)
}

// Everything reports whether Rate is so close to 1 that all elements are dropped.
func (o Dropout) Everything() bool {
	t, _ := o.Threshold()
	return t == allDropped
}

// Noise draws numbers uniform in (−1, 1):
//
//	Dst[e] = (2·u(e) + 1)/2¹⁶ − 1
//
// with e counted row by row. Every backend gives the same bits.
type Noise struct {
	Dst    Mat `operand:"out"`
	Stream uint32
}

// Warp reads a batch of images and distorts each at random. Pixel (x, y) of image i comes from the
// point
//
//	(X, Y) = A·(x−cx, y−cy) + (cx, cy) + s + α·(F[0], F[1])
//	A  = ( cos θ   −sin θ )·( 1  k )·( 1/a   0  )
//	     ( sin θ    cos θ ) ( 0  1 ) (  0   1/b )
//	F[d] = Field[y, (d·m + i)·Width + x]
//
// of its source, row Index[Args.Row+i] of Src, where (cx, cy) = ((Width−1)/2, (Height−1)/2) is the centre.
// The random numbers uₗ = (2·u(16·i + l) + 1)/2¹⁶ − 1 of the image are uniform in (−1, 1), and
//
//	θ = h·Rotation·u₀      in radians       k = h·Shear·u₃
//	a = 1 + Scaling·u₁                      s = Translation·(u₄, u₅)   in pixels
//	b = 1 + Scaling·u₂                      α = middle of Alpha + half its width·u₆
//
// with h = ½ for a class in Calm, whose digits resemble another class when rotated, else h = 1. The
// value is interpolated bilinearly between pixels and is 0 outside the image. It is rounded to the
// nearest integer, halves up, and
//
//	Dst[i, y·Width+x] = Scale·value + Shift
//
// with the product rounded to float32 before Shift is added, as in op Gather.
//
// Field = BlurY·noise·BlurXᵀ, made by ops Noise and MatMul, gives the elastic distortion of Simard,
// Steinkraus and Platt (ICDAR 2003). The blur along x multiplies the field viewed as
// (Height·2m)×Width, the blur along y the field viewed as Height×(2m·Width).
//
// Dst is m×(Width·Height), Src has Width·Height columns, Field is Height×(2·m·Width), or none, which
// means 0. Labels is N×1, one for each sample of Src, or none if Calm is 0. A class from 64 on is not
// in Calm.
type Warp struct {
	Dst           Mat   `operand:"out"`
	Src           Bytes `operand:"in,indexed"`
	Index         Index `operand:"in,optional"` // the zero Index is the natural order
	Labels        Bytes `operand:"in,optional,indexed"`
	Field         Mat   `operand:"in,optional"`
	Width, Height int
	Scale, Shift  float32
	Alpha         [2]float32 // least and most; pixels for a field of 1
	Rotation      float32    // at most π/2, in radians
	Scaling       float32    // in [0, 1)
	Shear         float32
	Translation   float32
	Calm          uint64 // a bit for each class
	Stream        uint32
}

// WarpDraws is the number of random numbers of an image.
const WarpDraws = 16

// Name returns "dropout".
func (Dropout) Name() string { return "dropout" }

// Name returns "noise".
func (Noise) Name() string { return "noise" }

// Name returns "warp".
func (Warp) Name() string { return "warp" }
