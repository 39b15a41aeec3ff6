package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowVectors is the largest number of vectors of a row that are summed at once, in
// as many registers.
const rowVectors = 8

func sumsOfRows(g *gen) {
	sumKernel{
		name: "sumRows",
		doc: "is sumRowsAddGo where keep is not 0, otherwise sumRowsGo. n is the length of\n" +
			"dst, limit the largest offset of a row in rows. It returns the first entry beyond\n" +
			"that, or −1; in the first case it has stored nothing.",
		outputs: []string{"dst"},
		extra:   ", keep int",
		prepare: func(g *gen) sumParts {
			keep := g.param("keep")
			return sumParts{
				begin: func(sums []reg.VecVirtual, at func(j int) []operand.Mem, partial bool) {
					zero, done := g.label("zero"), g.label("begun")
					g.TESTQ(keep, keep)
					g.JE(operand.LabelRef(zero))
					for j, s := range sums {
						g.load(at(j)[0], s, partial && j == len(sums)-1)
					}
					g.JMP(operand.LabelRef(done))
					g.Label(zero)
					for _, s := range sums {
						g.zero(s)
					}
					g.Label(done)
				},
				finish: func(sum reg.VecVirtual, at []operand.Mem, partial bool) {
					g.store(sum, at[0], partial)
				},
			}
		},
	}.emit(g)
	sumKernel{
		name:    "sumRowsSGD",
		doc:     "is sumRowsSGDGo. n, limit and the result are as for sumRows.",
		outputs: []string{"w"},
		extra:   ", rate float32",
		prepare: func(g *gen) sumParts {
			rate := g.broadcastParam("rate")
			return sumParts{finish: func(sum reg.VecVirtual, at []operand.Mem, partial bool) {
				w := g.vec()
				g.load(at[0], w, partial)
				g.VFNMADD231PS(sum, rate, w)
				g.store(w, at[0], partial)
			}}
		},
	}.emit(g)
	sumKernel{
		name:    "sumRowsMomentum",
		doc:     "is sumRowsMomentumGo. n, limit and the result are as for sumRows.",
		outputs: []string{"w", "v"},
		extra:   ", rate, mu float32",
		prepare: func(g *gen) sumParts {
			rate, mu := g.broadcastParam("rate"), g.broadcastParam("mu")
			return sumParts{finish: func(sum reg.VecVirtual, at []operand.Mem, partial bool) {
				w, v := g.vec(), g.vec()
				g.load(at[1], v, partial)
				g.VFMADD213PS(sum, mu, v)
				g.store(v, at[1], partial)
				g.load(at[0], w, partial)
				g.VFNMADD231PS(v, rate, w)
				g.store(w, at[0], partial)
			}}
		},
	}.emit(g)
	addScaledRows(g)
}

// A sumKernel sums rows in registers and then does something with the sums. The
// columns are divided into blocks of at most rowVectors vectors, as equal as can be:
// a block of one or two has too few sums to hide a multiply-add's latency.
type sumKernel struct {
	name, doc string
	outputs   []string // the arrays that the sums go to
	extra     string   // the last parameters
	prepare   func(*gen) sumParts
}

type sumParts struct {
	// begin sets the sums' first values; nil for zero.
	begin func(sums []reg.VecVirtual, at func(j int) []operand.Mem, partial bool)
	// finish uses a vector of sums.
	finish func(sum reg.VecVirtual, at []operand.Mem, partial bool)
}

func (k sumKernel) emit(g *gen) {
	outputs := k.outputs[0]
	for _, o := range k.outputs[1:] {
		outputs += ", " + o
	}
	g.begin(k.name, k.doc, "("+outputs+", rows *float32, n, ld, limit int, idx *int32, val *float32, count int"+k.extra+") int")
	var bases []reg.GPVirtual
	for _, o := range k.outputs {
		bases = append(bases, g.param(o))
	}
	rows, n, ld, limit := g.param("rows"), g.param("n"), g.param("ld"), g.param("limit")
	list := g.loadList()
	parts := k.prepare(g)

	g.rowBlocks(n, func(width int, partial bool) {
		at := func(j int) (m []operand.Mem) {
			for _, b := range bases {
				m = append(m, operand.Mem{Base: b, Disp: 4 * j * g.W()})
			}
			return m
		}
		sums := make([]reg.VecVirtual, width)
		for j := range sums {
			sums[j] = g.vec()
		}
		if parts.begin != nil {
			parts.begin(sums, at, partial)
		} else {
			for _, s := range sums {
				g.zero(s)
			}
		}
		g.entries(list, ld, limit, func(offset reg.GPVirtual, val reg.VecVirtual) {
			for j, s := range sums {
				m := operand.Mem{Base: rows, Index: offset, Scale: 4, Disp: 4 * j * g.W()}
				switch last := partial && j == width-1; {
				case !last:
					g.VFMADD231PS(m, val, s)
				case g.wide:
					g.VFMADD231PS(m, val, g.mask, s)
				default:
					x := g.vec()
					g.load(m, x, true)
					g.VFMADD231PS(x, val, s)
				}
			}
		})
		for j, s := range sums {
			parts.finish(s, at(j), partial && j == width-1)
		}
		for _, b := range append([]reg.GPVirtual{rows}, bases...) {
			g.ADDQ(operand.I32(4*width*g.W()), b)
		}
	})
	result := g.GP64()
	g.MOVQ(operand.I32(-1), result)
	g.Store(result, g.ReturnIndex(0))
	g.end()
	g.Label("outside")
	g.Store(list.t, g.ReturnIndex(0))
	g.end()
}

