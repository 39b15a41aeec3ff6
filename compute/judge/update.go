package judge

import (
	"math"

	"shadegrad/compute"
)

// update is op Update; v, s and norms may be nil, and then the new velocity and the
// new squares are nil too.
//
// Each operation is correctly rounded, or fused with the next, which is better: what
// it may err is stepBound times its result. The bounds add that up over the operations,
// in whatever order a backend does them, to what the errors of the inputs do.
func update(o compute.Update, args compute.Args, w, v, s, g, norms *grid) (newW, newV, newS *grid) {
	r := newRule(o, args, norms)
	newW = newGrid(w.rows, w.cols)
	if v != nil {
		newV = newGrid(w.rows, w.cols)
	}
	if s != nil {
		newS = newGrid(w.rows, w.cols)
	}
	for e := range w.val {
		at := func(m *grid) term {
			if m == nil {
				return term{}
			}
			return term{m.val[e], m.tol[e], 0}
		}
		weight := at(w)
		step, velocity, squares := r.step(r.gradient(weight, at(g)), at(v), at(s), v != nil)
		newW.put(e, r.move(weight, step))
		newV.put(e, velocity)
		newS.put(e, squares)
	}
	return newW, newV, newS
}

// A term is an element of a grid.
type term struct{ val, tol, mag float64 }

// put sets element e of a grid, if there is one.
func (g *grid) put(e int, t term) {
	if g != nil {
		g.set(e, t.val, t.tol, t.mag)
	}
}

// size is the most that a term may be, either way.
func (t term) size() float64 { return math.Abs(t.val) + t.tol }

// A rule is op Update in one run.
type rule struct {
	compute.Update
	eta, mu, rho  float64
	l2, l1, decay float64
	epsilon       float64
	clip          term
	first, second float64 // 1/(1−μᵗ) and 1/(1−ρᵗ)
}

func newRule(o compute.Update, args compute.Args, norms *grid) *rule {
	r := &rule{Update: o, eta: float64(args.LearningRate), mu: float64(args.Momentum), rho: float64(o.Rho),
		l2: float64(o.L2), l1: float64(o.L1), decay: float64(o.Decay), epsilon: float64(o.Epsilon), clip: term{val: 1}}
	if o.Clip > 0 {
		r.clip = clipping(float64(o.Clip), norms)
	}
	if o.Rule == compute.Adam {
		t := float64(args.Step) + 1
		r.first, r.second = -1/math.Expm1(t*math.Log(r.mu)), -1/math.Expm1(t*math.Log(r.rho))
	}
	return r
}

// clipping is c = min(1, Clip/√ΣNorms). Both ends of what the sum may be are taken
// through it, since the corner at 1 and the pole at 0 lie close to ordinary values. A sum
// that is surely beyond float32 makes c NaN.
func clipping(clip float64, norms *grid) term {
	sum, tol := 0., 0.
	for e, n := range norms.val {
		sum += n
		tol += norms.tol[e]
	}
	tol += sumBound * (sum + tol)
	if math.IsInf(sum, 1) || sum-tol > math.MaxFloat32 {
		return term{val: math.NaN()}
	}
	c := func(sum float64) float64 { return math.Min(1, clip/math.Sqrt(math.Max(0, sum))) }
	if !(sum+tol <= largestSafe) {
		return term{val: c(sum), tol: math.Inf(1)}
	}
	return within(c(sum), c(sum+tol), c(sum-tol), divisionBound+rootBound)
}

// within is a value between two others, with the relative error of having computed it.
func within(val, low, high, relative float64) term {
	return term{val: val, tol: math.Max(val-low, high-val) + relative*math.Abs(high)}
}

// gradient is c·G + L2·W + L1·sgn(W).
func (r *rule) gradient(w, g term) term {
	out := term{val: g.val, tol: g.tol, mag: math.Abs(g.val)}
	if r.Clip > 0 {
		out.val *= r.clip.val
		out.mag *= r.clip.val
		out.tol = r.clip.val*g.tol + r.clip.tol*g.size() + stepBound*math.Abs(out.val)
	}
	add := func(val, tol float64) {
		out.val += val
		out.mag += math.Abs(val)
		out.tol += tol + stepBound*(out.mag)
	}
	if r.l2 > 0 {
		add(r.l2*w.val, r.l2*w.tol+stepBound*math.Abs(r.l2*w.val))
	}
	if r.l1 > 0 {
		sign, tol := 0., 0.
		if w.val != 0 {
			sign = math.Copysign(1, w.val)
		}
		if math.Abs(w.val) <= w.tol && w.tol > 0 {
			tol = 2 // either side of the corner
		}
		add(r.l1*sign, r.l1*tol)
	}
	return out
}

// step is what the rule has η multiply, and the new velocity and squares.
func (r *rule) step(g, v, s term, hasVelocity bool) (step, velocity, squares term) {
	switch r.Rule {
	case compute.RMSProp:
		squares = r.squares(g, s)
		return quotient(g, 1, squares, 1, r.epsilon), velocity, squares
	case compute.Adam:
		velocity, squares = mixed(r.mu, v, g, 1), r.squares(g, s)
		return quotient(velocity, r.first, squares, r.second, r.epsilon), velocity, squares
	}
	if !hasVelocity {
		return g, velocity, squares
	}
	velocity = added(r.mu, v, g)
	if r.Rule == compute.Nesterov {
		return added(r.mu, velocity, g), velocity, squares
	}
	return velocity, velocity, squares
}

// added is c·a + b.
func added(c float64, a, b term) term {
	p := c * a.val
	out := term{val: p + b.val, mag: math.Abs(p) + math.Abs(b.val)}
	out.tol = math.Abs(c)*a.tol + b.tol + stepBound*(math.Abs(p)+math.Abs(out.val))
	return out
}

// mixed is c·a + (1−c)·b, or a + (1−c)·(b − a), where b took some operations itself: c is
// in [0, 1].
func mixed(c float64, a, b term, operations float64) term {
	p, q := c*a.val, (1-c)*b.val
	out := term{val: p + q, mag: math.Abs(p) + math.Abs(q)}
	// 1 − c, the difference and the product.
	moved := math.Abs(1-c) * (math.Abs(a.val) + math.Abs(b.val))
	out.tol = math.Abs(c)*a.tol + math.Abs(1-c)*b.tol +
		stepBound*(math.Abs(p)+(2+operations)*moved+math.Abs(out.val))
	return out
}

// squares is ρ·S + (1−ρ)·g².
func (r *rule) squares(g, s term) term {
	square := term{val: g.val * g.val, tol: 2*math.Abs(g.val)*g.tol + g.tol*g.tol}
	return mixed(r.rho, s, square, 2)
}

// quotient is c·v/(√(d·s) + ε). Near s = 0 the root is steep, so that both ends of what s
// may be are taken through it; subnormal numbers may be 0.
func quotient(v term, c float64, s term, d, epsilon float64) term {
	root := func(s float64) float64 { return math.Sqrt(d * math.Max(0, s)) }
	slack := s.tol + 4*smallestNormal
	// d and the product, under the root; the root; the sum.
	const relative = stepBound + rootBound + stepBound
	low, high := root(s.val-slack)*(1-relative)+epsilon*(1-stepBound), root(s.val+slack)*(1+relative)+epsilon*(1+stepBound)
	numerator, off := c*v.val, c*(v.tol+4*smallestNormal)
	out := term{val: numerator / (root(s.val) + epsilon)}
	out.mag = math.Abs(out.val)
	if !(s.val+slack <= largestSafe) || !(low > 0) {
		// A device's squares may be beyond its range, or its denominator 0.
		out.tol = math.Inf(1)
		return out
	}
	// c, the product and the division.
	size := math.Abs(numerator) + off
	steepest := math.Max(math.Abs(numerator)/low-out.mag, out.mag-math.Abs(numerator)/high)
	out.tol = steepest + off/low + (2*stepBound+divisionBound)*size/low
	return out
}

// move is W − η·step − η·Decay·W.
func (r *rule) move(w, step term) term {
	moved, faded := r.eta*step.val, r.eta*r.decay*w.val
	out := term{val: w.val - moved - faded, mag: math.Abs(w.val) + math.Abs(faded) + math.Abs(r.eta)*step.mag}
	out.tol = math.Abs(1-r.eta*r.decay)*w.tol + math.Abs(r.eta)*step.tol + stepBound*(math.Abs(moved)+math.Abs(out.val))
	if r.decay > 0 {
		// W may be multiplied with 1 − η·Decay, or Decay·W be added to the step.
		out.tol += stepBound * (3*math.Abs(faded) + 2*math.Abs(w.val-faded) + math.Abs(moved))
	}
	return out
}
