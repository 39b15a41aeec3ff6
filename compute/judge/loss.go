package judge

import (
	"math"
	"slices"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Loss]{
		bound:     boundLoss,
		roundings: func(o compute.Loss) int { return 4 * o.Z.Cols },
		unknown:   unknownLosses,
		kernel: func(o compute.Loss) string {
			return "loss_" + o.F.String() + "_" + strings.ReplaceAll(o.Kind.String(), "-", "_")
		},
	})
}

// A lossRow is op Loss for one row, with the bounds of its inputs.
type lossRow struct {
	*reference.LossRow
	tt []float64 // of the targets
	tz []float64 // of the weighted sums
	ty []float64 // effect of tz on the outputs
}

func boundLoss(o compute.Loss, e *evaluation) {
	z, bias, targets := e.load(o.Z), e.load(o.Bias), e.load(o.Targets)
	delta, stats := e.result(o.Delta), e.result(o.Stats.RowRange(e.args.Row, o.Z.Rows))
	weight := math.Abs(float64(o.Weight))
	unit := math.Abs(float64(o.Scale) * float64(o.Weight))
	for i, row := range reference.LossRows(o, e.args, e) {
		if !row.Valid() {
			stats.put(2*i, term{val: math.NaN()})
			for j := range row.Z {
				delta.put(i*o.Z.Cols+j, term{val: math.NaN()})
			}
			continue
		}
		r := lossRow{LossRow: row, tt: make([]float64, o.Z.Cols)}
		if targets != nil {
			r.tt = targets.rowBounds(i)
		}
		_, r.tz = biased(z, bias, i)
		r.ty = outputBounds(o.F, r.Z, r.Y, r.tz)
		for j, tol := range r.gradientBounds() {
			k := i*o.Z.Cols + j
			delta.put(k, term{delta.term(k).val, unit * tol, unit})
		}
		stats.set(2*i, stats.Val[2*i], weight*r.lossBound(), weight)
		hit := stats.Val[2*i+1]
		if r.sure() {
			stats.set(2*i+1, hit, 0, 1)
		} else {
			stats.set(2*i+1, hit, 1, 0) // magnitude 0 excludes it from means
		}
	}
}

// lossBound returns the bound of E without its weight.
func (r *lossRow) lossBound() float64 {
	e := r.Loss()
	tz := slices.Max(r.tz)
	carried, terms := 0., 0.
	for j, t := range r.T {
		switch {
		case r.Op.Kind == compute.SquaredError:
			off := r.ty[j] + r.tt[j]
			carried += 2*math.Abs(r.Y[j]-t)*off + off*off
			terms += (math.Abs(r.Y[j]) + math.Abs(t)) * (math.Abs(r.Y[j]) + math.Abs(t))
		case r.Op.F == compute.Softmax: // −ln y is off by the errors of z[j] and of ln Σ e^z
			carried += (math.Abs(t) + r.tt[j]) * 2 * tz
			if r.tt[j] > 0 { // z[j] may be infinite
				carried += r.tt[j] * (reference.LogSumExp(r.Z) - r.Z[j])
			}
		default: // the slopes are y − t and, by t, −z
			carried += (1+math.Abs(t)+r.tt[j])*r.tz[j] + r.tt[j]*math.Abs(r.Z[j])
		}
	}
	if r.Op.Kind == compute.SquaredError && !transcendental(r.Op.F) {
		return carried + sumBound*terms
	}
	return carried + Bound(1, e)
}

// gradientBounds returns the bounds of ∂E/∂z without weight and scale.
func (r *lossRow) gradientBounds() []float64 {
	d, tol := r.Gradient(), make([]float64, len(r.Z))
	sum, sumTol := 0., 0.
	for j, t := range r.T {
		sum += math.Abs(t)
		sumTol += r.tt[j]
	}
	for j, t := range r.T {
		miss, ty, tt := math.Abs(r.Y[j]-t), r.ty[j], r.tt[j]
		switch {
		case r.Op.Kind == compute.CrossEntropy && r.Op.F == compute.Softmax:
			tol[j] = (sum+sumTol)*ty + r.Y[j]*sumTol + tt
		case r.Op.Kind == compute.CrossEntropy:
			tol[j] = ty + tt
		case r.Op.F == compute.Softmax:
			tol[j] = r.softmaxSquaredBound(j)
		default:
			slope, slopeTol := reference.Derivative(r.Op.F, r.Y[j]), derivativeBound(r.Op.F, r.Y[j], ty)
			tol[j] = 2 * ((ty+tt)*(math.Abs(slope)+slopeTol) + miss*slopeTol)
		}
		switch {
		case transcendental(r.Op.F):
			tol[j] += Bound(1, d[j])
		case d[j] != 0: // where ReLU's derivative is 0 the gradient is exact
			tol[j] += sumBound * 2 * (math.Abs(r.Y[j]) + math.Abs(t))
		}
	}
	return tol
}

// softmaxSquaredBound bounds the effect of the errors of y and t on
// 2·y[j]·(y[j] − t[j] − Σₖ y[k]·(y[k] − t[k])).
func (r *lossRow) softmaxSquaredBound(j int) float64 {
	inner, innerTol := 0., 0.
	for k, t := range r.T {
		miss, ty := math.Abs(r.Y[k]-t), r.ty[k]
		inner += r.Y[k] * miss
		innerTol += ty*miss + (r.Y[k]+ty)*(ty+r.tt[k])
	}
	miss, ty := math.Abs(r.Y[j]-r.T[j]), r.ty[j]
	return 2 * (ty*(miss+inner) + (r.Y[j]+ty)*(ty+r.tt[j]+innerTol))
}

// sure reports whether no rounding can change the hit.
func (r *lossRow) sure() bool {
	if r.Class < 0 || slices.ContainsFunc(r.Y, math.IsNaN) {
		return true
	}
	// off returns by how much output j may be off.
	off := func(j int) float64 { return r.ty[j] + functionBound(r.Op.F, r.Y[j]) }
	if len(r.Y) == 1 {
		return math.Abs(r.Side()) > off(0) || off(0) == 0
	}
	c := r.Class
	for j := range r.Y {
		// Equal sums give equal outputs. Unequal sums may, after rounding. The bound may be NaN if it overflowed.
		if o := off(j) + off(c); j != c && r.Z[j] != r.Z[c] && o != 0 && !(math.Abs(r.Y[j]-r.Y[c]) > o) {
			return false
		}
	}
	return true
}

// unknownLosses reports the rows that are computed from values which may exceed float32. The bound of a loss does not say so,
// because it is that of outputs, which may lie between 0 and 1.
func unknownLosses(o compute.Loss, p *Problem) func(i, j int) bool {
	z, bias, t := p.load(o.Z), p.load(o.Bias), p.load(o.Targets)
	rows := make([]bool, z.Rows)
	for e := range z.Val {
		size := z.term(e).size()
		if bias != nil {
			size += bias.term(e % z.Cols).size()
		}
		if t != nil {
			size = math.Max(size, t.term(e).size())
		}
		if !(size <= largestSafe) {
			rows[e/z.Cols] = true
		}
	}
	return func(i, _ int) bool { return rows[i] }
}
