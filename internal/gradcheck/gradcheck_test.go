package gradcheck

import (
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// images are samples of 5×4 pixels and of four classes.
func images() *dataset.Set { return pictures(12, dataset.Set{Width: 5, Height: 4, Classes: 4}, 2) }

// pictures fills a set with n samples of random pixels.
func pictures(n int, s dataset.Set, stream uint64) *dataset.Set {
	draws := philox.Stream{Seed: 2, ID: stream}
	for i := range n * s.Features() {
		s.Images = append(s.Images, byte(draws.Uint64(uint64(i))))
	}
	for i := range n {
		s.Labels = append(s.Labels, byte(i%s.Classes))
	}
	return &s
}

// numbers are samples of three numbers with two targets.
func numbers() *dataset.Set {
	s := &dataset.Set{Width: 3, Height: 1, Outputs: 2}
	draws := philox.Stream{Seed: 3, ID: 2}
	for i := range 12 {
		for j := range 3 {
			s.Values = append(s.Values, float32(draws.Normal(uint64(3*i+j))))
		}
		for j := range 2 {
			s.Targets = append(s.Targets, float32(draws.Normal(uint64(1000+2*i+j))))
		}
	}
	return s
}

// config returns a network for data.
func config(d *dataset.Set, hidden, output compute.Activation, kind compute.LossKind) mlp.Config {
	c := mlp.Config{Sizes: []int{d.Features(), 9, 7, 4}, Hidden: hidden, Output: output, Loss: kind, Init: mlp.Xavier,
		Scale: 1. / 255, On: 1, Width: d.Width, Height: d.Height}
	if d.Outputs > 0 {
		c.Sizes[3], c.Regression = d.Outputs, true
	}
	return c
}

// check fails the test if a gradient is wrong.
func check(t *testing.T, b compute.Backend, s Subject, d *dataset.Set, what string) *Report {
	t.Helper()
	r, err := s.Check(b, d)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	for _, p := range r.Parts {
		// Saturated outputs have the smallest norms. A CPU's gradients are much closer.
		if !p.OK || p.Error*p.Norm > Tolerance/10*p.Norm+p.Noise {
			t.Errorf("%s: %s: error %.2g, the worst %+v with a norm of %.2g, %d tried, %d kinks", what, p.Name, p.Error, p.Worst, p.Norm, p.Tried, p.Kinks)
		}
	}
	return r
}

// TestOtherTrainings checks other data and networks: numbers and targets, one output,
// reductions, no biases, and every kind of distortion.
func TestOtherTrainings(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for _, hidden := range []compute.Activation{compute.Tanh, compute.ReLU} {
		for _, reduction := range mlp.Reductions() {
			c := config(numbers(), hidden, compute.Identity, compute.SquaredError)
			c.Reduction = reduction
			check(t, b, Subject{Network: c, Training: mlp.Training{L2: 0.01, Drop: 0.2}, Seed: 4, Samples: 6, Weights: 20}, numbers(), string(reduction))
		}
		c := config(images(), hidden, compute.Softmax, compute.CrossEntropy)
		c.NoBias = true
		check(t, b, Subject{Network: c, Seed: 4, Samples: 6, Weights: 20}, images(), "no biases")
		for name, a := range map[string]mlp.Augment{
			"affine":  {Rotation: 15, Scaling: 0.15, Shear: 0.2, Translation: 1, Calm: []int{1}},
			"elastic": {Sigma: [2]float32{1, 2}, Alpha: [2]float32{4, 6}, Rotation: 10},
		} {
			check(t, b, Subject{Network: config(images(), hidden, compute.Softmax, compute.CrossEntropy),
				Training: mlp.Training{Augment: a, DropInput: 0.1}, Seed: 5, Samples: 6, Weights: 20}, images(), name)
		}
		two := images()
		two.Classes = 2
		for i := range two.Labels {
			two.Labels[i] %= 2
		}
		c = config(two, hidden, compute.Sigmoid, compute.CrossEntropy)
		c.Sizes = []int{20, 6, 1}
		check(t, b, Subject{Network: c, Seed: 6, Samples: 6, Weights: 20}, two, "one output")
	}
}

// TestLargeInputs checks inputs in the thousands, for which a tanh is curved within the larger width of a
// difference.
func TestLargeInputs(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	d := numbers()
	for e := range d.Values {
		d.Values[e] *= 1000
	}
	c := config(d, compute.Tanh, compute.Identity, compute.SquaredError)
	c.Init, c.InitScale = mlp.Normal, 1e-3
	r := check(t, b, Subject{Network: c, Seed: 4, Samples: 6, Weights: 20}, d, "large inputs")
	if r.Parts[0].Tried < 10 {
		t.Errorf("%d weights could be compared, %d not", r.Parts[0].Tried, r.Parts[0].Kinks)
	}
}

// TestFaults requires that a wrong gradient of each op is found.
func TestFaults(t *testing.T) {
	faults := map[string]struct {
		hidden compute.Activation
		t      mlp.Training
	}{
		"delta: tanh's derivative is 1−y":                 {compute.Tanh, mlp.Training{}},
		"delta: scaled tanh's derivative is that of tanh": {compute.ScaledTanh, mlp.Training{}},
		"delta: leaky ReLU's derivative is that of ReLU":  {compute.LeakyReLU, mlp.Training{}},
		"loss: the gradient lacks 1/batch":                {compute.Tanh, mlp.Training{}},
		"loss: targets are 1 and 0":                       {compute.Tanh, mlp.Training{}},
		"matmul: the last row is not written":             {compute.Tanh, mlp.Training{}},
		"matmul: the last term of each sum is missing":    {compute.Tanh, mlp.Training{}},
		"column_sum: the last row is left out":            {compute.Tanh, mlp.Training{}},
		"update: L2 is ignored":                           {compute.Tanh, mlp.Training{L2: 0.01}},
		"update: L1 has no sign":                          {compute.Tanh, mlp.Training{L1: 0.01}},
		"update: L1 is ignored":                           {compute.Tanh, mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, L1: 0.01}},
		"dropout: kept elements are not scaled up":        {compute.Tanh, mlp.Training{Drop: 0.5}},
		"dropout: the stream is ignored":                  {compute.Tanh, mlp.Training{Drop: 0.5}},
		"dropout: the mask is inverted":                   {compute.Tanh, mlp.Training{Drop: 0.5}},
		"update: the squares are not kept":                {compute.Tanh, mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-8}},
		"program: of three ops or more one is left out":   {compute.Tanh, mlp.Training{}},
	}
	for _, f := range computetest.Faults() {
		with, ok := faults[f.Name]
		if !ok {
			continue
		}
		delete(faults, f.Name)
		c := config(images(), with.hidden, compute.Softmax, compute.CrossEntropy)
		c.On, c.Off = 0.9, 0.1/3
		s := Subject{Network: c, Training: with.t, Seed: 1, Samples: 5, Weights: 200}
		check(t, reference.New(), s, images(), "the reference")
		if r, err := s.Check(f.Wrap(reference.New()), images()); err == nil && r.OK() {
			t.Errorf("not found: %s", f.Name)
		}
	}
	for name := range faults {
		t.Errorf("unknown fault %q", name)
	}
}

