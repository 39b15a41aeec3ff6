package mlp

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/sample"
)

// moments returns the mean, the variance and the kurtosis of values, and the
// largest of them by magnitude.
func moments(values []float32) (mean, variance, kurtosis, largest float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += float64(v) / n
		largest = max(largest, math.Abs(float64(v)))
	}
	fourth := 0.
	for _, v := range values {
		d := float64(v) - mean
		variance += d * d / n
		fourth += d * d * d * d / n
	}
	return mean, variance, fourth / (variance * variance), largest
}

// The kurtosis tells the distributions apart: it is 3 for a normal one and 9/5
// for a uniform one.
const (
	normalKurtosis  = 3
	uniformKurtosis = 1.8
)

func TestInitMoments(t *testing.T) {
	const in, out = 600, 200
	last := sample.Count(20000, 2000)
	tests := []struct {
		init               Init
		variance, kurtosis float64
		limit              float64 // no value is beyond it
		bias               float64 // the variance of a bias
	}{
		{He, 2. / in, normalKurtosis, math.Inf(1), 0},
		{Xavier, 6. / (in + out) / 3, uniformKurtosis, math.Sqrt(6. / (in + out)), 0},
		{Normal, 1, normalKurtosis, math.Inf(1), 1},
		{Units, 1. / out, normalKurtosis, math.Inf(1), 0},
		{Inputs, 1. / in, normalKurtosis, math.Inf(1), 0},
		{Uniform, 1. / 12, uniformKurtosis, 0.5, 1. / 12},
	}
	for _, tt := range tests {
		t.Run(string(tt.init), func(t *testing.T) {
			c := Config{Sizes: []int{in, out, last}, Init: tt.init}
			p := c.InitialParameters(1)
			mean, variance, kurtosis, largest := moments(p[0])
			// Five standard errors of the mean, the variance and the kurtosis
			// (√(24/n) for a normal distribution, less for a uniform one).
			n := float64(len(p[0]))
			if math.Abs(mean) > 5*math.Sqrt(tt.variance/n) {
				t.Errorf("mean %g", mean)
			}
			if math.Abs(variance/tt.variance-1) > 5*math.Sqrt((tt.kurtosis-1)/n) {
				t.Errorf("variance %g, want %g", variance, tt.variance)
			}
			if math.Abs(kurtosis-tt.kurtosis) > 5*math.Sqrt(24/n) {
				t.Errorf("kurtosis %g, want %g", kurtosis, tt.kurtosis)
			}
			if largest > tt.limit {
				t.Errorf("a weight of magnitude %g, beyond %g", largest, tt.limit)
			}
			mean, variance, _, largest = moments(p[3])
			n = float64(len(p[3]))
			if tt.bias == 0 {
				if largest != 0 {
					t.Errorf("a bias of magnitude %g, want zeros", largest)
				}
				return
			}
			if math.Abs(mean) > 5*math.Sqrt(tt.bias/n) || math.Abs(variance/tt.bias-1) > 5*math.Sqrt(2/n) {
				t.Errorf("biases have mean %g and variance %g, want 0 and %g", mean, variance, tt.bias)
			}
		})
	}
}

