package mlp_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/mlp/mlptest"
)

// pictures is a network for images of 9×7 pixels.
var pictures = mlp.Config{Sizes: []int{63, 8, 3}, Hidden: compute.Tanh, Output: compute.Softmax, Init: mlp.Xavier,
	Scale: 1. / 255, Shift: -0.25, On: 1, Width: 9, Height: 7}

// valueOf returns the value of a pixel. The conversion rounds the product, which the compiler would
// otherwise fuse with the sum on some processors.
func valueOf(pixel byte) float32 { return float32(pictures.Scale*float32(pixel)) + pictures.Shift }

func picturesOf(n int) []mlptest.Sample {
	list := make([]mlptest.Sample, n)
	for i := range list {
		list[i] = mlptest.Sample{Pixels: make([]byte, 63), Label: byte(i % 3)}
		for y := 2; y < 5; y++ {
			for x := 3; x < 6; x++ {
				list[i].Pixels[9*y+x] = byte(150 + 30*(i%3) + 7*x)
			}
		}
	}
	return list
}

var elastic = mlp.Augment{Sigma: [2]float32{2, 2}, Alpha: [2]float32{3, 5}}

// ofOps returns the ops of one kind in a program.
func ofOps[T compute.Op](p compute.Program) []T {
	var list []T
	for _, op := range p.Ops {
		if o, ok := op.(T); ok {
			list = append(list, o)
		}
	}
	return list
}

// TestField computes the field of elastic distortions from the numbers drawn and the
// Gaussian's formula.
func TestField(t *testing.T) {
	const rows, step, sigma = 4, 77, 1.5
	for _, b := range []compute.Backend{cpu.New(), reference.New()} {
		n, set := put(t, b, pictures, rows+2, mlp.Training{Augment: elastic}, pictures.InitialParameters(1), picturesOf(8))
		if err := n.Blur(sigma); err != nil {
			t.Fatal(err)
		}
		p, err := n.GradientStep(set, rows)
		compiled(t, b, p, err).Run(compute.Args{Step: step, Seed: seed})
		op := ofOps[compute.Warp](p)[0]
		got := valuesOf(t, n, []compute.Mat{op.Field})[0]
		sum := 0.
		for d := -100.; d <= 100; d++ {
			sum += math.Exp(-d * d / (2 * sigma * sigma))
		}
		k := func(d int) float64 { return math.Exp(-float64(d*d)/(2*sigma*sigma)) / sum }
		r := philox.Stream{Seed: seed, ID: (16+1)<<32 | step}
		for c := range 2 * rows { // component and image
			for y := range 7 {
				for x := range 9 {
					want := 0.
					for v := range 7 {
						for u := range 9 {
							noise := (2*float64(r.Half(uint64((v*2*rows+c)*9+u)))+1)/65536 - 1
							want += k(y-v) * k(x-u) * noise
						}
					}
					if f := float64(got[(y*2*rows+c)*9+x]); math.Abs(f-want) > 1e-6 {
						t.Fatalf("%s: the field of plane %d at (%d, %d) is %v, want %v", b.Info().Backend, c, x, y, f, want)
					}
				}
			}
		}
		b.Close()
	}
}

