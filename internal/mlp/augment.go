package mlp

import (
	"errors"
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// A field is the displacement field of elastic distortions: noise, smoothed along x, then along y.
// With m images of W×H pixels,
//
//	blurred = noise·BlurXᵀ    noise and blurred are (H·2m)×W
//	field   = BlurY·blurred   field and blurred are H×(2m·W), in the same memory
type field struct {
	width, height         int
	noise, blurred, field compute.Mat // for the largest batch
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

// byX returns the field of some images in the shape that is smoothed along x.
func (f *field) byX(m compute.Mat, images int) compute.Mat {
	return m.RowRange(0, 2*images*f.height)
}

// byY returns it in the shape that is smoothed along y.
func (f *field) byY(m compute.Mat, images int) compute.Mat {
	return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: f.height, Cols: 2 * images * f.width}
}

// ops returns the ops that compute the field of some images.
func (f *field) ops(images int) []compute.Op {
	noise := f.byX(f.noise, images)
	return []compute.Op{
		compute.Noise{Dst: noise, Stream: noiseStream},
		compute.MatMul{Dst: f.byX(f.blurred, images), A: noise, B: f.blurX, TransB: true},
		compute.MatMul{Dst: f.byY(f.field, images), A: f.blurY, B: f.byY(f.blurred, images)},
	}
}

// scratch lists the intermediate matrices of the ops, in each of their shapes.
func (f *field) scratch(images int) []compute.Mat {
	if f.noise.IsZero() {
		return nil
	}
	return []compute.Mat{f.byX(f.noise, images), f.byX(f.blurred, images), f.byY(f.blurred, images), f.byY(f.field, images)}
}

// checkDistorted returns an error if the training distorts images and the set does not allow it.
func (n *Network) checkDistorted(s Set) error {
	a := n.training.Augment
	switch {
	case a.IsZero():
	case !s.Values.IsZero():
		return errors.New("only images can be distorted, not rows of numbers")
	case len(a.Calm) > 0 && s.Labels.Buf == nil:
		return errors.New("classes that are distorted less need a data set with labels")
	}
	return nil
}

// distorted returns the ops that read a batch of images and distort each.
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

// Blur writes the matrices that smooth the fields of elastic distortions by a Gaussian of σ
// pixels. Before the first call the fields are 0. It does nothing without elastic distortions.
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

// gaussian returns the matrix that smooths a line of size pixels by a Gaussian of σ, with zeros
// beyond both ends:
//
//	B[i,j] = e^(−(i−j)²/2σ²) / Σₖ e^(−k²/2σ²)   k over all integers
func gaussian(size int, sigma float64) []float32 {
	kernel := func(d float64) float64 { return math.Exp(-d * d / (2 * sigma * sigma)) }
	const reach = 9 // times σ; beyond it the kernel vanishes in a float64
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

// SigmaOf returns the σ of an epoch, counted from 0, of a run with a seed: uniform in the range.
func (a Augment) SigmaOf(seed uint64, epoch int) float64 {
	least, most := float64(a.Sigma[0]), float64(a.Sigma[1])
	return least + (most-least)*philox.Stream{Seed: seed, ID: sigmaStream}.Uniform(uint64(epoch))
}