func TestSlope(t *testing.T) {
	const noise = 1e-15
	for _, c := range []struct {
		name string
		f    func(x float64) float64
		want difference
	}{
		{"a square", func(x float64) float64 { return 3*x + 1e3*x*x }, difference{value: 3}},
		{"a sine that bends", func(x float64) float64 { return math.Sin(2000 * x) }, difference{value: 2000}},
		{"nothing", func(float64) float64 { return 1 }, difference{}},
		{"a kink", math.Abs, difference{kink: true}},
		{"a kink close by", func(x float64) float64 { return x + math.Abs(x-3e-6) }, difference{kink: true}},
		{"a kink in the outer half", func(x float64) float64 { return x + math.Max(0, x-8e-6) }, difference{kink: true}},
		{"a kink at a third", func(x float64) float64 { return x + math.Max(0, x-1e-5/3) }, difference{kink: true}},
		{"a small kink on a slope", func(x float64) float64 { return x + 0.01*math.Abs(x) }, difference{kink: true}},
		{"a kink far away", func(x float64) float64 { return x + math.Abs(x-1e-4) }, difference{value: 0}},
	} {
		d := slope(c.f, c.f(0), 1e-5, noise)
		if d.kink != c.want.kink || !d.kink && math.Abs(d.value-c.want.value) > 1e-6*math.Abs(c.want.value)+10*d.bound {
			t.Errorf("%s: %+v, want %+v", c.name, d, c.want)
		}
	}
}

// TestKinkIsCounted checks a unit whose sum is 0. Its bias has no derivative, and is counted but
// not compared.
func TestKinkIsCounted(t *testing.T) {
	p := &Part{Rows: 1, Cols: 2}
	p.add(0, 1, difference{kink: true})
	p.add(1, 2, difference{value: 2.0002})
	p.judge()
	if p.Kinks != 1 || p.Tried != 1 || !p.OK || p.Worst.Col != 1 {
		t.Errorf("%+v", p)
	}
	p = &Part{Rows: 1, Cols: 1}
	p.add(0, 1, difference{kink: true})
	if p.judge(); p.OK {
		t.Error("a part without a derivative is reported as right")
	}
	p = &Part{Rows: 1, Cols: 1}
	p.add(0, math.NaN(), difference{value: 1})
	if p.judge(); p.OK {
		t.Error("NaN is reported as right")
	}
}

// TestHidden checks a network of which dropout leaves hardly anything. The report must state that it has no
// gradient.
func TestHidden(t *testing.T) {
	c := config(images(), compute.Tanh, compute.Softmax, compute.CrossEntropy)
	r := check(t, reference.New(), Subject{Network: c, Training: mlp.Training{DropInput: 0.9999}, Seed: 1, Samples: 3, Weights: 20}, images(), "hardly any input")
	if p := r.Parts[0]; !p.Hidden() || r.Parts[1].Hidden() {
		t.Errorf("weights %+v, biases %+v", p, r.Parts[1])
	}
}

// TestRefusals checks the errors about invalid subjects.
func TestRefusals(t *testing.T) {
	b := reference.New()
	c := config(images(), compute.Tanh, compute.Softmax, compute.CrossEntropy)
	for _, s := range []Subject{{Network: c, Weights: 1}, {Network: c, Samples: 1}, {Samples: 1, Weights: 1}} {
		if _, err := s.Check(b, images()); err == nil {
			t.Errorf("%+v was checked", s)
		}
	}
	huge := c
	huge.Init, huge.InitScale, huge.Hidden = mlp.Normal, 1e30, compute.ReLU
	if _, err := (Subject{Network: huge, Samples: 1, Weights: 1}).Check(b, images()); err == nil || !strings.Contains(err.Error(), "beyond float32") {
		t.Errorf("weights of 1e30: error %v", err)
	}
	if _, err := (Subject{Network: c, Samples: 1, Weights: 1}).Check(b, &dataset.Set{Classes: 2}); err == nil {
		t.Error("an empty data set was checked")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := (Subject{Network: c, Samples: 1, Weights: 1}).Check(b, images()); err == nil {
		t.Error("a closed backend was checked")
	}
}