// TestDistorted trains on distorted images. The distortions differ in each step, the gradients
// belong to the distorted images, and an evaluation uses the original images.
func TestDistorted(t *testing.T) {
	const rows = 5
	for name, a := range map[string]mlp.Augment{
		"elastic": elastic,
		"affine":  {Rotation: 15, Scaling: 0.15, Shear: 0.1, Translation: 1},
		"all":     {Sigma: [2]float32{1, 2}, Alpha: [2]float32{2, 2}, Rotation: 15, Scaling: 0.15, Shear: 0.1, Translation: 1, Calm: []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			values, list := pictures.InitialParameters(1), picturesOf(10)
			var seen [][]float32 // by the network, step by step, on each backend
			for _, b := range []compute.Backend{cpu.New(), reference.New()} {
				n, set := put(t, b, pictures, rows, mlp.Training{Augment: a}, values, list)
				if err := n.Blur(2); err != nil {
					t.Fatal(err)
				}
				p, err := n.GradientStep(set, rows)
				x := compiled(t, b, p, err)
				in := ofOps[compute.Warp](p)[0].Dst
				for step := range uint32(2) {
					x.Run(compute.Args{Row: rows, Step: step, Seed: seed})
					input := valuesOf(t, n, []compute.Mat{in})[0]
					seen = append(seen, input)
					batch := make([]mlptest.Sample, rows)
					for i := range batch {
						batch[i] = mlptest.Sample{Values: input[i*63 : (i+1)*63], Label: list[rows+i].Label}
					}
					compare(t, pictures, valuesOf(t, n, n.Gradients()), mlptest.New(pictures, values).Gradient(batch))
				}
				p, err = n.EvalStep(set, rows)
				p.Scratch = nil
				compiled(t, b, p, err).Run(compute.Args{Row: rows, Step: 1, Seed: seed})
				for i, v := range valuesOf(t, n, []compute.Mat{in})[0] {
					if want := list[rows+i/63].Pixels[i%63]; v != valueOf(want) {
						t.Fatalf("pixel %d of an evaluation is %v, want %d", i, v, want)
					}
				}
				b.Close()
			}
			apart := 0
			for i, v := range seen[0] {
				levels := math.Round(math.Abs(float64(v-seen[2][i])) * 255)
				if levels > 1 {
					t.Fatalf("pixel %d is %v on the CPU, %v in the reference", i, v, seen[2][i])
				}
				apart += int(levels)
			}
			if apart > rows {
				t.Errorf("%d pixels differ by a level between backends", apart)
			}
			if slices.Equal(seen[0], seen[1]) {
				t.Error("both steps use the same images")
			}
			// Samples 5 and 8 are the same image.
			if slices.Equal(seen[0][:63], seen[0][3*63:4*63]) {
				t.Error("the same image at two places of a batch has the same distortion")
			}
			plain := 0
			for i, v := range seen[0] {
				if v == valueOf(list[rows+i/63].Pixels[i%63]) {
					plain++
				}
			}
			if plain > len(seen[0])*19/20 {
				t.Errorf("%d of %d pixels are not distorted", plain, len(seen[0]))
			}
		})
	}
}

// TestWarpRanges compares the parameters of op Warp with those of an augmentation, which have
// other units.
func TestWarpRanges(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	a := mlp.Augment{Sigma: [2]float32{1, 2}, Alpha: [2]float32{3, 5}, Rotation: 45, Scaling: 0.25, Shear: 0.5, Translation: 2, Calm: []int{0, 7, 63}}
	n, set := put(t, b, pictures, 4, mlp.Training{Augment: a}, pictures.InitialParameters(1), picturesOf(4))
	p, err := n.TrainStep(set, 4)
	if err != nil {
		t.Fatal(err)
	}
	got := ofOps[compute.Warp](p)[0]
	want := compute.Warp{Dst: got.Dst, Src: set.Images, Index: set.Order, Labels: set.Labels, Field: got.Field, Width: 9, Height: 7,
		Scale: 1. / 255, Shift: -0.25, Alpha: [2]float32{3, 5}, Rotation: math.Pi / 4, Scaling: 0.25, Shear: 0.5, Translation: 2,
		Calm: 1<<63 | 1<<7 | 1, Stream: 0}
	if got != want {
		t.Errorf("the op is %+v, want %+v", got, want)
	}
	a = mlp.Augment{Translation: 1}
	n, set = put(t, b, pictures, 4, mlp.Training{Augment: a}, pictures.InitialParameters(1), picturesOf(4))
	if p, err = n.TrainStep(set, 4); err != nil {
		t.Fatal(err)
	}
	got = ofOps[compute.Warp](p)[0]
	if !got.Field.IsZero() || got.Labels.Buf != nil || len(ofOps[compute.Noise](p)) != 0 {
		t.Errorf("without elastic distortions or calm classes: %+v", got)
	}
}

