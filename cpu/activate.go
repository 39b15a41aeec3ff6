package cpu

import (
	"math"

	"shadegrad/compute"
)

// activate is compute.Activate.
type activate struct {
	dst, src, bias []float32
	cols           int
	f              compute.Activation
}

func newActivate(o compute.Activate) *activate {
	return &activate{data(o.Dst), data(o.Src), data(o.Bias), o.Dst.Cols, o.F}
}

func (a *activate) run(compute.Args) {
	parallel(len(a.dst)/a.cols, a.cols*activationCost(a.f), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			dst := a.dst[i*a.cols : (i+1)*a.cols]
			copy(dst, a.src[i*a.cols:(i+1)*a.cols])
			addTo(dst, a.bias)
			apply(a.f, dst)
		}
	})
}

// activationCost is about how many additions one value of f takes.
func activationCost(f compute.Activation) int {
	if f == compute.Identity || f == compute.ReLU {
		return 1
	}
	return 16
}

// addTo adds a bias, which may be none, to a row.
func addTo(row, bias []float32) {
	for j, v := range bias {
		row[j] += v
	}
}

// apply replaces a row z by F(z). The functions are taken in float64, whose
// rounding error vanishes beside float32's.
func apply(f compute.Activation, z []float32) {
	switch f {
	case compute.Sigmoid:
		for j, v := range z {
			z[j] = float32(sigmoid(float64(v)))
		}
	case compute.Tanh:
		for j, v := range z {
			z[j] = float32(math.Tanh(float64(v)))
		}
	case compute.ReLU:
		for j, v := range z {
			if v < 0 { // and not v > 0, so that NaN stays NaN and is found
				z[j] = 0
			}
		}
	case compute.Softmax:
		softmax(z)
	}
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// softmax divides by e^max first, which changes nothing but keeps e^z finite.
func softmax(z []float32) {
	largest := maximum(z)
	sum := 0.0
	for _, v := range z {
		sum += math.Exp(float64(v) - largest)
	}
	for j, v := range z {
		z[j] = float32(math.Exp(float64(v)-largest) / sum)
	}
}

func maximum(z []float32) float64 {
	largest := z[0]
	for _, v := range z[1:] {
		if v > largest {
			largest = v
		}
	}
	return float64(largest)
}

// delta is compute.Delta.
type delta struct {
	dst, back, y []float32
	f            compute.Activation
}

func newDelta(o compute.Delta) *delta {
	return &delta{data(o.Dst), data(o.Back), data(o.Y), o.F}
}

func (d *delta) run(compute.Args) {
	parallel(len(d.dst), 1, func(lo, hi int) {
		dst, back, ys := d.dst[lo:hi], d.back[lo:hi], d.y[lo:hi]
		switch d.f {
		case compute.Identity:
			copy(dst, back)
		case compute.Sigmoid:
			for i, y := range ys {
				dst[i] = back[i] * (y * (1 - y))
			}
		case compute.Tanh:
			for i, y := range ys {
				dst[i] = back[i] * (1 - y*y)
			}
		case compute.ReLU:
			for i, y := range ys {
				if y > 0 {
					dst[i] = back[i]
				} else {
					dst[i] = 0
				}
			}
		}
	})
}