func equalBits(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

func TestInitDependsOnSeedAlone(t *testing.T) {
	for _, init := range Inits() {
		c := Config{Sizes: []int{30, 20, 10}, Init: init}
		a, b, other := c.InitialParameters(7), c.InitialParameters(7), c.InitialParameters(8)
		for i, s := range c.Shapes() {
			if !equalBits(a[i], b[i]) {
				t.Errorf("%s: %s differs with the same seed", init, s.Name)
			}
			if !s.Bias && equalBits(a[i], other[i]) {
				t.Errorf("%s: %s is the same with another seed", init, s.Name)
			}
		}
		if equalBits(a[0][:200], a[2]) {
			t.Errorf("%s: both layers have the same weights", init)
		}
	}
}

// TestInitOfALayer changes the layers around one layer, whose initial weights must not change.
func TestInitOfALayer(t *testing.T) {
	for _, init := range Inits() {
		a := Config{Sizes: []int{30, 20, 10}, Init: init}.InitialParameters(1)
		b := Config{Sizes: []int{31, 20, 10, 5}, Init: init}.InitialParameters(1)
		if !equalBits(a[2], b[2]) || !equalBits(a[3], b[3]) {
			t.Errorf("%s: layer 2 depends on the sizes of its neighbours", init)
		}
		// More inputs to a layer are more draws of the same stream.
		if init == Normal && !equalBits(a[0], b[0][:len(a[0])]) {
			t.Errorf("%s: layer 1 begins with other draws when it is larger", init)
		}
	}
}

// TestInitGolden compares the first weights of seed 1 of 784-128-10. If they changed, seeds
// would no longer reproduce models. Another program computed them from the papers on philox and
// the initialisations.
func TestInitGolden(t *testing.T) {
	golden := map[Init][2][3]float32{
		He:      {{0.10129914, 0.042974378, 0.028409293}, {-0.028937228, -0.05614393, -0.0087780285}},
		Xavier:  {{-0.06208936, 0.026226545, 0.014598299}, {0.01183915, 0.15139451, 0.18147333}},
		Normal:  {{2.0056205, 0.85084927, 0.5624753}, {-0.23149782, -0.44915144, -0.070224228}},
		Inputs:  {{2.0056205 / 28, 0.85084927 / 28, 0.5624753 / 28}, {-0.23149782 / 11.3137085, -0.44915144 / 11.3137085, -0.070224228 / 11.3137085}},
		Units:   {{0.17727349, 0.075205161, 0.049716263}, {-0.07320604, -0.14203416, -0.022206851}},
		Uniform: {{-0.38274452, 0.16167128, 0.08998996}, {0.028389284, 0.36303128, 0.43515777}},
	}
	for _, init := range Inits() {
		p := Config{Sizes: []int{784, 128, 10}, Init: init}.InitialParameters(1)
		for i, layer := range []int{0, 2} {
			for j, want := range golden[init][i] {
				// Another machine's logarithm and cosine may differ in the last bit.
				if got := p[layer][j]; math.Abs(float64(got-want)) > 1e-6*math.Abs(float64(want)) {
					t.Errorf("%s: weight %d of layer %d is %v, want %v", init, j, i+1, got, want)
				}
			}
		}
	}
}

// TestInitForms checks how the fields of a config change an initialisation.
func TestInitForms(t *testing.T) {
	base := Config{Sizes: []int{600, 200, 2000}, Init: Uniform}
	for _, tt := range []struct {
		name     string
		change   func(*Config)
		variance float64
		limit    float64
		bias     float64 // the variance of a bias
	}{
		{"uniform ±0.05", func(c *Config) { c.InitScale = 0.05 }, 0.01 / 12, 0.05000001, 0.01 / 12},
		{"uniform ±2, biases of zero", func(c *Config) { c.InitScale, c.ZeroBiases = 2, true }, 16. / 12, 2, 0},
		{"normal, σ = 0.1", func(c *Config) { c.Init, c.InitScale = Normal, 0.1 }, 0.01, math.Inf(1), 0.01},
		{"standard normal, biases of zero", func(c *Config) { c.Init, c.ZeroBiases = Normal, true }, 1, math.Inf(1), 0},
		{"He for leaky ReLU", func(c *Config) { c.Init, c.Hidden = He, compute.LeakyReLU }, 2 / (1 + 0.0001) / 600., math.Inf(1), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := base
			tt.change(&c)
			p := c.InitialParameters(1)
			mean, variance, kurtosis, largest := moments(p[0])
			n := float64(len(p[0]))
			if math.Abs(mean) > 5*math.Sqrt(tt.variance/n) || math.Abs(variance/tt.variance-1) > 5*math.Sqrt((kurtosis-1)/n) {
				t.Errorf("mean %g, variance %g, want 0 and %g", mean, variance, tt.variance)
			}
			if largest > tt.limit || largest < tt.limit*0.99 && !math.IsInf(tt.limit, 1) {
				t.Errorf("the largest weight is of magnitude %g, want near %g", largest, tt.limit)
			}
			_, variance, _, _ = moments(p[3])
			if tt.bias == 0 && variance != 0 || tt.bias > 0 && math.Abs(variance/tt.bias-1) > 5*math.Sqrt(2./2000) {
				t.Errorf("biases have variance %g, want %g", variance, tt.bias)
			}
		})
	}
	// Leaky ReLU's slope makes little of a difference; that there is one shows in a weight.
	leaky, plain := base, base
	leaky.Init, leaky.Hidden, plain.Init, plain.Hidden = He, compute.LeakyReLU, He, compute.ReLU
	a, b := leaky.InitialParameters(1)[0], plain.InitialParameters(1)[0]
	if ratio := float64(a[7]) / float64(b[7]); math.Abs(ratio-1/math.Sqrt(1.0001)) > 1e-7*2 {
		t.Errorf("a weight is %v times that for ReLU", ratio)
	}
}