// TestBlurZero checks that images are not distorted before a Gaussian is written.
func TestBlurZero(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	list := picturesOf(4)
	n, set := put(t, b, pictures, 4, mlp.Training{Augment: elastic}, pictures.InitialParameters(1), list)
	p, err := n.GradientStep(set, 4)
	compiled(t, b, p, err).Run(compute.Args{})
	for i, v := range valuesOf(t, n, []compute.Mat{ofOps[compute.Warp](p)[0].Dst})[0] {
		if want := valueOf(list[i/63].Pixels[i%63]); v != want {
			t.Fatalf("pixel %d is %v, want %v", i, v, want)
		}
	}
	plain, _ := put(t, b, pictures, 4, mlp.Training{}, pictures.InitialParameters(1), list)
	if err := plain.Blur(4); err != nil {
		t.Errorf("without a field: %v", err)
	}
}

func TestSigmaOf(t *testing.T) {
	a := mlp.Augment{Sigma: [2]float32{5, 6}}
	low, high, sum := math.Inf(1), 0., 0.
	for epoch := range 1000 {
		s := a.SigmaOf(3, epoch)
		if s != a.SigmaOf(3, epoch) {
			t.Fatal("an epoch has two σ")
		}
		low, high, sum = min(low, s), max(high, s), sum+s
	}
	if low < 5 || high >= 6 || low > 5.02 || high < 5.98 || math.Abs(sum/1000-5.5) > 5*math.Sqrt(1./12/1000) {
		t.Errorf("σ is from %v to %v, %v in the mean", low, high, sum/1000)
	}
	if a.SigmaOf(3, 0) == a.SigmaOf(4, 0) {
		t.Error("another seed has the same σ")
	}
	if s := elastic.SigmaOf(3, 9); s != 2 {
		t.Errorf("σ is %v of a range of 2 alone", s)
	}
}

