package simd

import "fmt"

// sameLength panics unless all slices have n elements.
func sameLength(name string, n int, others ...int) {
	for _, m := range others {
		if n != m {
			panic(fmt.Sprintf("simd: %s: lengths %d and %d differ", name, n, m))
		}
	}
}

// wholeRows panics unless n elements are a whole number of rows.
func wholeRows(name string, n, cols int) {
	if cols < 0 || cols == 0 && n != 0 || cols > 0 && n%cols != 0 {
		panic(fmt.Sprintf("simd: %s: %d elements are not a whole number of rows of %d", name, n, cols))
	}
}

// Add adds x to dst:
//
//	dst[i] = dst[i] + x[i]
func Add(dst, x []float32) {
	sameLength("Add", len(dst), len(x))
	add(dst, x)
}

func addGo(dst, x []float32) {
	for i, v := range x {
		dst[i] += v
	}
}

// AddBias adds a bias to each row of dst, which is rows×len(bias), row-major:
//
//	dst[i,j] = dst[i,j] + bias[j]
func AddBias(dst, bias []float32) {
	wholeRows("AddBias", len(dst), len(bias))
	addBias(dst, bias)
}

func addBiasGo(dst, bias []float32) {
	for ; len(dst) > 0; dst = dst[len(bias):] {
		addGo(dst[:len(bias)], bias)
	}
}

// BiasReLU adds a bias to each row of dst, which is rows×len(bias), row-major, and
// applies ReLU to the sums:
//
//	dst[i,j] = max(0, dst[i,j] + bias[j])
//
// NaN stays NaN.
func BiasReLU(dst, bias []float32) {
	wholeRows("BiasReLU", len(dst), len(bias))
	biasReLU(dst, bias)
}

func biasReLUGo(dst, bias []float32) {
	addBiasGo(dst, bias)
	reluGo(dst)
}

// ReLU is the rectifier:
//
//	dst[i] = max(0, dst[i])
//
// NaN stays NaN, so that a caller can detect it. −0 stays −0.
func ReLU(dst []float32) { relu(dst) }

func reluGo(dst []float32) {
	for i, v := range dst {
		if v < 0 { // and not v > 0, which is false for NaN
			dst[i] = 0
		}
	}
}

// DeltaReLU propagates an error back through a ReLU with output y:
//
//	dst[i] = back[i] if y[i] > 0, else 0
//
// dst may be back.
func DeltaReLU(dst, back, y []float32) {
	sameLength("DeltaReLU", len(dst), len(back), len(y))
	deltaReLU(dst, back, y)
}

func deltaReLUGo(dst, back, y []float32) {
	for i, v := range y {
		if v > 0 {
			dst[i] = back[i]
		} else {
			dst[i] = 0
		}
	}
}

// DeltaSigmoid propagates an error back through a sigmoid with output y:
//
//	dst[i] = back[i]·y[i]·(1 − y[i])
//
// dst may be back.
func DeltaSigmoid(dst, back, y []float32) {
	sameLength("DeltaSigmoid", len(dst), len(back), len(y))
	deltaSigmoid(dst, back, y)
}

func deltaSigmoidGo(dst, back, y []float32) {
	for i, v := range y {
		dst[i] = back[i] * (v * (1 - v))
	}
}

// DeltaTanh propagates an error back through a hyperbolic tangent with output y:
//
//	dst[i] = back[i]·(1 − y[i]²)
//
// dst may be back.
func DeltaTanh(dst, back, y []float32) {
	sameLength("DeltaTanh", len(dst), len(back), len(y))
	deltaTanh(dst, back, y)
}

func deltaTanhGo(dst, back, y []float32) {
	for i, v := range y {
		// If y is near ±1, 1 − y² loses digits. The product does not.
		dst[i] = back[i] * ((1 - v) * (1 + v))
	}
}

// DeltaScaledTanh propagates an error back through a·tanh(b·z) with output y:
//
//	dst[i] = back[i]·(a² − y[i]²)·b/a
//
// dst may be back.
func DeltaScaledTanh(dst, back, y []float32, a, b float32) {
	sameLength("DeltaScaledTanh", len(dst), len(back), len(y))
	deltaScaledTanh(dst, back, y, a, b/a)
}

func deltaScaledTanhGo(dst, back, y []float32, a, slope float32) {
	for i, v := range y {
		dst[i] = back[i] * ((a - v) * (a + v) * slope)
	}
}

// LeakyReLU is the leaky rectifier, 0 ≤ leak ≤ 1:
//
//	dst[i] = dst[i] if dst[i] > 0, else leak·dst[i]
//
// NaN stays NaN.
func LeakyReLU(dst []float32, leak float32) { leakyReLU(dst, leak) }

func leakyReLUGo(dst []float32, leak float32) {
	for i, v := range dst {
		if !(v > 0) {
			dst[i] = leak * v
		}
	}
}

// DeltaLeakyReLU propagates an error back through a LeakyReLU with output y:
//
//	dst[i] = back[i] if y[i] > 0, else leak·back[i]
//
// dst may be back.
func DeltaLeakyReLU(dst, back, y []float32, leak float32) {
	sameLength("DeltaLeakyReLU", len(dst), len(back), len(y))
	deltaLeakyReLU(dst, back, y, leak)
}

func deltaLeakyReLUGo(dst, back, y []float32, leak float32) {
	for i, v := range y {
		if v > 0 {
			dst[i] = back[i]
		} else {
			dst[i] = leak * back[i]
		}
	}
}

// SGD is a step of stochastic gradient descent:
//
//	w[i] = w[i] − rate·g[i]
func SGD(w, g []float32, rate float32) {
	sameLength("SGD", len(w), len(g))
	sgd(w, g, rate)
}

func sgdGo(w, g []float32, rate float32) {
	for i, v := range g {
		w[i] -= rate * v
	}
}

// Momentum is a step of gradient descent with Polyak's momentum (1964), in PyTorch's form,
// in which the velocity does not contain the rate:
//
//	v[i] = mu·v[i] + g[i]
//	w[i] = w[i] − rate·v[i]
func Momentum(w, v, g []float32, rate, mu float32) {
	sameLength("Momentum", len(w), len(v), len(g))
	momentum(w, v, g, rate, mu)
}

func momentumGo(w, v, g []float32, rate, mu float32) {
	for i, d := range g {
		v[i] = mu*v[i] + d
		w[i] -= rate * v[i]
	}
}
