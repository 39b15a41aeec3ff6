package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

func init() {
	register(opRules[compute.Update]{
		bound:     boundUpdate,
		roundings: func(o compute.Update) int { return 16 + o.Norms.Len() },
		kernel: func(o compute.Update) string {
			if o.Rule != compute.SGD {
				return "update_" + o.Rule.String()
			}
			return o.Name()
		},
	})
	register(opRules[compute.Average]{bound: boundAverage, roundings: func(compute.Average) int { return 4 }})
}

// An updateRule bounds the equations of op Update in one run.
//
// Each operation is correctly rounded, or fused with the next, which is more accurate. So its error is at most stepBound
// times its result. The bounds add these errors, for any order of the operations, to the effect of the operands' errors.
type updateRule struct {
	*reference.Rule
	clip term
}

func boundUpdate(o compute.Update, e *evaluation) {
	w, v, s, g, norms := e.load(o.W), e.load(o.V), e.load(o.S), e.load(o.G), e.load(o.Norms)
	newW, newV, newS := e.result(o.W), e.result(o.V), e.result(o.S)
	r := &updateRule{clip: term{val: 1}}
	if o.Clip > 0 {
		r.clip = clipping(o, norms)
		r.Rule = reference.NewRule(o, e.args, norms.Matrix)
	} else {
		r.Rule = reference.NewRule(o, e.args, nil)
	}
	r.C = r.clip.val
	for i := range w.Val {
		weight := w.term(i)
		t := r.Step(weight.val, v.term(i).val, s.term(i).val, g.Val[i])
		step, velocity, squares := r.step(t, r.gradient(weight, g.term(i), t.Gradient), v.term(i), s.term(i))
		newW.put(i, r.move(weight, step, t.W))
		newV.put(i, velocity)
		newS.put(i, squares)
	}
}

// clipping bounds c = min(1, Clip/√ΣNorms). It evaluates c at both ends of the interval of the sum, since the corner at 1
// and the pole at 0 are close to ordinary values. If the sum is certain to exceed float32, c is NaN.
func clipping(o compute.Update, norms *bounded) term {
	sum, tol := 0., 0.
	for e, n := range norms.Val {
		sum += n
		tol += norms.tol[e]
	}
	tol += sumBound * (sum + tol)
	if math.IsInf(sum, 1) || sum-tol > math.MaxFloat32 {
		return term{val: math.NaN()}
	}
	c := func(sum float64) float64 { return reference.ClipFactor(o, sum) }
	if !(sum+tol <= largestSafe) {
		return term{val: c(sum), tol: math.Inf(1)}
	}
	return within(c(sum), c(sum+tol), c(sum-tol), divisionBound+rootBound)
}

// gradient bounds val = c·G + L2·W + L1·sgn(W).
func (r *updateRule) gradient(w, g term, val float64) term {
	out := term{val: val, tol: g.tol, mag: math.Abs(g.val)}
	if r.Op.Clip > 0 {
		out.mag *= r.clip.val
		out.tol = r.clip.val*g.tol + r.clip.tol*g.size() + stepBound*math.Abs(g.val*r.clip.val)
	}
	add := func(val, tol float64) {
		out.mag += math.Abs(val)
		out.tol += tol + stepBound*(out.mag)
	}
	if r.L2 > 0 {
		add(r.L2*w.val, r.L2*w.tol+stepBound*math.Abs(r.L2*w.val))
	}
	if r.L1 > 0 {
		tol := 0.
		if math.Abs(w.val) <= w.tol && w.tol > 0 {
			tol = 2 // on either side of the corner
		}
		add(r.L1*reference.Sign(w.val), r.L1*tol)
	}
	return out
}

