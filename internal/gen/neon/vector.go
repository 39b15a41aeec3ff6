package neon

import (
	"slices"

	"shadegrad/internal/gen/spec"
)

// loop is an elementwise loop: over four vectors at a time, over one, and over single elements.
type loop struct {
	*Code
	base   []r
	write  int  // number of arrays that the kernel updates, the first ones
	fresh  bool // whether it writes them without reading
	unroll int
}

// each emits the loop over n elements. body gets a vector of each array and leaves the results in the first.
// A single element is in the first lane of a vector. The loop clobbers n and the addresses.
func (l loop) each(n r, body func(a []v)) {
	wide := 4 * l.unroll
	one, single, done := l.label("one"), l.label("single"), l.label("done")
	first := l.temps
	round := func(columns int) {
		l.temps = first
		arrays := make([][]v, len(l.base))
		for j, b := range l.base {
			for range registers(columns) {
				arrays[j] = append(arrays[j], l.temp())
			}
			if l.fresh && j < l.write {
				continue
			}
			l.load(b, arrays[j], columns, j >= l.write)
		}
		free := l.temps
		for u := range registers(columns) {
			l.temps = free
			var a []v
			for j := range arrays {
				a = append(a, arrays[j][u])
			}
			body(a)
		}
		for j := range l.write {
			l.store(l.base[j], arrays[j], columns, true)
		}
		l.temps = first
	}
	if wide > 4 {
		many := l.label("many")
		l.op("SUBS", imm(wide), n)
		l.op("BLT", one)
		l.place(many)
		round(wide)
		l.op("SUBS", imm(wide), n)
		l.op("BGE", many)
		l.place(one)
		l.op("ADD", imm(wide), n)
	}
	four := l.label("four")
	l.op("SUBS", imm(4), n)
	l.op("BLT", single)
	l.place(four)
	round(4)
	l.op("SUBS", imm(4), n)
	l.op("BGE", four)
	l.place(single)
	l.op("ADDS", imm(4), n)
	l.op("BEQ", done)
	last := l.label("last")
	l.place(last)
	round(1)
	l.op("SUBS", imm(1), n)
	l.op("BNE", last)
	l.place(done)
}

// elementwise begins an elementwise kernel. It returns the loop, the number of elements, and the float32
// parameters by name.
func (x *Code) elementwise(name string, write int, fresh bool, unroll int) (l loop, n r, scalar map[string]v) {
	x.begin(name)
	l = loop{Code: x, write: write, fresh: fresh, unroll: unroll}
	scalar = map[string]v{}
	for _, p := range spec.Parse(x.kernel.Asm).Params {
		switch p.Kind {
		case "*float32":
			l.base = append(l.base, x.param(p.Name))
		case "float32":
			scalar[p.Name] = x.scalar(p.Name)
		}
	}
	return l, x.param("n"), scalar
}

func Vectors(x *Code) {
	emit := func(name string, write int, fresh bool, constants func(), body func(a []v, scalar map[string]v)) {
		l, n, scalar := x.elementwise(name, write, fresh, 4)
		constants()
		l.each(n, func(a []v) { body(a, scalar) })
		x.ret()
	}
	none := func() {}
	var zero, one v
	zeros := func() { zero = x.constantReg(); x.zero(zero) }
	ones := func() { one = x.float(1) }

	emit("add", 1, false, none, func(a []v, _ map[string]v) { x.fadd(a[0], a[0], a[1]) })
	emit("relu", 1, false, zeros, func(a []v, _ map[string]v) { x.rectify(a[0], zero) })
	emit("deltaReLU", 1, true, none, func(a []v, _ map[string]v) {
		x.positive(a[2], a[2])
		x.and(a[0], a[1], a[2])
	})
	emit("deltaSigmoid", 1, true, ones, func(a []v, _ map[string]v) {
		x.fsub(a[0], one, a[2])
		x.fmul(a[0], a[0], a[2])
		x.fmul(a[0], a[0], a[1])
	})
	// slope·(a − y)·(a + y)·back; of deltaTanh, a and the slope are 1.
	delta := func(a []v, limit v, slope func()) {
		x.fsub(a[0], limit, a[2])
		x.fadd(a[2], limit, a[2])
		x.fmul(a[0], a[0], a[2])
		slope()
		x.fmul(a[0], a[0], a[1])
	}
	emit("deltaTanh", 1, true, ones, func(a []v, _ map[string]v) { delta(a, one, none) })
	emit("deltaScaledTanh", 1, true, none, func(a []v, scalar map[string]v) {
		delta(a, scalar["a"], func() { x.fmul(a[0], a[0], scalar["slope"]) })
	})
	emit("leakyReLU", 1, false, none, func(a []v, scalar map[string]v) {
		leaked, mask := x.temp(), x.temp()
		x.fmul(leaked, a[0], scalar["leak"])
		x.positive(mask, a[0])
		x.unless(a[0], leaked, mask)
	})
	emit("deltaLeakyReLU", 1, true, none, func(a []v, scalar map[string]v) {
		x.positive(a[2], a[2])
		x.fmul(a[0], a[1], scalar["leak"])
		x.where(a[0], a[1], a[2])
	})
	emit("sgd", 1, false, none, func(a []v, scalar map[string]v) { x.fmls(a[0], a[1], scalar["rate"]) })
	emit("momentum", 2, false, none, func(a []v, scalar map[string]v) {
		w, velocity, d := a[0], a[1], a[2]
		x.fmla(d, velocity, scalar["mu"])
		x.move(velocity, d)
		x.fmls(w, d, scalar["rate"])
	})
	x.eachRow("addBias", "bias", none, func(a, b v) { x.fadd(a, a, b) })
	x.eachRow("biasReLU", "bias", zeros, func(a, b v) {
		x.fadd(a, a, b)
		x.rectify(a, zero)
	})
}

