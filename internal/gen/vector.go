package main

import (
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An elementwise kernel computes each element from the elements of its arrays with the same index.
type elementwise struct {
	name    string
	arrays  []string // parameters that are arrays
	scalars []string // float32 parameters
	unroll  int
	// prepare loads constants and returns the body, which computes the new vectors of the
	// first arrays from the vectors of all arrays.
	prepare func(g *gen, scalar map[string]reg.VecVirtual) body
}

type body func(x []reg.VecVirtual) []reg.VecVirtual

func (e elementwise) emit(g *gen) {
	arrays, scalars := strings.Join(e.arrays, ", "), ""
	if len(e.scalars) > 0 {
		scalars = ", " + strings.Join(e.scalars, ", ") + " float32"
	}
	g.begin(kernel{name: e.name, asm: "(" + arrays + " *float32, n int" + scalars + ")", call: "(" + arrays + " []float32" + scalars + ")"})

	var base []reg.Register
	for _, a := range e.arrays {
		base = append(base, g.param(a))
	}
	scalar := map[string]reg.VecVirtual{}
	for _, s := range e.scalars {
		scalar[s] = g.broadcastParam(s)
	}
	n := g.param("n")
	run := e.prepare(g, scalar)
	i := g.GP64()
	g.sweep(i, n, e.unroll, func(offset int, partial bool) {
		var x []reg.VecVirtual
		for _, b := range base {
			v := g.vec()
			g.load(at(b, i, offset), v, partial)
			x = append(x, v)
		}
		for k, y := range run(x) {
			g.store(y, at(base[k], i, offset), partial)
		}
	})
	g.end()
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

// first returns a body whose only result replaces the first array.
func first(f func(x []reg.VecVirtual)) body {
	return func(x []reg.VecVirtual) []reg.VecVirtual {
		f(x)
		return x[:1]
	}
}

func vectors(g *gen) {
	elementwise{
		name: "add", arrays: []string{"dst", "x"}, unroll: 4,
		prepare: func(g *gen, _ map[string]reg.VecVirtual) body {
			return first(func(x []reg.VecVirtual) { g.VADDPS(x[1], x[0], x[0]) })
		},
	}.emit(g)
	elementwise{
		name: "relu", arrays: []string{"dst"}, unroll: 4,
		prepare: func(g *gen, _ map[string]reg.VecVirtual) body {
			zero := g.vec()
			g.zero(zero)
			return first(func(x []reg.VecVirtual) { g.rectify(x[0], zero) })
		},
	}.emit(g)
	elementwise{
		name: "deltaReLU", arrays: []string{"dst", "back", "y"}, unroll: 4,
		prepare: func(g *gen, _ map[string]reg.VecVirtual) body {
			zero := g.vec()
			g.zero(zero)
			return first(func(x []reg.VecVirtual) {
				if g.wide {
					k := g.K()
					g.VCMPPS(operand.Imm(greater), zero, x[2], k)
					g.VMOVAPS_Z(x[1], k, x[0])
				} else {
					g.VCMPPS(operand.Imm(greater), zero, x[2], x[2])
					g.VANDPS(x[1], x[2], x[0])
				}
			})
		},
	}.emit(g)
	elementwise{
		name: "deltaSigmoid", arrays: []string{"dst", "back", "y"}, unroll: 4,
		prepare: func(g *gen, _ map[string]reg.VecVirtual) body {
			one := g.floatReg(1)
			return first(func(x []reg.VecVirtual) {
				g.VSUBPS(x[2], one, x[0])
				g.VMULPS(x[2], x[0], x[0])
				g.VMULPS(x[1], x[0], x[0])
			})
		},
	}.emit(g)
	elementwise{
		name: "deltaTanh", arrays: []string{"dst", "back", "y"}, unroll: 4,
		prepare: func(g *gen, _ map[string]reg.VecVirtual) body {
			one := g.floatReg(1)
			return first(func(x []reg.VecVirtual) {
				g.VSUBPS(x[2], one, x[0])
				g.VADDPS(x[2], one, x[2])
				g.VMULPS(x[2], x[0], x[0])
				g.VMULPS(x[1], x[0], x[0])
			})
		},
	}.emit(g)
	elementwise{
		name: "deltaScaledTanh", arrays: []string{"dst", "back", "y"}, scalars: []string{"a", "slope"}, unroll: 4,
		prepare: func(g *gen, s map[string]reg.VecVirtual) body {
			return first(func(x []reg.VecVirtual) {
				g.VSUBPS(x[2], s["a"], x[0])
				g.VADDPS(x[2], s["a"], x[2])
				g.VMULPS(x[2], x[0], x[0])
				g.VMULPS(s["slope"], x[0], x[0])
				g.VMULPS(x[1], x[0], x[0])
			})
		},
	}.emit(g)
	elementwise{
		name: "leakyReLU", arrays: []string{"dst"}, scalars: []string{"leak"}, unroll: 4,
		prepare: func(g *gen, s map[string]reg.VecVirtual) body {
			return first(func(x []reg.VecVirtual) {
				leaked := g.vec()
				g.VMULPS(s["leak"], x[0], leaked)
				g.VMAXPS(x[0], leaked, x[0])
			})
		},
	}.emit(g)
	elementwise{
		name: "deltaLeakyReLU", arrays: []string{"dst", "back", "y"}, scalars: []string{"leak"}, unroll: 4,
		prepare: func(g *gen, s map[string]reg.VecVirtual) body {
			zero := g.vec()
			g.zero(zero)
			return first(func(x []reg.VecVirtual) {
				g.VMULPS(s["leak"], x[1], x[0])
				if g.wide {
					k := g.K()
					g.VCMPPS(operand.Imm(greater), zero, x[2], k)
					g.VMOVAPS(x[1], k, x[0])
				} else {
					g.VCMPPS(operand.Imm(greater), zero, x[2], x[2])
					g.VBLENDVPS(x[2], x[1], x[0], x[0])
				}
			})
		},
	}.emit(g)
	elementwise{
		name: "sgd", arrays: []string{"w", "grad"}, scalars: []string{"rate"}, unroll: 4,
		prepare: func(g *gen, s map[string]reg.VecVirtual) body {
			return first(func(x []reg.VecVirtual) { g.VFNMADD231PS(x[1], s["rate"], x[0]) })
		},
	}.emit(g)
	elementwise{
		name: "momentum", arrays: []string{"w", "v", "grad"},
		scalars: []string{"rate", "mu"}, unroll: 4,
		prepare: func(g *gen, s map[string]reg.VecVirtual) body {
			return func(x []reg.VecVirtual) []reg.VecVirtual {
				w, v, d := x[0], x[1], x[2]
				g.VFMADD213PS(d, s["mu"], v)
				g.VFNMADD231PS(v, s["rate"], w)
				return x[:2]
			}
		},
	}.emit(g)
	biased(g, "addBias", func(*gen) func(reg.VecVirtual) {
		return func(reg.VecVirtual) {}
	})
	biased(g, "biasReLU", func(g *gen) func(reg.VecVirtual) {
		zero := g.vec()
		g.zero(zero)
		return func(v reg.VecVirtual) { g.rectify(v, zero) }
	})
}

// greater is predicate GT_OQ of VCMPPS, which is false for NaN.
const greater = 30

// rectify computes the maximum with zero. With this order of operands the instruction
// preserves NaN and −0.
func (g *gen) rectify(v, zero reg.VecVirtual) { g.VMAXPS(v, zero, v) }

// biased emits a kernel that adds a bias to each row and then applies the function of prepare.
func biased(g *gen, name string, prepare func(*gen) func(reg.VecVirtual)) {
	var then func(reg.VecVirtual)
	eachRow(g, name, "bias", func(x, b reg.VecVirtual) {
		g.VADDPS(b, x, x)
		then(x)
	}, func() { then = prepare(g) })
}

// eachRow emits a kernel that updates each row x of a matrix with a vector y of the same
// length.
func eachRow(g *gen, name, other string, body func(x, y reg.VecVirtual), prepare ...func()) {
	g.begin(kernel{name: name, asm: "(dst, " + other + " *float32, rows, cols int)", call: "(dst, " + other + " []float32)",
		args: map[string]string{"rows": "len(dst)/len(" + other + ")", "cols": "len(" + other + ")"}})
	dst, same, rows, cols := g.param("dst"), g.param(other), g.param("rows"), g.param("cols")
	for _, f := range prepare {
		f()
	}
	i, n := g.GP64(), g.GP64()
	g.Label("row")
	g.MOVQ(cols, n)
	g.sweep(i, n, 4, func(offset int, partial bool) {
		x, y := g.vec(), g.vec()
		g.load(at(dst, i, offset), x, partial)
		g.load(at(same, i, offset), y, partial)
		body(x, y)
		g.store(x, at(dst, i, offset), partial)
	})
	g.LEAQ(at(dst, cols, 0), dst)
	g.DECQ(rows)
	g.JNE(operand.LabelRef("row"))
	g.end()
}
