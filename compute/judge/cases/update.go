package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

func (l *caseList) updates() {
	for _, velocity := range both {
		kernel := "update"
		if velocity {
			kernel = "update_momentum"
		}
		for _, s := range l.some(0, 2) {
			l.update(kernel, s, velocity, "", compute.Args{LearningRate: 0.05, Momentum: 0.9})
		}
		if l.quick {
			continue
		}
		s := shape{10, 129}
		l.update(kernel, shape{128, 784}, velocity, "", compute.Args{LearningRate: 0.1, Momentum: 0.5})
		l.update(kernel, s, velocity, "rate=0", compute.Args{Momentum: 0.9})
		l.update(kernel, s, velocity, "momentum=0", compute.Args{LearningRate: 0.3})
		l.update(kernel, s, velocity, "rate=3,momentum=1", compute.Args{LearningRate: 3, Momentum: 1})
		l.update(kernel, s, velocity, "rate=1e-6", compute.Args{LearningRate: 1e-6, Momentum: 0.99})
	}
}

func (l *caseList) update(kernel string, s shape, velocity bool, note string, args compute.Args) {
	l.add("update", kernel, []string{s.String(), note}, func(p *judge.Problem) {
		op := compute.Update{
			W: p.State("W", s.m, s.n, p.Random(0.5)),
			G: p.Input("G", s.m, s.n, p.Random(1)),
		}
		if velocity {
			op.V = p.State("V", s.m, s.n, p.Random(2))
		}
		p.Add(op)
		p.AddRun(args)
	})
}

// A ruleCase is op Update with its options.
type ruleCase struct {
	rule     compute.Rule
	velocity bool // of rule SGD
	shape
	l2, l1, decay float32
	clip          float32
	norms         int // number of norms if clip is above 0
	epsilon       float32
	args          compute.Args
	note          string
	// state returns the value functions of V and S; nil for ordinary numbers.
	state func(p *judge.Problem) (v, s func(int) float32)
}

func (c ruleCase) kernel() string {
	switch {
	case c.rule != compute.SGD:
		return "update_" + c.rule.String()
	case c.velocity:
		return "update_momentum"
	}
	return "update"
}

// terms returns a case with optional terms: one for each bit.
func (c ruleCase) terms(bits int) ruleCase {
	if bits&1 > 0 {
		c.l2 = 0.05
	}
	if bits&2 > 0 {
		c.l1 = 0.02
	}
	if bits&4 > 0 {
		c.decay = 0.1
	}
	if bits&8 > 0 {
		c.clip, c.norms = 2, 1+bits%4
	}
	return c
}

// steps are values of Args.Step that reveal off-by-one errors, underflowing powers and overflow: the first, the second, one at
// which Adam's corrections are nearly 1, and the last.
var steps = []uint32{0, 1, 1000, math.MaxUint32}

// rules adds op Update with every rule and every combination of terms.
func (l *caseList) rules() {
	forms := []ruleCase{{}, {velocity: true}, {rule: compute.Nesterov}, {rule: compute.RMSProp}, {rule: compute.Adam}}
	for turn, c := range forms {
		c.epsilon, c.args = 1e-7, compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: 3}
		if l.quick {
			c.shape = oddShape
			l.rule(c)
			l.rule(c.terms(15))
			first := c
			first.args.Step, first.state = 0, start
			l.rule(first)
			l.nearZero(c)
			loose := c
			loose.clip, loose.norms = 1e6, 3
			l.rule(loose)
			continue
		}
		for i, s := range l.some(turn, 2) {
			c.shape, c.args.Step = s, steps[(i+turn)%len(steps)]
			c.args.LearningRate = []float32{0.05, 0.5, 1e-3}[i%3]
			l.rule(c.terms((5*i + turn) % 16))
		}
		c.shape, c.args = shape{13, 29}, compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: 3}
		for bits := range 16 {
			l.rule(c.terms(bits))
		}
		l.specialRules(c)
		c.shape = shape{128, 784}
		l.rule(c)
		l.rule(c.terms(11))
	}
}

