package main

import (
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An elementwise kernel computes each element from the elements of its arrays with the same index.
type elementwise struct {
	*gen
	base    []reg.Register // addresses of the arrays
	outputs int            // number of arrays that the kernel updates, the first ones
	scalar  map[string]reg.VecVirtual
	n       reg.GPVirtual
}

// elementwise begins a kernel and loads its parameters: the arrays that it updates, the
// arrays that it only reads, and float32 scalars. Each is a list of names with commas.
func (g *gen) elementwise(name, outputs, inputs, scalars string) *elementwise {
	e := &elementwise{gen: g, outputs: len(names(outputs)), scalar: map[string]reg.VecVirtual{}}
	arrays, list := strings.Join(append(names(outputs), names(inputs)...), ", "), ""
	if scalars != "" {
		list = ", " + scalars + " float32"
	}
	g.begin(kernel{name: name, asm: "(" + arrays + " *float32, n int" + list + ")", call: "(" + arrays + " []float32" + list + ")"})
	e.base = g.addresses(names(arrays))
	for _, s := range names(scalars) {
		e.scalar[s] = g.broadcastParam(s)
	}
	e.n = g.param("n")
	return e
}

// names splits a list of names.
func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// addresses loads parameters that are arrays.
func (g *gen) addresses(arrays []string) (base []reg.Register) {
	for _, a := range arrays {
		base = append(base, g.param(a))
	}
	return base
}

// each emits the loops and ends the kernel. body gets the vectors of all arrays and changes
// those of the outputs.
func (e *elementwise) each(unroll int, body func(x []reg.VecVirtual)) {
	e.update(e.base, e.outputs, e.GP64(), e.n, unroll, body)
	e.end()
}

// update emits the loops that update the first arrays, as many as outputs. body gets the
// vectors of all arrays. It clobbers i and n like sweep.
func (g *gen) update(base []reg.Register, outputs int, i, n reg.GPVirtual, unroll int, body func(x []reg.VecVirtual)) {
	g.sweep(i, n, unroll, func(offset int, partial bool) {
		var x []reg.VecVirtual
		for _, b := range base {
			v := g.vec()
			g.load(at(b, i, offset), v, partial)
			x = append(x, v)
		}
		body(x)
		for k, b := range base[:outputs] {
			g.store(x[k], at(b, i, offset), partial)
		}
	})
}

// sweep emits loops over the vectors of n elements: with unroll vectors a round, with one
// a round, and the partial vector. body processes the vector from element i + offset. sweep
// initialises i to 0, and clobbers n, which counts the remaining elements.
func (g *gen) sweep(i, n reg.GPVirtual, unroll int, body func(offset int, partial bool)) {
	one, tail, done := g.label("one"), g.label("tail"), g.label("done")
	g.XORQ(i, i)
	if unroll > 1 {
		many := g.label("many")
		g.Label(many)
		g.CMPQ(n, operand.I32(unroll*g.W()))
		g.JL(operand.LabelRef(one))
		for u := range unroll {
			body(u*g.W(), false)
		}
		g.ADDQ(operand.I32(unroll*g.W()), i)
		g.SUBQ(operand.I32(unroll*g.W()), n)
		g.JMP(operand.LabelRef(many))
	}
	g.Label(one)
	g.CMPQ(n, operand.I32(g.W()))
	g.JL(operand.LabelRef(tail))
	body(0, false)
	g.ADDQ(operand.I32(g.W()), i)
	g.SUBQ(operand.I32(g.W()), n)
	g.JMP(operand.LabelRef(one))
	g.Label(tail)
	g.TESTQ(n, n)
	g.JE(operand.LabelRef(done))
	g.setMask(n)
	body(0, true)
	g.Label(done)
}

func vectors(g *gen) {
	const unroll = 4
	e := g.elementwise("add", "dst", "x", "")
	e.each(unroll, func(x []reg.VecVirtual) { g.VADDPS(x[1], x[0], x[0]) })

	e = g.elementwise("relu", "dst", "", "")
	zero := g.zeroReg()
	e.each(unroll, func(x []reg.VecVirtual) { g.rectify(x[0], zero) })

	e = g.elementwise("deltaReLU", "dst", "back, y", "")
	zero = g.zeroReg()
	e.each(unroll, func(x []reg.VecVirtual) {
		if g.wide {
			k := g.K()
			g.VCMPPS(operand.Imm(greater), zero, x[2], k)
			g.VMOVAPS_Z(x[1], k, x[0])
		} else {
			g.VCMPPS(operand.Imm(greater), zero, x[2], x[2])
			g.VANDPS(x[1], x[2], x[0])
		}
	})

	e = g.elementwise("deltaSigmoid", "dst", "back, y", "")
	one := g.floatReg(1)
	e.each(unroll, func(x []reg.VecVirtual) {
		g.VSUBPS(x[2], one, x[0])
		g.VMULPS(x[2], x[0], x[0])
		g.VMULPS(x[1], x[0], x[0])
	})

	// slope·(a − y)·(a + y)·back; of deltaTanh, a and the slope are 1.
	for _, scaled := range []bool{false, true} {
		name, scalars := "deltaTanh", ""
		if scaled {
			name, scalars = "deltaScaledTanh", "a, slope"
		}
		e := g.elementwise(name, "dst", "back, y", scalars)
		a := e.scalar["a"]
		if !scaled {
			a = g.floatReg(1)
		}
		e.each(unroll, func(x []reg.VecVirtual) {
			g.VSUBPS(x[2], a, x[0])
			g.VADDPS(x[2], a, x[2])
			g.VMULPS(x[2], x[0], x[0])
			if scaled {
				g.VMULPS(e.scalar["slope"], x[0], x[0])
			}
			g.VMULPS(x[1], x[0], x[0])
		})
	}

	e = g.elementwise("leakyReLU", "dst", "", "leak")
	e.each(unroll, func(x []reg.VecVirtual) {
		leaked := g.vec()
		g.VMULPS(e.scalar["leak"], x[0], leaked)
		g.VMAXPS(x[0], leaked, x[0])
	})

	e = g.elementwise("deltaLeakyReLU", "dst", "back, y", "leak")
	zero = g.zeroReg()
	e.each(unroll, func(x []reg.VecVirtual) {
		g.VMULPS(e.scalar["leak"], x[1], x[0])
		if g.wide {
			k := g.K()
			g.VCMPPS(operand.Imm(greater), zero, x[2], k)
			g.VMOVAPS(x[1], k, x[0])
		} else {
			g.VCMPPS(operand.Imm(greater), zero, x[2], x[2])
			g.VBLENDVPS(x[2], x[1], x[0], x[0])
		}
	})

	e = g.elementwise("sgd", "w", "grad", "rate")
	e.each(unroll, func(x []reg.VecVirtual) { g.VFNMADD231PS(x[1], e.scalar["rate"], x[0]) })

	e = g.elementwise("momentum", "w, v", "grad", "rate, mu")
	e.each(unroll, func(x []reg.VecVirtual) {
		w, v, d := x[0], x[1], x[2]
		g.VFMADD213PS(d, e.scalar["mu"], v)
		g.VFNMADD231PS(v, e.scalar["rate"], w)
	})

	eachRow(g, "addBias", "bias", func() {}, func(x, b reg.VecVirtual) { g.VADDPS(b, x, x) })
	eachRow(g, "biasReLU", "bias", func() { zero = g.zeroReg() }, func(x, b reg.VecVirtual) {
		g.VADDPS(b, x, x)
		g.rectify(x, zero)
	})
}

// greater is predicate GT_OQ of VCMPPS, which is false for NaN.
const greater = 30

// rectify computes the maximum with zero. With this order of operands the instruction
// preserves NaN and −0.
func (g *gen) rectify(v, zero reg.VecVirtual) { g.VMAXPS(v, zero, v) }

// eachRow emits a kernel that updates each row x of a matrix with a vector y of the same
// length. prepare loads the constants of body.
func eachRow(g *gen, name, other string, prepare func(), body func(x, y reg.VecVirtual)) {
	g.begin(kernel{name: name, asm: "(dst, " + other + " *float32, rows, cols int)", call: "(dst, " + other + " []float32)",
		args: map[string]string{"rows": "len(dst)/len(" + other + ")", "cols": "len(" + other + ")"}})
	dst, same, rows, cols := g.param("dst"), g.param(other), g.param("rows"), g.param("cols")
	prepare()
	i, n := g.GP64(), g.GP64()
	g.Label("row")
	g.MOVQ(cols, n)
	g.update([]reg.Register{dst, same}, 1, i, n, 4, func(x []reg.VecVirtual) { body(x[0], x[1]) })
	g.LEAQ(at(dst, cols, 0), dst)
	g.DECQ(rows)
	g.JNE(operand.LabelRef("row"))
	g.end()
}
