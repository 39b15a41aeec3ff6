package neon

import (
	"math"

	"shadegrad/internal/gen/spec"
)

// A exponential emits the parts of e^x. Its fields are constants, each in all lanes.
type exponential struct {
	*Code
	log2E, ln2Hi, ln2Lo, c6, c5, c4, c3, c2, one, max, min, bias v
}

func newExponential(x *Code) *exponential {
	return &exponential{Code: x, log2E: x.float(spec.Log2E), ln2Hi: x.float(spec.Ln2Hi), ln2Lo: x.float(spec.Ln2Lo),
		c6: x.float(spec.C6), c5: x.float(spec.C5), c4: x.float(spec.C4), c3: x.float(spec.C3), c2: x.float(spec.C2),
		one: x.float(1), max: x.float(spec.ExpMax), min: x.float(spec.ExpMin), bias: x.bits(127)}
}

// reduceArg is function reduce of package simd. It returns n as integers, and leaves e^r − 1 in a.
func (e *exponential) reduceArg(a v) (n v) {
	n = e.temp()
	e.fmul(n, a, e.log2E)
	e.frintn(n, n)
	e.fmls(a, n, e.ln2Hi)
	e.fmls(a, n, e.ln2Lo)
	e.fcvtns(n, n)
	q := e.c6
	for _, c := range []v{e.c5, e.c4, e.c3, e.c2} {
		next := e.temp()
		e.move(next, c)
		e.fmla(next, q, a)
		q = next
	}
	square := e.temp()
	e.fmul(square, a, a)
	e.fmla(a, q, square)
	return n
}

// power2 replaces integers −126 ≤ n ≤ 127 by 2ⁿ.
func (e *exponential) power2(n v) {
	e.op("VADD", e.bias.s4(), n.s4(), n.s4())
	e.op("VSHL", imm(23), n.s4(), n.s4())
}

// exp replaces a by e^a. fmin, fmax and the arithmetic propagate NaN.
func (e *exponential) exp(a v) {
	e.fmin(a, a, e.max)
	e.fmax(a, a, e.min)
	n, half := e.reduceArg(a), e.temp()
	e.fadd(a, a, e.one)
	e.halve(half, n)
	e.op("VSUB", half.s4(), n.s4(), n.s4())
	e.power2(half)
	e.power2(n)
	e.fmul(a, a, half)
	e.fmul(a, a, n)
}

// tanh replaces a by tanh a.
func (e *exponential) tanh(a, sign, limit v) {
	p, s := e.temp(), e.temp()
	e.fabs(p, a)
	e.fmin(p, p, limit)
	e.fadd(p, p, p)
	n := e.reduceArg(p)
	e.power2(n)
	// E = 2ⁿ·p + (2ⁿ − 1).
	e.fsub(s, n, e.one)
	e.fmla(s, n, p)
	e.fadd(p, s, e.one)
	e.fadd(p, p, e.one)
	e.fdiv(p, s, p)
	e.unless(a, p, sign)
}

func Exponentials(x *Code) {
	l, n, _ := x.elementwise("exp", 1, false, 2)
	e := newExponential(x)
	l.each(n, func(a []v) { e.exp(a[0]) })
	x.ret()

	l, n, _ = x.elementwise("sigmoid", 1, false, 2)
	e = newExponential(x)
	l.each(n, func(a []v) {
		x.fneg(a[0], a[0])
		e.exp(a[0])
		x.fadd(a[0], a[0], e.one)
		x.fdiv(a[0], e.one, a[0])
	})
	x.ret()

	for _, name := range []string{"tanh", "scaledTanh"} {
		l, n, scalar := x.elementwise(name, 1, false, 2)
		e := newExponential(x)
		sign, limit := x.bits(1<<31), x.float(spec.TanhMax)
		scaled := name == "scaledTanh"
		l.each(n, func(a []v) {
			if scaled {
				x.fmul(a[0], a[0], scalar["b"])
			}
			e.tanh(a[0], sign, limit)
			if scaled {
				x.fmul(a[0], a[0], scalar["a"])
			}
		})
		x.ret()
	}
	softmax(x)
}

// softmax emits the kernel of Softmax, which reads each row three times.
func softmax(x *Code) {
	x.begin("softmax")
	z, rows, cols := x.param("z"), x.param("rows"), x.param("cols")
	e := newExponential(x)
	lowest := x.float(math.Inf(-1))
	p, n := x.reg(), x.reg()
	largest, sum := x.temp(), x.temp()
	// sweep emits a loop over the row. single is whether only the first lane counts.
	sweep := func(write bool, body func(a v, single bool)) {
		four, rest, done := x.label("four"), x.label("rest"), x.label("done")
		first := x.temps
		round := func(columns int) {
			a := x.temp()
			x.load(p, []v{a}, columns, !write)
			body(a, columns == 1)
			if write {
				x.store(p, []v{a}, columns, true)
			}
			x.temps = first
		}
		x.op("MOVD", z, p)
		x.op("SUBS", imm(4), cols, n)
		x.op("BLT", rest)
		x.place(four)
		round(4)
		x.op("SUBS", imm(4), n)
		x.op("BGE", four)
		x.place(rest)
		x.op("ADDS", imm(4), n)
		x.op("BEQ", done)
		last := x.label("last")
		x.place(last)
		round(1)
		x.op("SUBS", imm(1), n)
		x.op("BNE", last)
		x.place(done)
	}
	// only replaces the other lanes than the first by those of fill.
	only := func(a, fill v) {
		x.op("VMOV", a.String()+".S[0]", fill.String()+".S[0]")
	}
	row := x.label("row")
	x.place(row)
	x.move(largest, lowest)
	sweep(false, func(a v, single bool) {
		if single {
			x.op("VDUP", a.String()+".S[0]", a.s4())
		}
		x.fmax(largest, largest, a)
	})
	x.fmaxp(largest, largest, largest)
	x.fmaxp(largest, largest, largest)
	x.zero(sum)
	sweep(true, func(a v, single bool) {
		x.fsub(a, a, largest)
		e.exp(a)
		if !single {
			x.fadd(sum, sum, a)
			return
		}
		term := x.temp()
		x.zero(term)
		only(a, term)
		x.fadd(sum, sum, term)
	})
	x.faddp(sum, sum, sum)
	x.faddp(sum, sum, sum)
	sweep(true, func(a v, _ bool) { x.fdiv(a, a, sum) })
	x.op("MOVD", p, z)
	x.op("SUBS", imm(1), rows)
	x.op("BNE", row)
	x.ret()
}
