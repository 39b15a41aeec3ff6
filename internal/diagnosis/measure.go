package diagnosis

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// Where an output counts as at an end of its range. There tanh′ = 1 − y² is below 0.02,
// of at most 1, and sigmoid′ = y·(1 − y) below 0.01, of at most 0.25: a gradient that
// passes through loses 96% or more. What saturation does to learning is in Glorot and
// Bengio, "Understanding the difficulty of training deep feedforward neural networks"
// (AISTATS 2010).
const (
	tanhEnd    = 0.99 // of |y|
	sigmoidEnd = 0.01 // of y, or of 1 − y
)

// mostImages is the share of the images for which a saturated unit is at an end of its
// range: it may well be there for those of one class, and has learnt something then.
const mostImages = 0.9

// flat reports whether F has almost no slope where its output is y.
func flat(f compute.Activation, y float64) bool {
	switch f {
	case compute.ReLU:
		return y <= 0
	case compute.Tanh:
		return math.Abs(y) > tanhEnd
	case compute.ScaledTanh:
		return math.Abs(y) > tanhEnd*compute.TanhAmplitude
	case compute.Sigmoid, compute.Softmax:
		return y < sigmoidEnd || y > 1-sigmoidEnd
	}
	return false
}

// HiddenFlat returns the share of a hidden layer's units that are dead or saturated,
// from its outputs y, a row for each image, and which of the two it is.
func HiddenFlat(f compute.Activation, y []float32, units int) (float64, Flatness) {
	of, need := Saturated, mostImages
	switch f {
	case compute.ReLU:
		of, need = Dead, 1
	case compute.Identity, compute.LeakyReLU:
		return 0, NotFlat
	}
	rows := len(y) / units
	lost := 0
	for j := range units {
		n := 0
		for i := range rows {
			if flat(f, float64(y[i*units+j])) {
				n++
			}
		}
		if float64(n) >= need*float64(rows) {
			lost++
		}
	}
	return float64(lost) / float64(units), of
}

// OutputFlat returns the share of images whose class has an output at the wrong end of
// the activation's range, where no gradient comes through to bring it back: from the
// sums z = x·Wᵀ of the last layer, a row for each image, the biases b, or nil, and the
// labels.
func OutputFlat(c mlp.Config, z, b []float32, labels []byte) (float64, Flatness) {
	if c.Loss == compute.CrossEntropy || c.Output == compute.Identity || c.Output == compute.LeakyReLU {
		return 0, NotFlat
	}
	units := c.Outputs()
	y := make([]float64, units)
	stuck := 0
	for i, label := range labels {
		for j := range y {
			y[j] = float64(z[i*units+j])
			if b != nil {
				y[j] += float64(b[j])
			}
		}
		activate(c.Output, y)
		own, target := int(label), float64(c.On)
		if units == 1 { // which tells two classes apart
			if own == 0 {
				target = float64(c.Off)
			}
			own = 0
		}
		middle := (float64(c.On) + float64(c.Off)) / 2
		if flat(c.Output, y[own]) && (y[own]-middle)*(target-middle) < 0 {
			stuck++
		}
	}
	return float64(stuck) / float64(len(labels)), Stuck
}

// activate makes y = F(z) of z.
func activate(f compute.Activation, z []float64) {
	largest, sum := math.Inf(-1), 0.
	for _, v := range z {
		largest = max(largest, v)
	}
	for j, v := range z {
		switch f {
		case compute.Sigmoid:
			z[j] = 1 / (1 + math.Exp(-v))
		case compute.Tanh:
			z[j] = math.Tanh(v)
		case compute.ScaledTanh:
			z[j] = compute.TanhAmplitude * math.Tanh(compute.TanhSlope*v)
		case compute.ReLU:
			z[j] = max(v, 0)
		case compute.Softmax:
			z[j] = math.Exp(v - largest)
			sum += z[j]
		}
	}
	if f == compute.Softmax {
		for j := range z {
			z[j] /= sum
		}
	}
}

// Norm returns √Σv².
func Norm(v []float32) float64 {
	sum := 0.
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// Distance returns ‖a − b‖; they have one length.
func Distance(a, b []float32) float64 {
	sum := 0.
	for i, x := range a {
		d := float64(x) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}

// Ratio returns a/b, and 0 where b is 0.
func Ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
