package simd

import "math"

// The exponential follows Cody and Waite (Software Manual for the Elementary
// Functions, 1980): with n = round(x/ln 2) and r = x − n·ln 2,
//
//	e^x = 2ⁿ·e^r, |r| ≤ ln 2 / 2
//
// where ln 2 = ln2Hi + ln2Lo, and ln2Hi has so few bits that n·ln2Hi is exact. The
// polynomial e^r − 1 = r + r²·(c2 + c3·r + … + c6·r⁴) is the minimax polynomial for the
// relative error of e^r on |r| ≤ 1.0001·ln 2 / 2, found by Remez's exchange algorithm.
// Its error is 3.1e-9, a twentieth of float32's rounding error.
const (
	log2E = 1.4426950408889634
	ln2Hi = 0.693359375
	ln2Lo = -2.12194440e-4

	c2 = 0.499999934478
	c3 = 0.166665206317
	c4 = 0.0416683880453
	c5 = 0.00836871687973
	c6 = 0.00138145986467

	// In float32, e^x is infinite above expMax and rounds to 0 below expMin.
	expMax = 89
	expMin = -104
	// tanh x rounds to 1 if x ≥ 9.01.
	tanhMax = 10
)

// reduce returns n and e^r − 1 for a finite x or NaN.
func reduce(x float32) (n int, p float32) {
	k := float32(math.RoundToEven(float64(x * log2E)))
	r := x - k*ln2Hi
	r -= k * ln2Lo
	q := float32(c6)
	q = q*r + c5
	q = q*r + c4
	q = q*r + c3
	q = q*r + c2
	return int(k), q*(r*r) + r
}

// power2 returns 2ⁿ for −126 ≤ n ≤ 127.
func power2(n int) float32 { return math.Float32frombits(uint32(n+127) << 23) }

// exp32 returns e^x. It multiplies by the power of two in two steps, so that both factors
// are normal numbers even if the result overflows or is denormal.
func exp32(x float32) float32 {
	if x != x {
		return x
	}
	n, p := reduce(min(max(x, expMin), expMax))
	return (p + 1) * power2(n>>1) * power2(n-n>>1)
}

// Exp is the exponential function:
//
//	dst[i] = e^dst[i]
//
// The relative error is at most 2e-7. For denormal results the absolute error is below
// 1e-37.
func Exp(dst []float32) { exp(dst) }

func expGo(dst []float32) {
	for i, v := range dst {
		dst[i] = exp32(v)
	}
}

// Sigmoid is the logistic function:
//
//	dst[i] = 1/(1 + e^−dst[i])
//
// The relative error is at most 3e-7 if the result is a normal number.
func Sigmoid(dst []float32) { sigmoid(dst) }

func sigmoidGo(dst []float32) {
	for i, v := range dst {
		dst[i] = 1 / (1 + exp32(-v))
	}
}

// Tanh is the hyperbolic tangent:
//
//	tanh x = sign(x)·E/(E + 2), E = e^2|x| − 1
//
// The relative error is at most 3e-7. E is computed as 2ⁿ·(e^r − 1) + (2ⁿ − 1), which
// avoids cancellation near 0.
func Tanh(dst []float32) { tanh(dst) }

func tanhGo(dst []float32) {
	for i, v := range dst {
		dst[i] = tanh32(v)
	}
}

// ScaledTanh is a scaled hyperbolic tangent:
//
//	dst[i] = a·tanh(b·dst[i])
//
// b·dst[i] is rounded to float32 first.
func ScaledTanh(dst []float32, a, b float32) { scaledTanh(dst, a, b) }

func scaledTanhGo(dst []float32, a, b float32) {
	for i, v := range dst {
		dst[i] = a * tanh32(b*v)
	}
}

func tanh32(x float32) float32 {
	if x != x {
		return x
	}
	a := min(math.Float32frombits(math.Float32bits(x)&^(1<<31)), tanhMax)
	n, p := reduce(2 * a)
	s := power2(n)
	e := s*p + (s - 1)
	return float32(math.Copysign(float64(e/(e+2)), float64(x)))
}

// Softmax replaces each row of z, which has cols columns, by its softmax:
//
//	z[i,j] = e^(z[i,j] − m[i]) / Σₖ e^(z[i,k] − m[i])
//
// Mathematically m[i], the largest element of the row, cancels. It keeps the powers
// finite. If a row contains NaN or +Inf, all its elements become NaN.
func Softmax(z []float32, cols int) {
	wholeRows("Softmax", len(z), cols)
	softmax(z, cols)
}

func softmaxGo(z []float32, cols int) {
	for ; len(z) > 0; z = z[cols:] {
		row := z[:cols]
		largest := row[0]
		for _, v := range row {
			largest = max(largest, v)
		}
		sum := float32(0)
		for j, v := range row {
			row[j] = exp32(v - largest)
			sum += row[j]
		}
		for j := range row {
			row[j] /= sum
		}
	}
}
