package judge

import (
	"math"

	"shadegrad/compute"
)

// A goal is what op Loss compares outputs with: targets, or the labels of a data set in
// the order of an index.
type goal struct {
	targets *grid // nil: the labels tell
	labels  []byte
	index   []uint32
}

// loss is op Loss: the gradient, and the rows of Stats that belong to the batch.
// bias may be nil.
func loss(o compute.Loss, args compute.Args, z, bias *grid, want goal) (gradient, stats *grid) {
	gradient, stats = newGrid(z.rows, z.cols), newGrid(z.rows, 2)
	for i := range z.rows {
		r := newLossRow(o)
		if want.targets != nil {
			r.t, r.tt = want.targets.row(i)
		} else {
			r.label(want.labels[visited(want.index, args.Row+i)])
		}
		r.z, r.tz = biased(z, bias, i)
		r.y, r.ty = outputs(o.F, r.z, r.tz)
		r.store(gradient, stats, i)
	}
	return gradient, stats
}

// A lossRow is op Loss for one row.
type lossRow struct {
	compute.Loss
	weight, scale float64
	class         int       // of the label, or −1 where there is none
	t, tt         []float64 // targets and their bounds, or nil where the label is no class
	z, tz         []float64 // weighted sums and their bounds
	y, ty         []float64 // outputs, and how far tz may put them off
}

func newLossRow(o compute.Loss) *lossRow {
	return &lossRow{Loss: o, class: -1, weight: float64(o.Weight), scale: float64(o.Scale)}
}

// label makes targets of a label, if it is a class.
func (r *lossRow) label(label byte) {
	n := r.Z.Cols
	if r.class = int(label); r.class >= max(n, 2) {
		return
	}
	r.t, r.tt = make([]float64, n), make([]float64, n)
	for j := range r.t {
		r.t[j] = float64(r.Off)
		if n > 1 && j == r.class || n == 1 && r.class == 1 {
			r.t[j] = float64(r.On)
		}
	}
}

// store puts the row into row i of the results.
func (r *lossRow) store(gradient, stats *grid, i int) {
	n := len(r.z)
	if r.t == nil {
		for j := range n {
			gradient.set(i*n+j, math.NaN(), 0, 0)
		}
		stats.set(2*i, math.NaN(), 0, 0)
		stats.set(2*i+1, 0, 0, 0)
		return
	}
	unit := math.Abs(r.scale * r.weight)
	tol := r.gradientBounds()
	for j, d := range r.gradient() {
		gradient.set(i*n+j, r.scale*r.weight*d, unit*tol[j], unit)
	}
	weight := math.Abs(r.weight)
	stats.set(2*i, r.weight*r.loss(), weight*r.lossBound(), weight)
	hit, sure := r.hit()
	if sure {
		stats.set(2*i+1, hit, 0, 1)
	} else {
		stats.set(2*i+1, hit, 1, 0) // with no magnitude it counts in no mean
	}
}

// loss is E without its weight.
func (r *lossRow) loss() float64 {
	e := 0.
	logSum := logSumExp(r.z)
	for j, t := range r.t {
		switch {
		case r.Kind == compute.SquaredError:
			e += (r.y[j] - t) * (r.y[j] - t)
		case r.F == compute.Softmax:
			e += t * (logSum - r.z[j])
		default:
			// −ln σ(z) = softplus(−z) and −ln(1−σ(z)) = softplus(z).
			e += t*softplus(-r.z[j]) + (1-t)*softplus(r.z[j])
		}
	}
	return e
}

// gradient is ∂E/∂z without weight and scale.
func (r *lossRow) gradient() []float64 {
	d := make([]float64, len(r.z))
	sum, inner := 0., 0.
	for j, t := range r.t {
		sum += t
		inner += r.y[j] * (r.y[j] - t)
	}
	for j, t := range r.t {
		switch {
		case r.Kind == compute.CrossEntropy && r.F == compute.Softmax:
			// ∂(−ln y[k])/∂z[j] = y[j] − (1 where j = k).
			d[j] = r.y[j]*sum - t
		case r.Kind == compute.CrossEntropy:
			d[j] = r.y[j] - t
		case r.F == compute.Softmax:
			// ∂y[k]/∂z[j] = y[k]·((1 where j = k) − y[j]).
			d[j] = 2 * r.y[j] * (r.y[j] - t - inner)
		default:
			slope, _ := derivative(r.F, r.y[j], 0)
			d[j] = 2 * (r.y[j] - t) * slope
		}
	}
	return d
}

// hit returns 1 if the label's class is the answer and 0 if not, and whether it is
// sure: rounding may decide otherwise.
func (r *lossRow) hit() (hit float64, sure bool) {
	right, sure := r.answer()
	if right {
		hit = 1
	}
	return hit, sure
}

// answer tells whether the label's class is the answer, and whether that is sure. Targets
// are no classes, and never hit.
func (r *lossRow) answer() (right, sure bool) {
	if r.class < 0 {
		return false, true
	}
	// off is how far output j may be off.
	off := func(j int) float64 { return r.ty[j] + outputBound(r.F, r.y[j]) }
	if len(r.y) == 1 {
		middle := (float64(r.On) + float64(r.Off)) / 2
		side := r.y[0] - middle
		if r.On < r.Off {
			side = -side
		}
		right = r.class == 1 && side >= 0 || r.class == 0 && side < 0 // neither where side is NaN
		return right, math.Abs(side) > off(0) || off(0) == 0
	}
	right, sure = true, true
	c := r.class
	for j := range r.y {
		if below := r.y[j] < r.y[c] || j >= c && r.y[j] == r.y[c]; !below {
			right = false // as it is with a NaN anywhere
		}
		// Equal sums give equal outputs; unequal ones may, once rounded.
		// A bound that has grown beyond all numbers is no number.
		if o := off(j) + off(c); j != c && r.z[j] != r.z[c] && o != 0 && !(math.Abs(r.y[j]-r.y[c]) > o) {
			sure = false
		}
	}
	return right, sure
}

// logSumExp returns ln Σ e^z.
func logSumExp(z []float64) float64 {
	top, sum := largest(z), 0.
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// softplus returns ln(1 + e^z).
func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }
