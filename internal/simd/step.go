package simd

import "math"

// A Step holds the parameters of an update rule. All rules use the regularised gradient
//
//	g′[i] = Clip·g[i] + L2·w[i] + L1·sgn(w[i])        sgn(0) = 0
//
// and, together with their own update of w, all apply decoupled weight decay to the w[i]
// before the step:
//
//	w[i] −= Shrink·w[i]
//
// If L2, L1 and Shrink are all 0, these terms are not computed, so an infinite w[i] does
// not become NaN.
type Step struct {
	Rate   float32
	Clip   float32 // factor of the gradient; 1 without clipping
	L2, L1 float32
	Shrink float32
	Mu     float32
	NewMu  float32 // 1 − Mu, for Adam
	Rho    float32
	NewRho float32 // 1 − Rho
	// Grown is Adam's bias correction of s. That of v is part of Rate.
	Grown   float32
	Epsilon float32
}

// bare reports whether the step has neither regularisation nor weight decay.
func (p *Step) bare() bool { return p.L2 == 0 && p.L1 == 0 && p.Shrink == 0 }

// gradient returns g′.
func (p *Step) gradient(w, g float32) float32 {
	g *= p.Clip
	if p.bare() {
		return g
	}
	g += p.L2 * w
	switch {
	case w > 0:
		g += p.L1
	case w < 0:
		g -= p.L1
	}
	return g
}

// move returns w after a step against direction.
func (p *Step) move(w, direction float32) float32 {
	if !p.bare() {
		w -= p.Shrink * w
	}
	return w - p.Rate*direction
}

// SGD is a step of gradient descent:
//
//	w[i] −= Rate·g′[i]
func (p *Step) SGD(w, g []float32) {
	sameLength("Step.SGD", len(w), len(g))
	stepSGD(p, w, g)
}

func stepSGDGo(p *Step, w, g []float32) {
	for i, x := range w {
		w[i] = p.move(x, p.gradient(x, g[i]))
	}
}

// Momentum is a step with Polyak's momentum:
//
//	v[i] = Mu·v[i] + g′[i]
//	w[i] −= Rate·v[i]
func (p *Step) Momentum(w, v, g []float32) {
	sameLength("Step.Momentum", len(w), len(v), len(g))
	stepMomentum(p, w, v, g)
}

func stepMomentumGo(p *Step, w, v, g []float32) {
	for i, x := range w {
		v[i] = p.Mu*v[i] + p.gradient(x, g[i])
		w[i] = p.move(x, v[i])
	}
}

// Nesterov is a step with Nesterov's momentum (1983), after Sutskever et al. (ICML 2013).
// It has PyTorch's form, in which the velocity does not contain the rate and w are the
// look-ahead weights:
//
//	v[i] = Mu·v[i] + g′[i]
//	w[i] −= Rate·(g′[i] + Mu·v[i])
func (p *Step) Nesterov(w, v, g []float32) {
	sameLength("Step.Nesterov", len(w), len(v), len(g))
	stepNesterov(p, w, v, g)
}

func stepNesterovGo(p *Step, w, v, g []float32) {
	for i, x := range w {
		d := p.gradient(x, g[i])
		v[i] = p.Mu*v[i] + d
		w[i] = p.move(x, p.Mu*v[i]+d)
	}
}

// RMSProp is a step of Tieleman and Hinton's rule (2012):
//
//	s[i] = Rho·s[i] + NewRho·g′[i]²
//	w[i] −= Rate·g′[i]/(√s[i] + Epsilon)
func (p *Step) RMSProp(w, s, g []float32) {
	sameLength("Step.RMSProp", len(w), len(s), len(g))
	stepRMSProp(p, w, s, g)
}

func stepRMSPropGo(p *Step, w, s, g []float32) {
	for i, x := range w {
		d := p.gradient(x, g[i])
		s[i] = p.Rho*s[i] + p.NewRho*d*d
		w[i] = p.move(x, d/(sqrt32(s[i])+p.Epsilon))
	}
}

// Adam is a step of Kingma and Ba's rule (ICLR 2015):
//
//	v[i] = Mu·v[i] + NewMu·g′[i]
//	s[i] = Rho·s[i] + NewRho·g′[i]²
//	w[i] −= Rate·v[i]/(√(Grown·s[i]) + Epsilon)
func (p *Step) Adam(w, v, s, g []float32) {
	sameLength("Step.Adam", len(w), len(v), len(s), len(g))
	stepAdam(p, w, v, s, g)
}

func stepAdamGo(p *Step, w, v, s, g []float32) {
	for i, x := range w {
		d := p.gradient(x, g[i])
		v[i] = p.Mu*v[i] + p.NewMu*d
		s[i] = p.Rho*s[i] + p.NewRho*d*d
		w[i] = p.move(x, v[i]/(sqrt32(p.Grown*s[i])+p.Epsilon))
	}
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Average moves dst towards x:
//
//	dst[i] = dst[i] + weight·(x[i] − dst[i])
func Average(dst, x []float32, weight float32) {
	sameLength("Average", len(dst), len(x))
	average(dst, x, weight)
}

func averageGo(dst, x []float32, weight float32) {
	for i, v := range x {
		dst[i] += weight * (v - dst[i])
	}
}

// Scale multiplies dst by a factor:
//
//	dst[i] = dst[i]·factor
func Scale(dst []float32, factor float32) { scale(dst, factor) }

func scaleGo(dst []float32, factor float32) {
	for i := range dst {
		dst[i] *= factor
	}
}

// MulRows multiplies each row of dst, which is rows×len(factors), row-major, by factors:
//
//	dst[i,j] = dst[i,j]·factors[j]
func MulRows(dst, factors []float32) {
	wholeRows("MulRows", len(dst), len(factors))
	mulRows(dst, factors)
}

func mulRowsGo(dst, factors []float32) {
	for ; len(dst) > 0; dst = dst[len(factors):] {
		for j, f := range factors {
			dst[j] *= f
		}
	}
}
