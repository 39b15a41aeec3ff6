package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"shadegrad/internal/gen/spec"
)

func reductions(g *gen) {
	dot(g)
	columnSum(g, "columnSum", false)
	columnSum(g, "columnSquares", true)
}

// dot emits the kernel of Dot. Four parallel sums hide the latency of the multiply-adds.
func dot(g *gen) {
	g.begin(kernel{name: "dot", asm: "(x, y *float32, n int) float32", call: "(x, y []float32) float32",
		doc: "is dotGo with another order of the sum."})
	x, y, n := g.param("x"), g.param("y"), g.param("n")
	var sums [4]reg.VecVirtual
	for k := range sums {
		sums[k] = g.vec()
		g.zero(sums[k])
	}
	i := g.GP64()
	g.sweep(i, n, len(sums), func(offset int, partial bool) {
		a, b := g.vec(), g.vec()
		g.load(at(x, i, offset), a, partial)
		g.load(at(y, i, offset), b, partial)
		g.VFMADD231PS(a, b, sums[offset/g.W()])
	})
	g.VADDPS(sums[1], sums[0], sums[0])
	g.VADDPS(sums[3], sums[2], sums[2])
	g.VADDPS(sums[2], sums[0], sums[0])
	g.Store(g.reduce(sums[0], g.add).AsX(), g.ReturnIndex(0))
	g.end()
}

// columnSum emits the kernel of ColumnSum, or of ColumnSquares. It sums all rows of a few
// vectors of columns in registers, and then continues with the next columns.
func columnSum(g *gen, name string, squares bool) {
	g.begin(kernel{name: name, asm: "(dst, src *float32, rows, cols int)", call: "(dst, src []float32)",
		doc:  "is " + name + "Go with another order within a block.",
		args: map[string]string{"rows": "len(src)/len(dst)", "cols": "len(dst)"}})
	dst, src, rows, cols := g.param("dst"), g.param("src"), g.param("rows"), g.param("cols")
	stride := g.GP64()
	g.MOVQ(cols, stride)
	g.SHLQ(operand.Imm(2), stride)
	width := 2 // in vectors
	if g.wide {
		width = 4
	}
	block := func(width int, partial bool) {
		g.columns(dst, src, rows, stride, width, partial, squares)
		g.ADDQ(operand.I32(4*width*g.W()), dst)
		g.ADDQ(operand.I32(4*width*g.W()), src)
		g.SUBQ(operand.I32(width*g.W()), cols)
	}
	g.Label("blocks")
	g.CMPQ(cols, operand.I32(width*g.W()))
	g.JL(operand.LabelRef("vectors"))
	block(width, false)
	g.JMP(operand.LabelRef("blocks"))
	g.Label("vectors")
	g.CMPQ(cols, operand.I32(g.W()))
	g.JL(operand.LabelRef("partial"))
	block(1, false)
	g.JMP(operand.LabelRef("vectors"))
	g.Label("partial")
	g.TESTQ(cols, cols)
	g.JE(operand.LabelRef("end"))
	g.setMask(cols)
	g.columns(dst, src, rows, stride, 1, true, squares)
	g.Label("end")
	g.end()
}

// columns sums all rows of width vectors of columns, or the squares of their elements.
func (g *gen) columns(dst, src, rows, stride reg.GPVirtual, width int, partial, squares bool) {
	totals := make([][2]reg.VecVirtual, width) // in float64: low and high half
	for j := range totals {
		for h := range totals[j] {
			totals[j][h] = g.vec()
			g.zero(totals[j][h])
		}
	}
	// Two parallel sums, of even and odd rows, hide the latency.
	sums := make([][2]reg.VecVirtual, width)
	for j := range sums {
		sums[j] = [2]reg.VecVirtual{g.vec(), g.vec()}
	}
	// addRow adds a row to a sum. If begin, the row is the first of the sum.
	row := g.GP64()
	addRow := func(which int, begin bool) {
		for j := range sums {
			m := operand.Mem{Base: row, Disp: 4 * j * g.W()}
			switch sum := sums[j][which]; {
			case squares:
				x := g.vec()
				g.load(m, x, partial)
				if begin {
					g.VMULPS(x, x, sum)
				} else {
					g.VFMADD231PS(x, x, sum)
				}
			case begin:
				g.load(m, sum, partial)
			case partial && !g.wide:
				x := g.vec()
				g.load(m, x, true)
				g.VADDPS(x, sum, sum)
			case partial:
				g.VADDPS_Z(m, sum, g.mask, sum)
			default:
				g.VADDPS(m, sum, sum)
			}
		}
		g.ADDQ(stride, row)
	}
	// addTotal adds the sums of index 0 to the totals, in float64.
	addTotal := func() {
		for j := range totals {
			low, high := g.vec(), g.vec()
			if g.wide {
				y := g.YMM()
				g.VEXTRACTF64X4(operand.Imm(1), sums[j][0], y)
				g.VCVTPS2PD(sums[j][0].AsY(), low)
				g.VCVTPS2PD(y, high)
			} else {
				x := g.XMM()
				g.VEXTRACTF128(operand.Imm(1), sums[j][0], x)
				g.VCVTPS2PD(sums[j][0].AsX(), low)
				g.VCVTPS2PD(x, high)
			}
			g.VADDPD(low, totals[j][0], totals[j][0])
			g.VADDPD(high, totals[j][1], totals[j][1])
		}
	}

	blocks, rest, store := g.label("rowBlocks"), g.label("rowRest"), g.label("rowStore")
	left := g.GP64()
	g.MOVQ(src, row)
	g.MOVQ(rows, left)
	g.Label(blocks)
	g.CMPQ(left, operand.I32(spec.SumBlock))
	g.JL(operand.LabelRef(rest))
	for i := range spec.SumBlock {
		addRow(i%2, i < 2)
	}
	for j := range sums {
		g.VADDPS(sums[j][1], sums[j][0], sums[j][0])
	}
	addTotal()
	g.SUBQ(operand.I32(spec.SumBlock), left)
	g.JMP(operand.LabelRef(blocks))
	g.Label(rest)
	g.TESTQ(left, left)
	g.JE(operand.LabelRef(store))
	for j := range sums {
		g.zero(sums[j][0])
	}
	single := g.label("rowSingle")
	g.Label(single)
	addRow(0, false)
	g.DECQ(left)
	g.JNE(operand.LabelRef(single))
	addTotal()
	g.Label(store)
	for j := range totals {
		v := g.vec()
		if g.wide {
			low, high := g.YMM(), g.YMM()
			g.VCVTPD2PS(totals[j][0], low)
			g.VCVTPD2PS(totals[j][1], high)
			g.VINSERTF64X4(operand.Imm(1), high, low.AsZ(), v)
		} else {
			low, high := g.XMM(), g.XMM()
			g.VCVTPD2PSY(totals[j][0], low)
			g.VCVTPD2PSY(totals[j][1], high)
			g.VINSERTF128(operand.Imm(1), high, low.AsY(), v)
		}
		g.store(v, operand.Mem{Base: dst, Disp: 4 * j * g.W()}, partial)
	}
}
