package compute

import "shadegrad/compute/philox"

// Ops that need random numbers draw them from a counter: element e of an op is given
// the 16 bits
//
//	u(e) = philox.Stream{Seed: Args.Seed, ID: (16 + Stream)·2³² + Args.Step}.Half(e)
//
// so that they are the same on every backend, and others in each step. Streams with
// numbers below 16 belong to what is drawn on the host.
const firstStream = 16

// Draws returns the random numbers of an op's Stream in a run.
func (a Args) Draws(stream uint32) philox.Stream {
	return philox.Stream{Seed: a.Seed, ID: (firstStream+uint64(stream))<<32 | uint64(a.Step)}
}

// Dropout leaves out elements at random and makes up for them in the others:
//
//	Dst[e] = Src[e]·K   where u(e) ≥ T, else 0
//	T = Rate·2¹⁶, rounded;  K = 2¹⁶/(2¹⁶−T), a float32
//
// with e counted row by row: Srivastava, Hinton, Krizhevsky, Sutskever and
// Salakhutdinov, "Dropout" (JMLR 2014), in the inverted form, which needs no change
// when the network is tested. K makes up for the share that T leaves out, which is not
// quite Rate; where T is 2¹⁶ nothing is left. The way back is the same op on the error, with
// the same Stream. Dst and Src have one shape; Dst may be Src. Every backend gives the same bits.
type Dropout struct {
	Dst    Mat     `operand:"out,inplace=Src"`
	Src    Mat     `operand:"in"`
	Rate   float32 // in [0, 1)
	Stream uint32
}

// allDropped is the T that leaves nothing.
const allDropped = 1 << 16

// Threshold returns T and K, which is 0 where nothing is left.
func (o Dropout) Threshold() (t uint32, k float32) {
	t = uint32(float64(o.Rate)*allDropped + 0.5)
	if t == allDropped {
		return t, 0
	}
	return t, allDropped / float32(allDropped-t)
}

// Everything tells whether Rate is so near 1 that nothing is left.
func (o Dropout) Everything() bool {
	t, _ := o.Threshold()
	return t == allDropped
}

// Noise draws numbers that are uniform in (−1, 1):
//
//	Dst[e] = (2·u(e) + 1)/2¹⁶ − 1
//
// with e counted row by row. Every backend gives the same bits.
type Noise struct {
	Dst    Mat `operand:"out"`
	Stream uint32
}

// Warp reads a batch of images and distorts each in its own way. Pixel (x, y) of image i
// comes from the place
//
//	(X, Y) = A·(x−cx, y−cy) + (cx, cy) + s + α·(F[0], F[1])
//	A  = ( cos θ   −sin θ )·( 1  k )·( 1/a   0  )
//	     ( sin θ    cos θ ) ( 0  1 ) (  0   1/b )
//	F[d] = Field[y, (d·m + i)·Width + x]
//
// of its source, row Index[Args.Row+i] of Src, where (cx, cy) = ((Width−1)/2, (Height−1)/2) is the middle. With
// uₗ = (2·u(16·i + l) + 1)/2¹⁶ − 1 the image's random numbers, each uniform in (−1, 1),
//
//	θ = h·Rotation·u₀      in radians       k = h·Shear·u₃
//	a = 1 + Scaling·u₁                      s = Translation·(u₄, u₅)   in pixels
//	b = 1 + Scaling·u₂                      α = middle of Alpha + half its width·u₆
//
// and h is ½ for a class in Calm, the ones that are mistaken for others when they turn, else 1. Between
// pixels the value is bilinear, outside of the image it is 0. It is rounded to the
// nearest whole number, halves up, as pixels are, and
//
//	Dst[i, y·Width+x] = Scale·value + Shift
//
// with the product rounded to float32 before Shift is added, as in op Gather.
//
// With Field = BlurY·noise·BlurXᵀ, made by ops Noise and MatMul, it is the elastic
// distortion of Simard, Steinkraus and Platt (ICDAR 2003). Field viewed as (Height·2m)×Width
// is what the blur along x multiplies, and viewed as Height×(2m·Width) that along y.
//
// Dst is m×(Width·Height), Src has Width·Height columns, Field is Height×(2·m·Width) or none,
// which is 0. Labels is N×1, of the samples of Src, or none where Calm is 0; a class from 64 on is not calm.
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

// WarpDraws is how many random numbers an image has.
const WarpDraws = 16

// Name returns "dropout".
func (Dropout) Name() string { return "dropout" }

// Name returns "noise".
func (Noise) Name() string { return "noise" }

// Name returns "warp".
func (Warp) Name() string { return "warp" }
