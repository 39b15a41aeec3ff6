package judge

import (
	"math"

	"shadegrad/compute"
)

// lossBound is the bound of E without its weight.
func (r *lossRow) lossBound() float64 {
	e := r.loss()
	tz := largest(r.tz)
	carried, terms := 0., 0.
	for j, t := range r.t {
		switch {
		case r.Kind == compute.SquaredError:
			off := r.ty[j] + r.tt[j]
			carried += 2*math.Abs(r.y[j]-t)*off + off*off
			terms += (math.Abs(r.y[j]) + math.Abs(t)) * (math.Abs(r.y[j]) + math.Abs(t))
		case r.F == compute.Softmax: // −ln y is off by what z[j] and ln Σ e^z are
			carried += (math.Abs(t)+r.tt[j])*2*tz + r.tt[j]*(logSumExp(r.z)-r.z[j])
		default: // the slopes are y − t and, by t, −z
			carried += (1+math.Abs(t)+r.tt[j])*r.tz[j] + r.tt[j]*math.Abs(r.z[j])
		}
	}
	if r.Kind == compute.SquaredError && !transcendental(r.F) {
		return carried + sumBound*terms
	}
	return carried + Bound(1, e)
}

// gradientBounds are the bounds of ∂E/∂z without weight and scale.
func (r *lossRow) gradientBounds() []float64 {
	d, tol := r.gradient(), make([]float64, len(r.z))
	sum, sumTol := 0., 0.
	for j, t := range r.t {
		sum += math.Abs(t)
		sumTol += r.tt[j]
	}
	for j, t := range r.t {
		miss, ty, tt := math.Abs(r.y[j]-t), r.ty[j], r.tt[j]
		switch {
		case r.Kind == compute.CrossEntropy && r.F == compute.Softmax:
			tol[j] = (sum+sumTol)*ty + r.y[j]*sumTol + tt
		case r.Kind == compute.CrossEntropy:
			tol[j] = ty + tt
		case r.F == compute.Softmax:
			tol[j] = r.softmaxSquaredBound(j)
		default:
			slope, slopeTol := derivative(r.F, r.y[j], ty)
			tol[j] = 2 * ((ty+tt)*(math.Abs(slope)+slopeTol) + miss*slopeTol)
		}
		switch {
		case transcendental(r.F):
			tol[j] += Bound(1, d[j])
		case d[j] != 0: // behind ReLU's mask it is exact
			tol[j] += sumBound * 2 * (math.Abs(r.y[j]) + math.Abs(t))
		}
	}
	return tol
}

// softmaxSquaredBound bounds what the errors of y and t do to
// 2·y[j]·(y[j] − t[j] − Σₖ y[k]·(y[k] − t[k])).
func (r *lossRow) softmaxSquaredBound(j int) float64 {
	inner, innerTol := 0., 0.
	for k, t := range r.t {
		miss, ty := math.Abs(r.y[k]-t), r.ty[k]
		inner += r.y[k] * miss
		innerTol += ty*miss + (r.y[k]+ty)*(ty+r.tt[k])
	}
	miss, ty := math.Abs(r.y[j]-r.t[j]), r.ty[j]
	return 2 * (ty*(miss+inner) + (r.y[j]+ty)*(ty+r.tt[j]+innerTol))
}
