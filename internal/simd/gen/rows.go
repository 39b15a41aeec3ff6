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
		doc: "is sumRowsAddGo where keep is not 0, otherwise sumRowsGo. List l is that of\n" +
			"the entries start[l·step] up to start[l·step+1], and goes to dst[l·ldo:][:n]; limit is\n" +
			"the largest offset of a row in rows. It returns −1, or the first entry beyond limit,\n" +
			"in which case it has stored nothing for that list.",
		outputs: []string{"dst"},
		extra:   ", keep bool",
		prepare: func(g *gen) sumParts {
			return sumParts{
				begin: func(sums []reg.VecVirtual, at func(j int) []operand.Mem, partial bool) {
					zero, done := g.label("zero"), g.label("begun")
					g.CMPB(g.slot("keep"), operand.Imm(0))
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
		doc:     "is sumRowsSGDGo. The parameters and the result are those of sumRows.",
		outputs: []string{"w"}, skipEmpty: true,
		extra: ", rate float32",
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
		doc:     "is sumRowsMomentumGo. The parameters and the result are those of sumRows.",
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
	skipEmpty bool     // whether an empty list changes nothing
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
	g.begin(k.name, k.doc, "("+outputs+", rows *float32, n, ldo, ld, limit int, start *int32, step, lists int, idx *int32, val *float32"+k.extra+") int")
	parts := k.prepare(g)
	ld, limit := g.param("ld"), g.param("limit")
	l := list{idx: g.param("idx"), val: g.param("val"), t: g.GP64(), from: g.GP64(), end: g.GP64()}
	g.setRowMask(g.param("n"))

	// What varies from list to list is kept in the parameters' places: there are
	// not registers enough.
	g.Label("list")
	start := g.param("start")
	g.MOVL(operand.Mem{Base: start}, l.from.As32())
	g.MOVL(operand.Mem{Base: start, Disp: 4}, l.end.As32())
	if k.skipEmpty {
		g.CMPQ(l.from, l.end)
		g.JE(operand.LabelRef("finished"))
	}
	var bases []reg.GPVirtual
	for _, o := range k.outputs {
		bases = append(bases, g.param(o))
	}
	rows, n := g.param("rows"), g.param("n")
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
		g.entries(l, ld, limit, func(offset reg.GPVirtual, val reg.VecVirtual) {
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
	g.advance("start", "step")
	for _, o := range k.outputs {
		g.advance(o, "ldo")
	}
	g.DECQ(g.slot("lists"))
	g.JNE(operand.LabelRef("list"))
	g.returnEntry(l)
}

// slot is the place of a parameter.
func (g *gen) slot(name string) operand.Mem {
	a, err := g.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

// advance moves a pointer to elements of four bytes, where it was passed.
func (g *gen) advance(pointer, count string) {
	by := g.param(count)
	g.SHLQ(operand.Imm(2), by)
	g.ADDQ(by, g.slot(pointer))
}

// returnEntry returns −1, or, from the label outside, the entry of a list.
func (g *gen) returnEntry(l list) {
	result := g.GP64()
	g.MOVQ(operand.I32(-1), result)
	g.Store(result, g.ReturnIndex(0))
	g.end()
	g.Label("outside")
	g.Store(l.t, g.ReturnIndex(0))
	g.end()
}

// A list is a sparse vector: the entries from up to end of idx and val, and the
// current one.
type list struct{ idx, val, from, end, t reg.GPVirtual }

// entries emits a loop over a list. Its body gets the offset of the entry's row and
// its value in all lanes. An offset beyond limit goes to the label outside.
func (g *gen) entries(l list, ld, limit reg.GPVirtual, body func(offset reg.GPVirtual, val reg.VecVirtual)) {
	loop, done := g.label("entry"), g.label("entriesDone")
	offset, val := g.GP64(), g.vec()
	g.MOVQ(l.from, l.t)
	g.CMPQ(l.t, l.end)
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
	g.CMPQ(l.t, l.end)
	g.JL(operand.LabelRef(loop))
	g.Label(done)
}

// setRowMask prepares the mask of the last vector of n columns. Where that is whole
// the mask has no lanes, and is not used.
func (g *gen) setRowMask(n reg.GPVirtual) {
	rest := g.GP64()
	g.MOVQ(n, rest)
	g.ANDQ(operand.I32(g.W()-1), rest)
	g.setMask(rest)
}

// rowBlocks emits a block for each width up to rowVectors, whole and with a partial
// last vector, and the code that covers n columns with them. It clobbers n, which
// counts the columns that are left.
func (g *gen) rowBlocks(n reg.GPVirtual, block func(width int, partial bool)) {
	most := rowVectors * g.W()
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
	l := list{idx: g.param("idx"), val: g.param("val"), from: g.GP64(), end: g.param("count"), t: g.GP64()}
	g.XORQ(l.from, l.from)
	x := g.param("x")
	alpha := g.broadcastParam("alpha")
	g.setRowMask(n)
	g.rowBlocks(n, func(width int, partial bool) {
		xs := make([]reg.VecVirtual, width)
		for j := range xs {
			xs[j] = g.vec()
			g.load(operand.Mem{Base: x, Disp: 4 * j * g.W()}, xs[j], partial && j == width-1)
		}
		g.entries(l, ld, limit, func(offset reg.GPVirtual, val reg.VecVirtual) {
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
	g.returnEntry(l)
}
