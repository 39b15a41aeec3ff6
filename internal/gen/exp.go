package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"shadegrad/internal/gen/spec"
)

// nearest is the immediate of VROUNDPS and VRNDSCALEPS for rounding to an integer, ties to
// even, without an exception.
const nearest = 8

// An exponential emits the parts of e^x. Its fields are constants.
type exponential struct {
	*gen
	log2E, ln2Hi, ln2Lo, c5, c4, c3, c2, one operand.Op
	c6                                       operand.Op
	max, min                                 reg.VecVirtual
	bias                                     reg.VecVirtual // of an exponent, as an int32
}

// newExponential loads the constants. With limits it also loads max and min.
func newExponential(g *gen, limits bool) *exponential {
	e := &exponential{gen: g, log2E: g.float(spec.Log2E), ln2Hi: g.float(spec.Ln2Hi), ln2Lo: g.float(spec.Ln2Lo),
		c2: g.float(spec.C2), c3: g.float(spec.C3), c4: g.float(spec.C4), c5: g.float(spec.C5), c6: g.float(spec.C6), one: g.float(1)}
	if limits {
		e.max, e.min = g.floatReg(spec.ExpMax), g.floatReg(spec.ExpMin)
	}
	if !g.wide {
		e.bias = g.intReg(127)
	}
	return e
}

// reduceArg is function reduce of package simd. It returns n, as floats, and e^r − 1. It
// clobbers x.
func (e *exponential) reduceArg(x reg.VecVirtual) (n, p reg.VecVirtual) {
	n, q, square := e.vec(), e.vec(), e.vec()
	e.VMULPS(e.log2E, x, n)
	if e.wide {
		e.VRNDSCALEPS(operand.Imm(nearest), n, n)
	} else {
		e.VROUNDPS(operand.Imm(nearest), n, n)
	}
	e.VFNMADD231PS(e.ln2Hi, n, x)
	e.VFNMADD231PS(e.ln2Lo, n, x)
	e.VMOVAPS(e.c6, q)
	for _, c := range []operand.Op{e.c5, e.c4, e.c3, e.c2} {
		e.VFMADD213PS(c, x, q)
	}
	e.VMULPS(x, x, square)
	e.VFMADD213PS(x, square, q)
	return n, q
}

// power2 returns 2ⁿ for integers −126 ≤ n ≤ 127. It clobbers n.
func (e *exponential) power2(n reg.VecVirtual) reg.VecVirtual {
	e.VPADDD(e.bias, n, n)
	e.VPSLLD(operand.Imm(23), n, n)
	return n
}

// exp replaces x by e^x.
func (e *exponential) exp(x reg.VecVirtual) {
	// With this order of operands the instructions propagate NaN.
	e.VMINPS(x, e.max, x)
	e.VMAXPS(x, e.min, x)
	n, p := e.reduceArg(x)
	e.VADDPS(e.one, p, p)
	if e.wide {
		e.VSCALEFPS(n, p, x)
		return
	}
	half := e.vec()
	e.VCVTPS2DQ(n, n)
	e.VPSRAD(operand.Imm(1), n, half)
	e.VPSUBD(half, n, n)
	e.VMULPS(e.power2(half), p, p)
	e.VMULPS(e.power2(n), p, x)
}

func exponentials(g *gen) {
	const unroll = 2
	k := g.elementwise("exp", "dst", "", "")
	e := newExponential(g, true)
	k.each(unroll, func(x []reg.VecVirtual) { e.exp(x[0]) })

	k = g.elementwise("sigmoid", "dst", "", "")
	e = newExponential(g, true)
	sign, one := g.floatReg(math.Copysign(0, -1)), g.floatReg(1)
	k.each(unroll, func(x []reg.VecVirtual) {
		g.VXORPS(sign, x[0], x[0])
		e.exp(x[0])
		g.VADDPS(one, x[0], x[0])
		g.VDIVPS(x[0], one, x[0])
	})

	for _, scaled := range []bool{false, true} {
		name, scalars := "tanh", ""
		if scaled {
			name, scalars = "scaledTanh", "a, b"
		}
		k := g.elementwise(name, "dst", "", scalars)
		e := newExponential(g, false)
		sign, one, limit := g.floatReg(math.Copysign(0, -1)), g.floatReg(1), g.floatReg(spec.TanhMax)
		k.each(unroll, func(x []reg.VecVirtual) {
			if scaled {
				g.VMULPS(k.scalar["b"], x[0], x[0])
			}
			e.tanh(x[0], sign, one, limit)
			if scaled {
				g.VMULPS(k.scalar["a"], x[0], x[0])
			}
		})
	}
	softmax(g)
}

