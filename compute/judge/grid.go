package judge

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// The bounds on a backend's errors. An element is right if it misses the
// reference by no more than its bound; a result, if the mean square of its
// errors is also small beside the mean square of its values.
const (
	// unitRoundoff is the largest relative error of rounding to the nearest
	// float32.
	unitRoundoff = 0x1p-24

	// sumBound bounds a product or a sum: |err| ≤ sumBound·Σ|aᵢbᵢ|. Beside the
	// result itself the error may be of any size, since sums cancel. The factor
	// 16 holds for any number of terms only if long sums are split into parts.
	sumBound = 16 * unitRoundoff

	// stepBound is the relative error of one correctly rounded operation,
	// whatever the direction of rounding: GLSL 4.30, section 4.7.1, does not
	// say which it is. The last digits allow for products of two such errors.
	stepBound = 2.02 * unitRoundoff

	// divisionBound and rootBound are the relative errors of a quotient and of a square
	// root: 2.5 units in the last place by GLSL 4.30, section 4.7.1, for the one, and for the
	// other, which it derives from 1/inversesqrt, those and 2 more. A unit in the last place
	// is at most 2 of these.
	divisionBound = 5.05 * unitRoundoff
	rootBound     = 9.1 * unitRoundoff

	// absBound and relBound bound what comes from exp, log or tanh:
	// |err| ≤ absBound + relBound·|ref|. GLSL promises little of them, and
	// nothing of tanh.
	absBound = 1e-5
	relBound = 1e-4

	// nmseBound bounds Σerr²/Σref² over a whole result.
	nmseBound = 1e-10

	// nmseFloor says for which results nmseBound is asked: those whose values
	// are not small beside the terms they were made of, Σref² ≥ nmseFloor·Σmag².
	// Elsewhere, and where all of ref is zero, each element's own bound decides
	// alone.
	nmseFloor = 1e-3
)

// A grid is a matrix as the reference knows it. Of each element it has the
// value, in float64, the most by which a correct backend's float32 may miss the
// value, and the magnitude of the terms the value was made of.
//
// The bounds follow a program from op to op, as in the running error analysis
// of Wilkinson: the bound of a result is its op's own error plus what the
// errors of its inputs may do to it. A first input is what was written, and
// has the bound 0.
type grid struct {
	rows, cols    int
	val, tol, mag []float64
	plain         bool // its bounds are not wanted, and are 0
}

func newGrid(rows, cols int) *grid {
	n := rows * cols
	return &grid{rows: rows, cols: cols,
		val: make([]float64, n), tol: make([]float64, n), mag: make([]float64, n)}
}

// row returns the values and the bounds of row i.
func (g *grid) row(i int) (val, tol []float64) {
	return g.val[i*g.cols : (i+1)*g.cols], g.tol[i*g.cols : (i+1)*g.cols]
}

// set sets element e, counted row by row.
func (g *grid) set(e int, val, tol, mag float64) {
	g.val[e], g.tol[e], g.mag[e] = val, tol, mag
}

// dense returns a gonum matrix of g's shape that shares data.
func (g *grid) dense(data []float64) *mat.Dense { return mat.NewDense(g.rows, g.cols, data) }

// Bound is the error that the values of a transcendental function may have.
func Bound(scale, ref float64) float64 {
	return math.Abs(scale)*absBound + relBound*math.Abs(ref)
}
