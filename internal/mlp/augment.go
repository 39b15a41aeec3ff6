package mlp

import (
	"errors"
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// A field is what elastic distortions are made of: noise that is smoothed along x, then
// along y. With m images of W×H pixels,
//
//	blurred = noise·BlurXᵀ    noise and blurred are (H·2m)×W
//	field   = BlurY·blurred   field and blurred are H×(2m·W), in the same memory
type field struct {
	width, height         int
	noise, blurred, field compute.Mat // for as many images as a batch can have
	blurX, blurY          compute.Mat // W×W and H×H
}

func (f *field) matrices(visit func(dst *compute.Mat, rows, cols int), c Config, rows int) {
	f.width, f.height = c.Width, c.Height
	visit(&f.noise, 2*rows*c.Height, c.Width)
	visit(&f.blurred, 2*rows*c.Height, c.Width)
	visit(&f.field, 2*rows*c.Height, c.Width)
	visit(&f.blurX, c.Width, c.Width)
	visit(&f.blurY, c.Height, c.Height)
}

// byX is a field of m images as what is smoothed along x, byY as what is smoothed along y.
func (f *field) byX(m compute.Mat, images int) compute.Mat {
	return m.RowRange(0, 2*images*f.height)
}

func (f *field) byY(m compute.Mat, images int) compute.Mat {
	return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: f.height, Cols: 2 * images * f.width}
}

// ops make the field of m images.
func (f *field) ops(images int) []compute.Op {
	noise := f.byX(f.noise, images)
	return []compute.Op{
		compute.Noise{Dst: noise, Stream: noiseStream},
		compute.MatMul{Dst: f.byX(f.blurred, images), A: noise, B: f.blurX, TransB: true},
		compute.MatMul{Dst: f.byY(f.field, images), A: f.blurY, B: f.byY(f.blurred, images)},
	}
}

// scratch lists what the ops leave behind, in each of its shapes.
func (f *field) scratch(images int) []compute.Mat {
	if f.noise.IsZero() {
		return nil
	}
	return []compute.Mat{f.byX(f.noise, images), f.byX(f.blurred, images), f.byY(f.blurred, images), f.byY(f.field, images)}
}

// checkDistorted tells whether a set can be distorted, if it is to be.
func (n *Network) checkDistorted(s Set) error {
	a := n.training.Augment
	switch {
	case a.IsZero():
	case !s.Values.IsZero():
		return errors.New("only images can be distorted, not numbers")
	case len(a.Calm) > 0 && s.Labels.Buf == nil:
		return errors.New("classes that are distorted less need a data set with labels")
	}
	return nil
}

// distorted reads a batch of images and distorts each.
func (n *Network) distorted(x compute.Mat, s Set, rows int) []compute.Op {
	c, a := n.Config, n.training.Augment
	op := compute.Warp{Dst: x, Src: s.Images, Index: s.Order, Width: c.Width, Height: c.Height,
		Scale: c.Scale, Shift: c.Shift, Rotation: a.Rotation * math.Pi / 180, Scaling: a.Scaling, Shear: a.Shear,
		Translation: a.Translation, Stream: warpStream}
	for _, class := range a.Calm {
		op.Calm |= 1 << class
	}
	if op.Calm != 0 {
		op.Labels = s.Labels
	}
	if !a.Elastic() {
		return []compute.Op{op}
	}
	op.Field, op.Alpha = n.field.byY(n.field.field, rows), a.Alpha
	return append(n.field.ops(rows), op)
}

// Blur writes the matrices that smooth the fields of elastic distortions by a Gaussian of
// σ pixels. Without them the fields are 0. A network without such distortions has none.
func (n *Network) Blur(sigma float64) error {
	if n.field.noise.IsZero() {
		return nil
	}
	for _, m := range []compute.Mat{n.field.blurX, n.field.blurY} {
		if err := n.backend.Write(m, gaussian(m.Rows, sigma)); err != nil {
			return fmt.Errorf("smoothing by σ = %v: %w", sigma, err)
		}
	}
	return nil
}

// gaussian returns the matrix that smooths size pixels in a line by a Gaussian of σ:
//
//	B[i,j] = e^(−(i−j)²/2σ²) / Σₖ e^(−k²/2σ²)   k over all whole numbers
//
// so that what lies beyond both ends counts as 0.
func gaussian(size int, sigma float64) []float32 {
	kernel := func(d float64) float64 { return math.Exp(-d * d / (2 * sigma * sigma)) }
	const reach = 9 // of σ; a double has nothing beyond
	sum := 1.
	for d := 1.; d <= math.Ceil(reach*sigma); d++ {
		sum += 2 * kernel(d)
	}
	m := make([]float32, size*size)
	for i := range size {
		for j := range size {
			m[i*size+j] = float32(kernel(float64(i-j)) / sum)
		}
	}
	return m
}

// sigmaStream is the random stream of the σ of each epoch.
const sigmaStream = 5 << 32

// SigmaOf returns the σ that an epoch, counted from 0, of a run with a seed has: one of
// the range's, all of which are as likely.
func (a Augment) SigmaOf(seed uint64, epoch int) float64 {
	least, most := float64(a.Sigma[0]), float64(a.Sigma[1])
	return least + (most-least)*philox.Stream{Seed: seed, ID: sigmaStream}.Uniform(uint64(epoch))
}