func TestDistortedRefused(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	c := pictures
	c.Width, c.Height = 0, 0
	expect := func(err error, want string) {
		t.Helper()
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	_, err := mlp.New(b, c, 4, mlp.Training{Augment: elastic})
	expect(err, "a network that distorts images needs their width and height")
	_, err = mlp.New(b, pictures, 4, mlp.Training{Drop: 1})
	expect(err, "Drop=1: must be at least 0 and below 0.999992")
	_, err = mlp.New(b, pictures, 4, mlp.Training{Drop: 2})
	expect(err, "Drop=2: must be at least 0 and below 0.999992")
	_, err = mlp.New(b, pictures, 4, mlp.Training{Drop: 0.9999999})
	expect(err, "Drop=0.9999999: must be at least 0 and below 0.999992")
	_, err = mlp.New(b, pictures, 4, mlp.Training{DropInput: 1 - 0x1p-17})
	expect(err, "DropInput=0.9999924: must be at least 0 and below 0.999992")
	calm := elastic
	calm.Calm = []int{1}
	n, set := put(t, b, pictures, 4, mlp.Training{Augment: calm}, pictures.InitialParameters(1), picturesOf(4))
	labels := set.Labels
	set.Labels = compute.Bytes{}
	_, err = n.TrainStep(set, 4)
	expect(err, "classes that are distorted less need a data set with labels")
	set.Labels, set.Images = labels, compute.Bytes{}
	set.Values, err = b.Alloc(4, 63)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.TrainStep(set, 4)
	expect(err, "only images can be distorted, not rows of numbers")
	set.Targets, err = b.Alloc(4, 3)
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.EvalStep(set, 4)
	expect(err, "a data set with targets needs a network for regression")
	c = pictures
	c.Regression, c.Loss, c.Output = true, compute.SquaredError, compute.Identity
	n, err = mlp.New(b, c, 4, mlp.Training{})
	if err != nil {
		t.Fatal(err)
	}
	set.Targets = compute.Mat{}
	_, err = n.TrainStep(set, 4)
	expect(err, "a network for regression needs a data set with targets")
}

// everything lists trainings of every part.
func everything() map[string]mlp.Training {
	list := trainings()
	for name, tr := range trainings() {
		tr.Augment = elastic
		list[name+", elastic"] = tr
	}
	return list
}

// A scale measures the memory allocated on a backend.
type scale struct {
	compute.Backend
	bytes int64
}

func (s *scale) Alloc(rows, cols int) (compute.Mat, error) {
	s.bytes += 4 * int64(rows) * int64(cols)
	return s.Backend.Alloc(rows, cols)
}

// TestMemory compares the memory computed in advance with the memory taken.
func TestMemory(t *testing.T) {
	for name, tr := range everything() {
		for _, form := range []func(*mlp.Config){
			func(c *mlp.Config) {},
			func(c *mlp.Config) { c.NoBias = true },
			func(c *mlp.Config) { c.Regression, c.Loss, c.Output = true, compute.SquaredError, compute.Identity },
		} {
			c := pictures
			form(&c)
			b := &scale{Backend: cpu.New()}
			tr.Batch = 7
			n, err := mlp.New(b, c, 11, tr)
			if err != nil {
				t.Fatal(err)
			}
			if want := c.Memory(11, tr); b.bytes != want {
				t.Errorf("%s, %+v: %d bytes were allocated, %d were computed in advance", name, c, b.bytes, want)
			}
			tr.Batch = 0
			if all := c.Memory(11, tr); b.bytes >= all {
				t.Errorf("%s, %+v: a smaller batch saves nothing of %d bytes", name, c, all)
			}
			n.Free()
			b.Close()
		}
	}
}

// TestStep checks the program of a step: matrices that live only within the step are scratch,
// names are unique, random streams differ except between the forward and the backward pass,
// and weights change only after their last read.
func TestStep(t *testing.T) {
	for name, tr := range everything() {
		t.Run(name, func(t *testing.T) {
			b := cpu.New()
			defer b.Close()
			c := pictures
			c.Sizes = []int{63, 8, 6, 3}
			tr.Batch = 5
			n, set := put(t, b, c, 6, tr, c.InitialParameters(1), picturesOf(12))
			if _, err := n.TrainStep(set, 6); err == nil || err.Error() != "a training batch of 6 rows; the network has memory for at most 5" {
				t.Errorf("a batch of 6: error %v", err)
			}
			if _, err := n.EvalStep(set, 6); err != nil {
				t.Error(err)
			}
			p, err := n.TrainStep(set, 5)
			if err != nil {
				t.Fatal(err)
			}
			keep := map[compute.Buffer]bool{set.Stats.Buf: true}
			for _, m := range slices.Concat(n.Parameters(), n.Velocities(), n.Squares()) {
				keep[m.Buf] = true
			}
			changed, names := map[compute.Buffer]bool{}, map[string]compute.Buffer{}
			for i, op := range p.Ops {
				for _, o := range compute.Matrices(op) {
					if o.Mode != compute.In && keep[o.Mat.Buf] == p.IsScratch(o.Mat) {
						t.Errorf("op %d, %s: %s is scratch: %t", i, op.Name(), o.Name, p.IsScratch(o.Mat))
					}
					if o.Mode == compute.In && changed[o.Mat.Buf] {
						t.Errorf("op %d, %s, reads %s, which has changed", i, op.Name(), n.MatrixName(o.Mat))
					}
					name := n.MatrixName(o.Mat)
					if of, ok := names[name]; ok && of != o.Mat.Buf {
						t.Errorf("two matrices are called %s", name)
					}
					names[name] = o.Mat.Buf
				}
				if u, ok := op.(compute.Update); ok {
					changed[u.W.Buf] = true
				}
			}
			for _, u := range ofOps[compute.Update](p) {
				if want := map[bool]int{true: len(n.Parameters())}[tr.Clip > 0]; u.Norms.Cols != want {
					t.Errorf("there are %d norms, want %d", u.Norms.Cols, want)
				}
			}
			if len(changed) != len(n.Parameters()) {
				t.Errorf("%d of %d parameters change", len(changed), len(n.Parameters()))
			}
			streams := map[string]int{}
			for _, o := range ofOps[compute.Noise](p) {
				streams[fmt.Sprint(o.Stream)]++
			}
			for _, o := range ofOps[compute.Warp](p) {
				streams[fmt.Sprint(o.Stream)]++
			}
			for _, o := range ofOps[compute.Dropout](p) {
				if o.Dst != o.Src { // forward
					streams[fmt.Sprint(o.Stream)]++
				}
			}
			want := 0
			for _, has := range []bool{tr.Augment.Elastic(), tr.Augment.Elastic(), tr.DropInput > 0, tr.Drop > 0, tr.Drop > 0} {
				if has {
					want++
				}
			}
			if len(streams) != want {
				t.Errorf("the streams are %v, want %d", streams, want)
			}
		})
	}
}