// rectify replaces negative numbers by zero. NaN and −0 stay.
func (x *Code) rectify(a, zero v) {
	mask := x.temp()
	x.negative(mask, a)
	x.where(a, zero, mask)
}

// eachRow emits a kernel that updates each row of a matrix with a vector of the same length.
func (x *Code) eachRow(name, other string, prepare func(), body func(a, b v)) {
	x.begin(name)
	dst, same, rows, cols := x.param("dst"), x.param(other), x.param("rows"), x.param("cols")
	prepare()
	row, n := x.label("row"), x.reg()
	b := x.reg()
	x.place(row)
	x.op("MOVD", same, b)
	x.op("MOVD", cols, n)
	l := loop{Code: x, base: []r{dst, b}, write: 1, unroll: 4}
	l.each(n, func(a []v) { body(a[0], a[1]) })
	x.op("SUBS", imm(1), rows)
	x.op("BNE", row)
	x.ret()
}

// A stepper emits the kernels of an update rule, like stepper.
type stepper struct {
	*Code
	bare  bool
	field map[string]v
	sign  v
}

func (s *stepper) gradient(w, g v) {
	s.fmul(g, g, s.field["clip"])
	if s.bare {
		return
	}
	s.fmla(g, w, s.field["l2"])
	l1, mask := s.temp(), s.temp()
	s.and(l1, w, s.sign)
	s.op("VORR", s.field["l1"].b16(), l1.b16(), l1.b16())
	// The mask is set for all numbers but 0 and NaN.
	negative := s.temp()
	s.positive(mask, w)
	s.negative(negative, w)
	s.op("VORR", negative.b16(), mask.b16(), mask.b16())
	s.and(l1, l1, mask)
	s.fadd(g, g, l1)
}

func (s *stepper) step(w, direction v) {
	if !s.bare {
		before := s.temp()
		s.move(before, w)
		s.fmls(w, before, s.field["shrink"])
	}
	s.fmls(w, direction, s.field["rate"])
}

// square updates the running mean of the squared gradients.
func (s *stepper) square(squares, g v) {
	fresh := s.temp()
	s.fmul(fresh, g, s.field["newRho"])
	s.fmul(squares, squares, s.field["rho"])
	s.fmla(squares, fresh, g)
}

// divide sets d to n/(√root + epsilon). It clobbers root.
func (s *stepper) divide(d, n, root v) {
	s.fsqrt(root, root)
	s.fadd(root, root, s.field["epsilon"])
	s.fdiv(d, n, root)
}

func Steps(x *Code) {
	for _, bare := range []bool{false, true} {
		x.rule(bare, "stepSGD", func(s *stepper, a []v) {
			s.gradient(a[0], a[1])
			s.step(a[0], a[1])
		})
		x.rule(bare, "stepMomentum", func(s *stepper, a []v) {
			w, velocity, d := a[0], a[1], a[2]
			s.gradient(w, d)
			s.fmla(d, velocity, s.field["mu"])
			s.move(velocity, d)
			s.step(w, d)
		})
		x.rule(bare, "stepNesterov", func(s *stepper, a []v) {
			w, velocity, d := a[0], a[1], a[2]
			s.gradient(w, d)
			fresh := s.temp()
			s.move(fresh, d)
			s.fmla(fresh, velocity, s.field["mu"])
			s.move(velocity, fresh)
			s.fmla(d, fresh, s.field["mu"])
			s.step(w, d)
		})
		x.rule(bare, "stepRMSProp", func(s *stepper, a []v) {
			w, squares, d := a[0], a[1], a[2]
			s.gradient(w, d)
			s.square(squares, d)
			root := s.temp()
			s.move(root, squares)
			s.divide(d, d, root)
			s.step(w, d)
		})
		x.rule(bare, "stepAdam", func(s *stepper, a []v) {
			w, velocity, squares, d := a[0], a[1], a[2], a[3]
			s.gradient(w, d)
			s.square(squares, d)
			s.fmul(velocity, velocity, s.field["mu"])
			s.fmla(velocity, d, s.field["newMu"])
			root := s.temp()
			s.fmul(root, squares, s.field["grown"])
			s.divide(d, velocity, root)
			s.step(w, d)
		})
	}
	l, n, scalar := x.elementwise("average", 1, false, 4)
	l.each(n, func(a []v) {
		x.fsub(a[1], a[1], a[0])
		x.fmla(a[0], a[1], scalar["weight"])
	})
	x.ret()
	l, n, scalar = x.elementwise("scale", 1, false, 4)
	l.each(n, func(a []v) { x.fmul(a[0], a[0], scalar["factor"]) })
	x.ret()
	x.eachRow("mulRows", "factors", func() {}, func(a, f v) { x.fmul(a, a, f) })
}

// rule emits one kernel of an update rule. The last array is the gradient.
func (x *Code) rule(bare bool, name string, step func(s *stepper, a []v)) {
	if bare {
		name += "Bare"
	}
	l, n, _ := x.elementwise(name, 0, false, 2)
	p := l.base[0]
	l.base, l.write = l.base[1:], len(l.base)-2
	s := &stepper{Code: x, bare: bare, field: map[string]v{}}
	for i, f := range spec.StepFields {
		if bare && slices.Contains([]string{"l2", "l1", "shrink"}, f) {
			continue
		}
		c := x.constantReg()
		x.op("FMOVS", near(p, 4*i), c.low())
		x.op("VDUP", c.String()+".S[0]", c.s4())
		s.field[f] = c
	}
	if !bare {
		s.sign = x.bits(1 << 31)
	}
	l.each(n, func(a []v) { step(s, a) })
	x.ret()
}