// tanh replaces x by tanh x.
func (e *exponential) tanh(x, sign, one, limit reg.VecVirtual) {
	a := e.vec()
	e.VANDNPS(x, sign, a)
	e.VMINPS(a, limit, a)
	e.VADDPS(a, a, a)
	n, p := e.reduceArg(a)
	s := e.vec()
	if e.wide {
		e.VSCALEFPS(n, one, s)
	} else {
		e.VCVTPS2DQ(n, n)
		s = e.power2(n)
	}
	// E = s·p + (s − 1) in p, and E + 2 in s.
	e.VSUBPS(one, s, a)
	e.VFMADD213PS(a, s, p)
	e.VADDPS(one, p, s)
	e.VADDPS(one, s, s)
	e.VDIVPS(s, p, p)
	e.VANDPS(sign, x, x)
	e.VORPS(p, x, x)
}

// softmax emits the kernel of Softmax. A row that fits in one vector stays in registers,
// such as ten classes in a vector of AVX-512. A longer row is read three times.
func softmax(g *gen) {
	g.begin(kernel{name: "softmax", asm: "(z *float32, rows, cols int)", call: "(z []float32, cols int)",
		args: map[string]string{"rows": "len(z)/cols"}})
	z, rows, cols := g.param("z"), g.param("rows"), g.param("cols")
	e := newExponential(g, true)
	lowest := g.floatReg(math.Inf(-1))

	g.CMPQ(cols, operand.I32(g.W()))
	g.JG(operand.LabelRef("long"))
	g.setMask(cols)
	mask := g.mask
	pitch := g.GP64()
	g.MOVQ(cols, pitch)
	g.SHLQ(operand.Imm(2), pitch)
	// short loads several rows before it stores the first. The vector of a row extends into
	// the next row, and a load that overlaps a recent store waits for it, even if the
	// overlapping lanes are masked.
	short := func(count int) {
		var x []reg.VecVirtual
		row := g.GP64()
		g.MOVQ(z, row)
		for range count {
			v := g.vec()
			// The lanes beyond the row are −Inf, so their power is 0.
			if g.wide {
				g.VMOVAPS(lowest, v)
				g.VMOVUPS(operand.Mem{Base: row}, mask, v)
			} else {
				g.VMASKMOVPS(operand.Mem{Base: row}, mask, v)
				g.VBLENDVPS(mask, v, lowest, v)
			}
			g.ADDQ(pitch, row)
			x = append(x, v)
		}
		for _, v := range x {
			largest, sum := g.vec(), g.vec()
			g.VBROADCASTSS(g.reduce(v, g.max).AsX(), largest)
			g.VSUBPS(largest, v, v)
			e.exp(v)
			g.VBROADCASTSS(g.reduce(v, g.add).AsX(), sum)
			g.VDIVPS(sum, v, v)
		}
		g.mask = mask
		for _, v := range x {
			g.store(v, operand.Mem{Base: z}, true)
			g.ADDQ(pitch, z)
		}
		g.SUBQ(operand.I32(count), rows)
	}
	const several = 4
	g.Label("severalShort")
	g.CMPQ(rows, operand.I32(several))
	g.JL(operand.LabelRef("short"))
	short(several)
	g.JMP(operand.LabelRef("severalShort"))
	g.Label("short")
	g.TESTQ(rows, rows)
	g.JE(operand.LabelRef("done"))
	short(1)
	g.JMP(operand.LabelRef("short"))
	g.Label("done")
	g.end()

	g.Label("long")
	i, n := g.GP64(), g.GP64()
	largest, sum, x := g.vec(), g.vec(), g.vec()
	g.VMOVAPS(lowest, largest)
	g.MOVQ(cols, n)
	g.sweep(i, n, 1, func(_ int, partial bool) {
		g.load(at(z, i, 0), x, partial)
		if partial {
			g.keepMasked(x, lowest)
		}
		g.VMAXPS(x, largest, largest)
	})
	g.VBROADCASTSS(g.reduce(largest, g.max).AsX(), largest)
	g.MOVQ(cols, n)
	g.zero(sum)
	g.sweep(i, n, 1, func(_ int, partial bool) {
		g.load(at(z, i, 0), x, partial)
		if partial {
			g.keepMasked(x, lowest)
		}
		g.VSUBPS(largest, x, x)
		e.exp(x)
		g.VADDPS(x, sum, sum)
		g.store(x, at(z, i, 0), partial)
	})
	g.VBROADCASTSS(g.reduce(sum, g.add).AsX(), sum)
	g.MOVQ(cols, n)
	g.sweep(i, n, 1, func(_ int, partial bool) {
		g.load(at(z, i, 0), x, partial)
		g.VDIVPS(sum, x, x)
		g.store(x, at(z, i, 0), partial)
	})
	g.LEAQ(at(z, cols, 0), z)
	g.DECQ(rows)
	g.JNE(operand.LabelRef("long"))
	g.end()
}

// keepMasked replaces the lanes of x outside the mask by those of other.
func (g *gen) keepMasked(x, other reg.VecVirtual) {
	if g.wide {
		g.VBLENDMPS(x, other, g.mask, x)
	} else {
		g.VBLENDVPS(g.mask, x, other, x)
	}
}
