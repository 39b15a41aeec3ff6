package judge

import "math"

// The bounds on a backend's errors. An element is right if its error is at most its bound. A result is right if its elements
// are, and if the mean square of its errors is also small compared with the mean square of its values.
const (
	// unitRoundoff is the largest relative error of rounding to the nearest
	// float32.
	unitRoundoff = 0x1p-24

	// sumBound bounds a product or a sum: |err| ≤ sumBound·Σ|aᵢbᵢ|. Relative to the result the
	// error may have any size, since sums cancel. The factor 16 holds for any number of terms only
	// if long sums are split into parts.
	sumBound = 16 * unitRoundoff

	// stepBound is the relative error of one correctly rounded operation, in any direction of rounding:
	// GLSL 4.30, section 4.7.1, does not fix the direction. The last digits allow for products of two such errors.
	stepBound = 2.02 * unitRoundoff

	// divisionBound and rootBound are the relative errors of a quotient and of a square root. By GLSL 4.30,
	// section 4.7.1, a quotient has 2.5 units in the last place. It derives a root from 1/inversesqrt, which adds 2
	// more. A unit in the last place is at most 2 unitRoundoff.
	divisionBound = 5.05 * unitRoundoff
	rootBound     = 9.1 * unitRoundoff

	// absBound and relBound bound results of exp, log or tanh: |err| ≤ absBound + relBound·|ref|.
	// GLSL promises little about exp and log, and nothing about tanh.
	absBound = 1e-5
	relBound = 1e-4

	// nmseBound bounds Σerr²/Σref² over a whole result.
	nmseBound = 1e-10

	// nmseFloor decides which results nmseBound applies to: those with Σref² ≥ nmseFloor·Σmag², whose values
	// are not small compared with the terms they are sums of. Otherwise, and if all of ref is zero,
	// only the bounds of single elements apply.
	nmseFloor = 1e-3

	// largestSafe leaves room for intermediate values, such as the sum with a bias.
	largestSafe = math.MaxFloat32 / 4
	// smallestNormal is the smallest float32 of full precision.
	smallestNormal = 0x1p-126
)

// Bound returns the error that a transcendental function with values of size scale may have where its value is ref.
func Bound(scale, ref float64) float64 {
	return math.Abs(scale)*absBound + relBound*math.Abs(ref)
}

// within returns a value between two others, computed with a relative error.
func within(val, low, high, relative float64) term {
	return term{val: val, tol: math.Max(val-low, high-val) + relative*math.Abs(high)}
}