// specialRules adds edge cases of op Update.
func (l *caseList) specialRules(c ruleCase) {
	for _, step := range steps {
		first := c
		first.args.Step, first.state = step, start
		l.rule(first)
	}
	for _, args := range []compute.Args{{Momentum: 0.9}, {LearningRate: 0.3}, {LearningRate: 1e-6, Momentum: 0.99, Step: 7}} {
		other := c
		other.args = args
		l.rule(other.terms(5))
	}
	l.nearZero(c)
	for _, norms := range []int{1, 7, 300} {
		clipped := c
		clipped.clip, clipped.norms = 0.5, norms
		l.rule(clipped)
		clipped.clip = 1e6
		l.rule(clipped)
	}
	still := c
	still.clip, still.norms, still.note = 0.25, 3, "norms=0"
	l.rule(still)
}

// nearZero adds cases in which ε matters compared with the roots of the squares.
func (l *caseList) nearZero(c ruleCase) {
	if c.rule != compute.RMSProp && c.rule != compute.Adam {
		return
	}
	c.state, c.note = nearZero, "near zero"
	for _, c.epsilon = range []float32{1e-8, 0.1} {
		l.rule(c)
	}
}

// start returns the state at the start of a run: zeros.
func start(*judge.Problem) (v, s func(int) float32) {
	zero := func(int) float32 { return 0 }
	return zero, zero
}

// nearZero returns squares of which some are 0 and others so small that ε matters compared with
// their roots.
func nearZero(p *judge.Problem) (v, s func(int) float32) {
	return p.Random(0.3), func(e int) float32 {
		return []float32{0, 1e-16, 1e-14, 1e-8, 1e-20}[e%5] * float32(math.Abs(float64(p.Normal(1))))
	}
}

func (l *caseList) rule(c ruleCase) {
	params := []string{c.shape.String(), flag(c.l2 > 0, "l2"), flag(c.l1 > 0, "l1"), flag(c.decay > 0, "decay"),
		flag(c.clip > 0, fmt.Sprintf("clip=%g,norms=%d", c.clip, c.norms)), fmt.Sprintf("step=%d,rate=%g", c.args.Step, c.args.LearningRate),
		flag(c.args.Momentum != 0.9, fmt.Sprintf("momentum=%g", c.args.Momentum)), flag(c.epsilon != 1e-7, fmt.Sprintf("epsilon=%g", c.epsilon)), c.note}
	if c.state != nil && c.note == "" {
		params = append(params, "start")
	}
	l.add("update", c.kernel(), params, func(p *judge.Problem) { p.Add(c.op(p)); p.AddRun(c.args) })
}

// op adds the matrices of the case to a problem and returns its op.
func (c ruleCase) op(p *judge.Problem) compute.Op {
	op := compute.Update{Rule: c.rule, L2: c.l2, L1: c.l1, Decay: c.decay, Clip: c.clip}
	// The sign of a weight of 0 is 0: a pruned weight must stay 0.
	op.W = p.State("W", c.m, c.n, func(e int) float32 {
		if e%7 == 5 {
			return 0
		}
		return p.Normal(0.5)
	})
	gradient := p.Random(1)
	if c.note == "near zero" {
		gradient = func(e int) float32 { return []float32{0, 1e-9, 1e-8, 1e-3, 1e-4}[e%5] * p.Normal(1) }
	}
	op.G = p.Input("G", c.m, c.n, gradient)
	v, s := p.Random(2), func(int) float32 { return float32(math.Abs(float64(p.Normal(1)))) }
	if c.state != nil {
		v, s = c.state(p)
	}
	if c.velocity || c.rule == compute.Nesterov || c.rule == compute.Adam {
		op.V = p.State("V", c.m, c.n, v)
	}
	if c.rule == compute.RMSProp || c.rule == compute.Adam {
		op.S, op.Rho, op.Epsilon = p.State("S", c.m, c.n, s), 0.99, c.epsilon
	}
	if c.clip > 0 {
		op.Norms = p.Input("Norms", 1, c.norms, func(int) float32 {
			if c.note == "norms=0" {
				return 0
			}
			return 3 + float32(math.Abs(float64(p.Normal(5))))
		})
	}
	return op
}