// A list is the sparse vector: count entries of idx and val, and the current one.
type list struct{ idx, val, count, t reg.GPVirtual }

func (g *gen) loadList() list {
	return list{g.param("idx"), g.param("val"), g.param("count"), g.GP64()}
}

// entries emits a loop over a list. Its body gets the offset of the entry's row and
// its value in all lanes. An offset beyond limit goes to the label outside.
func (g *gen) entries(l list, ld, limit reg.GPVirtual, body func(offset reg.GPVirtual, val reg.VecVirtual)) {
	loop, done := g.label("entry"), g.label("entriesDone")
	offset, val := g.GP64(), g.vec()
	g.XORQ(l.t, l.t)
	g.TESTQ(l.count, l.count)
	g.JE(operand.LabelRef(done))
	g.Label(loop)
	// Without its sign, so that a negative number is a large one.
	g.MOVL(at(l.idx, l.t, 0), offset.As32())
	g.IMULQ(ld, offset)
	g.CMPQ(offset, limit)
	g.JG(operand.LabelRef("outside"))
	g.VBROADCASTSS(at(l.val, l.t, 0), val)
	body(offset, val)
	g.INCQ(l.t)
	g.CMPQ(l.t, l.count)
	g.JL(operand.LabelRef(loop))
	g.Label(done)
}

// rowBlocks emits a block for each width up to rowVectors, whole and with a partial
// last vector, and the code that covers n columns with them. It clobbers n, which
// counts the columns that are left.
func (g *gen) rowBlocks(n reg.GPVirtual, block func(width int, partial bool)) {
	most := rowVectors * g.W()
	// The mask serves the last block. Of n ≡ 0 it would be of no lanes, and is not
	// used.
	rest := g.GP64()
	g.MOVQ(n, rest)
	g.ANDQ(operand.I32(g.W()-1), rest)
	g.setMask(rest)
	take := g.GP64()
	g.Label("block")
	g.MOVQ(n, take)
	g.CMPQ(n, operand.I32(most))
	g.JLE(operand.LabelRef("last"))
	g.MOVQ(operand.I32(most), take)
	g.CMPQ(n, operand.I32(2*most))
	g.JGE(operand.LabelRef("whole"))
	// Half of the vectors, rounded up.
	g.LEAQ(operand.Mem{Base: n, Disp: 2*g.W() - 1}, take)
	g.SHRQ(operand.Imm(1), take)
	g.ANDQ(operand.I32(-g.W()), take)
	g.JMP(operand.LabelRef("whole"))
	g.Label("last")
	g.TESTQ(operand.I32(g.W()-1), n)
	g.JE(operand.LabelRef("whole"))

	for _, partial := range []bool{true, false} {
		name := "whole"
		if partial {
			name = "partial"
		}
		if !partial {
			g.Label(name)
		}
		for width := rowVectors; width > 1; width-- {
			g.CMPQ(take, operand.I32((width-1)*g.W()))
			g.JG(operand.LabelRef(fmt.Sprintf("%s%d", name, width)))
		}
		for width := 1; width <= rowVectors; width++ {
			if width > 1 {
				g.Label(fmt.Sprintf("%s%d", name, width))
			}
			block(width, partial)
			if partial {
				g.JMP(operand.LabelRef("finished"))
				continue
			}
			g.SUBQ(operand.I32(width*g.W()), n)
			g.JG(operand.LabelRef("block"))
			if width < rowVectors {
				g.JMP(operand.LabelRef("finished"))
			}
		}
	}
	g.Label("finished")
}

// addScaledRows emits the kernel of AddScaledRows: a block of x in registers meets
// all rows, then the next block.
func addScaledRows(g *gen) {
	g.begin("addScaledRows", "is addScaledRowsGo. n is the length of x; limit and the result are as for\n"+
		"sumRows, but entries before the one returned have been done.",
		"(w *float32, n, ld, limit int, idx *int32, val *float32, count int, x *float32, alpha float32) int")
	w, n, ld, limit := g.param("w"), g.param("n"), g.param("ld"), g.param("limit")
	list := g.loadList()
	x := g.param("x")
	alpha := g.broadcastParam("alpha")
	g.rowBlocks(n, func(width int, partial bool) {
		xs := make([]reg.VecVirtual, width)
		for j := range xs {
			xs[j] = g.vec()
			g.load(operand.Mem{Base: x, Disp: 4 * j * g.W()}, xs[j], partial && j == width-1)
		}
		g.entries(list, ld, limit, func(offset reg.GPVirtual, val reg.VecVirtual) {
			g.VMULPS(alpha, val, val)
			for j, xj := range xs {
				m := operand.Mem{Base: w, Index: offset, Scale: 4, Disp: 4 * j * g.W()}
				last := partial && j == width-1
				y := g.vec()
				g.load(m, y, last)
				g.VFMADD231PS(xj, val, y)
				g.store(y, m, last)
			}
		})
		for _, b := range []reg.GPVirtual{w, x} {
			g.ADDQ(operand.I32(4*width*g.W()), b)
		}
	})
	result := g.GP64()
	g.MOVQ(operand.I32(-1), result)
	g.Store(result, g.ReturnIndex(0))
	g.end()
	g.Label("outside")
	g.Store(list.t, g.ReturnIndex(0))
	g.end()
}