// step bounds the step that η multiplies, and the new velocity and squares.
func (r *updateRule) step(t reference.Terms, g, v, s term) (step, velocity, squares term) {
	switch {
	case r.Op.Rule == compute.RMSProp:
		squares = r.squares(g, s, t.Squares)
		step = r.quotient(g, squares, t.Step)
	case r.Op.Rule == compute.Adam:
		velocity = mixed(r.Mu, v, g, 1, t.Velocity)
		squares = r.squares(g, s, t.Squares)
		step = r.quotient(velocity, squares, t.Step)
	case r.Op.V.IsZero():
		step = g
	default:
		velocity = added(r.Mu, v, g, t.Velocity)
		step = velocity
		if r.Op.Rule == compute.Nesterov {
			step = added(r.Mu, velocity, g, t.Step)
		}
	}
	return step, velocity, squares
}

// added bounds val = c·a + b.
func added(c float64, a, b term, val float64) term {
	p := c * a.val
	return term{val, math.Abs(c)*a.tol + b.tol + stepBound*(math.Abs(p)+math.Abs(val)), math.Abs(p) + math.Abs(b.val)}
}

// mixed bounds val = c·a + (1−c)·b, or a + (1−c)·(b − a), where computing b took a number of operations. c is in [0, 1].
func mixed(c float64, a, b term, operations, val float64) term {
	p, q := c*a.val, (1-c)*b.val
	// The errors of 1 − c, the difference and the product.
	moved := math.Abs(1-c) * (math.Abs(a.val) + math.Abs(b.val))
	tol := math.Abs(c)*a.tol + math.Abs(1-c)*b.tol + stepBound*(math.Abs(p)+(2+operations)*moved+math.Abs(val))
	return term{val, tol, math.Abs(p) + math.Abs(q)}
}

// squares bounds val = ρ·S + (1−ρ)·g².
func (r *updateRule) squares(g, s term, val float64) term {
	square := term{val: g.val * g.val, tol: 2*math.Abs(g.val)*g.tol + g.tol*g.tol}
	return mixed(r.Rho, s, square, 2, val)
}

// quotient bounds val = First·v/(√(Second·s) + ε). It evaluates the root at both ends of the interval of s, because the root is
// steep near 0. Subnormal numbers may count as 0.
func (r *updateRule) quotient(v, s term, val float64) term {
	slack := s.tol + 4*smallestNormal
	// Second and the product, under the root; the root; the sum.
	const relative = stepBound + rootBound + stepBound
	low, high := r.Root(s.val-slack)*(1-relative)+r.Epsilon*(1-stepBound), r.Root(s.val+slack)*(1+relative)+r.Epsilon*(1+stepBound)
	numerator, off := math.Abs(r.First*v.val), r.First*(v.tol+4*smallestNormal)
	out := term{val: val, mag: math.Abs(val)}
	if !(s.val+slack <= largestSafe) || !(low > 0) {
		// A device's squares may overflow, or its denominator may be 0.
		out.tol = math.Inf(1)
		return out
	}
	// First, the product and the division.
	size := numerator + off
	steepest := math.Max(numerator/low-out.mag, out.mag-numerator/high)
	out.tol = steepest + off/low + (2*stepBound+divisionBound)*size/low
	return out
}

// move bounds val = W − η·step − η·Decay·W.
func (r *updateRule) move(w, step term, val float64) term {
	moved, faded := r.Eta*step.val, r.Eta*r.Decay*w.val
	out := term{val: val, mag: math.Abs(w.val) + math.Abs(faded) + math.Abs(r.Eta)*step.mag}
	out.tol = math.Abs(1-r.Eta*r.Decay)*w.tol + math.Abs(r.Eta)*step.tol + stepBound*(math.Abs(moved)+math.Abs(val))
	if r.Decay > 0 {
		// A backend may multiply W by 1 − η·Decay, or add Decay·W to the step.
		out.tol += stepBound * (3*math.Abs(faded) + 2*math.Abs(w.val-faded) + math.Abs(moved))
	}
	return out
}

func boundAverage(o compute.Average, e *evaluation) {
	before, src, dst, beta := e.load(o.Dst), e.load(o.Src), e.result(o.Dst), reference.Beta(o, e.args)
	for i, val := range dst.Val {
		t := mixed(beta, before.term(i), src.term(i), 1, val)
		// A backend may compute β as 1 minus the rounded 1 − β.
		dst.set(i, val, t.tol+stepBound*math.Abs(before.Val[i]), t.mag)
	}
}
