package reference

import (
	"math"

	"shadegrad/compute"
)

func init() {
	register(update)
	register(average)
}

func update(o compute.Update, args compute.Args, m Memory) {
	r := NewRule(o, args, m.Load(o.Norms))
	w, v, s, g := m.Load(o.W), m.Load(o.V), m.Load(o.S), m.Load(o.G)
	newW, newV, newS := NewMatrix(w.Rows, w.Cols), NewMatrix(w.Rows, w.Cols), NewMatrix(w.Rows, w.Cols)
	for e := range w.Val {
		t := r.Step(w.Val[e], At(v, e), At(s, e), g.Val[e])
		newW.Val[e], newV.Val[e], newS.Val[e] = t.W, t.Velocity, t.Squares
	}
	m.Store(o.W, newW)
	if v != nil {
		m.Store(o.V, newV)
	}
	if s != nil {
		m.Store(o.S, newS)
	}
}

// At returns element e of m, or 0 if m is nil.
func At(m *Matrix, e int) float64 {
	if m == nil {
		return 0
	}
	return m.Val[e]
}

// A Rule is op Update in one run: the numbers of its equations.
type Rule struct {
	Op            compute.Update
	Eta, Mu, Rho  float64
	L2, L1, Decay float64
	Epsilon       float64
	C             float64 // bounds the gradient's norm; 1 without Clip
	First, Second float64 // Adam's corrections 1/(1−μᵗ) and 1/(1−ρᵗ), else 1
}

// NewRule returns the rule of a run. norms may be nil if the op has no Clip.
func NewRule(o compute.Update, args compute.Args, norms *Matrix) *Rule {
	r := &Rule{Op: o, Eta: float64(args.LearningRate), Mu: float64(args.Momentum), Rho: float64(o.Rho), L2: float64(o.L2),
		L1: float64(o.L1), Decay: float64(o.Decay), Epsilon: float64(o.Epsilon), C: 1, First: 1, Second: 1}
	if o.Clip > 0 {
		sum := 0.
		for _, n := range norms.Val {
			sum += n
		}
		if r.C = ClipFactor(o, sum); sum > math.MaxFloat32 {
			r.C = math.NaN()
		}
	}
	if o.Rule == compute.Adam {
		t := float64(args.Step) + 1
		r.First, r.Second = -1/math.Expm1(t*math.Log(r.Mu)), -1/math.Expm1(t*math.Log(r.Rho))
	}
	return r
}

// ClipFactor returns min(1, Clip/√sum).
func ClipFactor(o compute.Update, sum float64) float64 {
	return math.Min(1, float64(o.Clip)/math.Sqrt(math.Max(0, sum)))
}

// Terms are the values of a rule's equations for one element.
type Terms struct {
	Gradient          float64 // g
	Velocity, Squares float64 // the new V and S
	Step              float64 // what η multiplies
	W                 float64 // the new W
}

// Step computes an update of one element.
func (r *Rule) Step(w, v, s, g float64) (t Terms) {
	t.Gradient = g
	if r.Op.Clip > 0 {
		t.Gradient *= r.C
	}
	if r.L2 > 0 {
		t.Gradient += r.L2 * w
	}
	if r.L1 > 0 {
		t.Gradient += r.L1 * Sign(w)
	}
	switch {
	case r.Op.Rule == compute.RMSProp:
		t.Squares = r.Rho*s + (1-r.Rho)*(t.Gradient*t.Gradient)
		t.Step = t.Gradient / (r.Root(t.Squares) + r.Epsilon)
	case r.Op.Rule == compute.Adam:
		t.Velocity = r.Mu*v + (1-r.Mu)*t.Gradient
		t.Squares = r.Rho*s + (1-r.Rho)*(t.Gradient*t.Gradient)
		t.Step = r.First * t.Velocity / (r.Root(t.Squares) + r.Epsilon)
	case r.Op.V.IsZero():
		t.Step = t.Gradient
	default:
		t.Velocity = r.Mu*v + t.Gradient
		t.Step = t.Velocity
		if r.Op.Rule == compute.Nesterov {
			t.Step = r.Mu*t.Velocity + t.Gradient
		}
	}
	t.W = w - r.Eta*t.Step - r.Eta*r.Decay*w
	return t
}

// Root returns √S, with Adam's correction.
func (r *Rule) Root(s float64) float64 { return math.Sqrt(r.Second * math.Max(0, s)) }

// Sign returns −1, 0 or 1.
func Sign(w float64) float64 {
	if w == 0 {
		return 0
	}
	return math.Copysign(1, w)
}

func average(o compute.Average, args compute.Args, m Memory) {
	before, src, beta := m.Load(o.Dst), m.Load(o.Src), Beta(o, args)
	dst := NewMatrix(before.Rows, before.Cols)
	for e := range dst.Val {
		dst.Val[e] = beta*before.Val[e] + (1-beta)*src.Val[e]
	}
	m.Store(o.Dst, dst)
}

// Beta returns β of op Average.
func Beta(o compute.Average, args compute.Args) float64 {
	t := float64(args.Step)
	return math.Min(float64(o.Decay), (1+t)/(10+t))
}
