package main

import (
	"fmt"
	"slices"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"shadegrad/internal/gen/spec"
)

// A stepper emits the kernel of a rule. Each rule has a second kernel, for a bare Step,
// without L2, L1 and Shrink.
type stepper struct {
	*gen
	bare bool
	p    reg.GPVirtual // address of the Step
	regs map[string]reg.VecVirtual
	sign reg.VecVirtual // the sign bit
}

// field returns a field of the Step in all lanes. AVX2 has too few registers to hold the
// fields, so it loads them each time. This is not slower, because loads are not its bottleneck.
func (s *stepper) field(name string) reg.VecVirtual {
	if v, ok := s.regs[name]; ok {
		return v
	}
	at := slices.Index(spec.StepFields, name)
	if at < 0 {
		panic(fmt.Sprintf("a Step has no %s", name))
	}
	v := s.vec()
	s.VBROADCASTSS(operand.Mem{Base: s.p, Disp: 4 * at}, v)
	return v
}

// hold keeps fields in registers, with AVX-512.
func (s *stepper) hold(names ...string) {
	if !s.wide {
		return
	}
	for _, n := range names {
		s.regs[n] = s.field(n)
	}
}

// gradient replaces g by g′.
func (s *stepper) gradient(w, g reg.VecVirtual) {
	s.VMULPS(s.field("clip"), g, g)
	if s.bare {
		return
	}
	s.VFMADD231PS(s.field("l2"), w, g)
	l1, zero := s.vec(), s.vec()
	s.VANDPS(s.sign, w, l1)
	s.VORPS(s.field("l1"), l1, l1)
	s.zero(zero)
	if s.wide {
		k := s.K()
		s.VCMPPS(operand.Imm(different), zero, w, k)
		s.VADDPS(l1, g, k, g)
		return
	}
	s.VCMPPS(operand.Imm(different), zero, w, zero)
	s.VANDPS(zero, l1, l1)
	s.VADDPS(l1, g, g)
}

// different is predicate NEQ_OQ of VCMPPS, which is false for NaN.
const different = 12

// move subtracts from w the step in a direction.
func (s *stepper) move(w, direction reg.VecVirtual) {
	if !s.bare {
		before := s.vec()
		s.VMOVAPS(w, before)
		s.VFNMADD231PS(s.field("shrink"), before, w)
	}
	s.VFNMADD231PS(s.field("rate"), direction, w)
}

// square updates the running mean of the squared gradients.
func (s *stepper) square(squares, g reg.VecVirtual) {
	fresh := s.vec()
	s.VMULPS(s.field("newRho"), g, fresh)
	s.VMULPS(s.field("rho"), squares, squares)
	s.VFMADD231PS(fresh, g, squares)
}

// steps emits the kernels of a step's rules.
func steps(g *gen) {
	for _, bare := range []bool{false, true} {
		rule(g, bare, "stepSGD", "w, grad", "", func(s *stepper, x []reg.VecVirtual) {
			s.gradient(x[0], x[1])
			s.move(x[0], x[1])
		})
		rule(g, bare, "stepMomentum", "w, v, grad", "mu", func(s *stepper, x []reg.VecVirtual) {
			w, v, d := x[0], x[1], x[2]
			s.gradient(w, d)
			s.VFMADD213PS(d, s.field("mu"), v)
			s.move(w, v)
		})
		rule(g, bare, "stepNesterov", "w, v, grad", "mu", func(s *stepper, x []reg.VecVirtual) {
			w, v, d := x[0], x[1], x[2]
			s.gradient(w, d)
			mu := s.field("mu")
			s.VFMADD213PS(d, mu, v)
			s.VFMADD231PS(v, mu, d)
			s.move(w, d)
		})
		rule(g, bare, "stepRMSProp", "w, squares, grad", "rho, newRho, epsilon", func(s *stepper, x []reg.VecVirtual) {
			w, squares, d := x[0], x[1], x[2]
			s.gradient(w, d)
			s.square(squares, d)
			root := s.vec()
			s.VSQRTPS(squares, root)
			s.VADDPS(s.field("epsilon"), root, root)
			s.VDIVPS(root, d, d)
			s.move(w, d)
		})
		rule(g, bare, "stepAdam", "w, v, squares, grad", "mu, newMu, rho, newRho, grown, epsilon", func(s *stepper, x []reg.VecVirtual) {
			w, v, squares, d := x[0], x[1], x[2], x[3]
			s.gradient(w, d)
			s.square(squares, d)
			s.VMULPS(s.field("mu"), v, v)
			s.VFMADD231PS(s.field("newMu"), d, v)
			root := s.vec()
			s.VMULPS(s.field("grown"), squares, root)
			s.VSQRTPS(root, root)
			s.VADDPS(s.field("epsilon"), root, root)
			s.VDIVPS(root, v, d)
			s.move(w, d)
		})
	}
	e := g.elementwise("average", "dst", "x", "weight")
	e.each(4, func(x []reg.VecVirtual) {
		g.VSUBPS(x[0], x[1], x[1])
		g.VFMADD231PS(x[1], e.scalar["weight"], x[0])
	})
	e = g.elementwise("scale", "dst", "", "factor")
	e.each(4, func(x []reg.VecVirtual) { g.VMULPS(e.scalar["factor"], x[0], x[0]) })
	eachRow(g, "mulRows", "factors", func() {}, func(x, f reg.VecVirtual) { g.VMULPS(f, x, x) })
}

// rule emits one kernel. The last array is the gradient. The kernel updates the others with
// the values that step leaves in their registers.
func rule(g *gen, bare bool, name, arrays, held string, step func(s *stepper, x []reg.VecVirtual)) {
	k := kernel{name: name, asm: "(step, " + arrays + " *float32, n int)", call: "(p *Step, " + arrays + " []float32)",
		args: map[string]string{"step": "&p.Rate"}}
	if bare {
		k.name, k.doc, k.replaces, k.when = name+"Bare", "is "+name+"Go for a bare Step.", name, "p.bare()"
	}
	g.begin(k)
	s := &stepper{gen: g, bare: bare, p: g.param("step"), regs: map[string]reg.VecVirtual{}}
	s.hold("clip", "rate")
	s.hold(names(held)...)
	if !bare {
		s.hold("l2", "l1", "shrink")
		s.sign = g.intReg(-1 << 31)
	}
	base, i, n := g.addresses(names(arrays)), g.GP64(), g.param("n")
	g.update(base, len(base)-1, i, n, 2, func(x []reg.VecVirtual) { step(s, x) })
	g.end()
}
