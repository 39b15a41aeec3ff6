package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowVectors is the largest number of vectors of a row that are summed together, each in a
// register.
const rowVectors = 8

// sparseProducts emits the kernels of products with a Sparse as left factor.
func sparseProducts(g *gen) {
	sparseKernel{
		name: "sparseMul",
		doc: "is sparseMulGo. Row i has its bytes at bytes[i·stride:], its bitmap at bits[i·stride/64:], " +
			"both of words·64 columns, and its sums at dst[i·ldo:][:n]. n, rows and words are not 0.",
		outputs: []string{"dst"},
		keep:    true,
		finish: func(_ []reg.VecVirtual, sum reg.VecVirtual, at []operand.Mem, partial bool) {
			g.store(sum, at[0], partial)
		},
	}.emit(g)
	sparseKernel{
		name:    "sparseSGD",
		doc:     "is sparseSGDGo. The parameters are those of sparseMul.",
		outputs: []string{"w"}, skipEmpty: true,
		scalars: []string{"rate"},
		finish: func(scalar []reg.VecVirtual, sum reg.VecVirtual, at []operand.Mem, partial bool) {
			w, rate := g.vec(), scalar[0]
			g.load(at[0], w, partial)
			g.VFNMADD231PS(sum, rate, w)
			g.store(w, at[0], partial)
		},
	}.emit(g)
	sparseKernel{
		name:    "sparseMomentum",
		doc:     "is sparseMomentumGo. The parameters are those of sparseMul.",
		outputs: []string{"w", "v"},
		scalars: []string{"rate", "mu"},
		finish: func(scalar []reg.VecVirtual, sum reg.VecVirtual, at []operand.Mem, partial bool) {
			w, v, rate, mu := g.vec(), g.vec(), scalar[0], scalar[1]
			g.load(at[1], v, partial)
			g.VFMADD213PS(sum, mu, v)
			g.store(v, at[1], partial)
			g.load(at[0], w, partial)
			g.VFNMADD231PS(v, rate, w)
			g.store(w, at[0], partial)
		},
	}.emit(g)
	sparseRank1(g)
	bitmaps(g)
}

// sparseArgs are the arguments for a Sparse s.
var sparseArgs = map[string]string{"n": "n", "bytes": "unsafe.SliceData(s.Bytes)", "bits": "unsafe.SliceData(s.Bits)",
	"rows": "s.Rows", "words": "s.Words", "stride": "s.Stride", "value": "&s.Value[0]"}

// A sparseKernel sums rows of a matrix in registers and then uses the sums. A bitmap
// selects the rows, and bytes select the factors of the rows. The columns are divided into
// blocks of at most rowVectors vectors. Each block processes all bitmaps, so that its part
// of the matrix stays in the cache.
type sparseKernel struct {
	name, doc string
	outputs   []string // arrays that the sums update
	scalars   []string // float32 parameters
	keep      bool     // whether parameter keep selects sums that begin with the outputs instead of zeros
	skipEmpty bool     // whether a row without bits does not change the outputs
	// finish uses a vector of sums. at holds the addresses of the vector in the outputs.
	finish func(scalar []reg.VecVirtual, sum reg.VecVirtual, at []operand.Mem, partial bool)
}

func (k sparseKernel) emit(g *gen) {
	outputs, extra := strings.Join(k.outputs, ", "), ", keep bool"
	if !k.keep {
		extra = ", " + strings.Join(k.scalars, ", ") + " float32"
	}
	g.begin(kernel{name: k.name, doc: k.doc, args: sparseArgs,
		asm:  "(" + outputs + " *float32, n, ldo int, bytes *uint8, bits *uint64, rows, words, stride int, value, m *float32, ldm int" + extra + ")",
		call: "(" + outputs + " []float32, n, ldo int, s Sparse, m []float32, ldm int" + extra + ")"})
	var scalar []reg.VecVirtual
	for _, s := range k.scalars {
		scalar = append(scalar, g.broadcastParam(s))
	}
	n, value, ld := g.param("n"), g.param("value"), g.elements("ldm")
	g.setRowMask(n)
	// The stride becomes the distance from the end of a row of bytes to the next row.
	skip, words := g.param("stride"), g.param("words")
	g.SHLQ(operand.Imm(6), words)
	g.SUBQ(words, skip)
	g.MOVQ(skip, g.slot("stride"))
	g.MOVQ(g.elements("ldo"), g.slot("ldo"))

	g.rowBlocks(n, func(width int, partial bool) { k.block(g, scalar, width, partial, value, ld) })
	g.end()
}

// block emits the loops for a block of columns.
func (k sparseKernel) block(g *gen, scalar []reg.VecVirtual, width int, partial bool, value, ld reg.GPVirtual) {
	row, empty := g.label("row"), g.label("emptyRow")
	bytes, bits, rows := g.param("bytes"), g.param("bits"), g.param("rows")
	var outs []reg.GPVirtual
	for _, o := range k.outputs {
		outs = append(outs, g.param(o))
	}
	at := func(j int) (m []operand.Mem) {
		for _, o := range outs {
			m = append(m, operand.Mem{Base: o, Disp: 4 * j * g.W()})
		}
		return m
	}
	sums := make([]reg.VecVirtual, width)
	for j := range sums {
		sums[j] = g.vec()
	}
	words, m, mask := g.GP64(), g.GP64(), g.GP64()

	g.Label(row)
	g.MOVQ(g.slot("words"), words)
	if k.skipEmpty {
		any := g.label("any")
		g.XORQ(mask, mask)
		g.Label(any)
		g.ORQ(operand.Mem{Base: bits, Index: words, Scale: 8, Disp: -8}, mask)
		g.DECQ(words)
		g.JNE(operand.LabelRef(any))
		g.MOVQ(g.slot("words"), words)
		g.TESTQ(mask, mask)
		g.JE(operand.LabelRef(empty))
	}
	g.MOVQ(g.slot("m"), m)
	begun := ""
	if k.keep {
		zero := g.label("zero")
		begun = g.label("begun")
		g.CMPB(g.slot("keep"), operand.Imm(0))
		g.JE(operand.LabelRef(zero))
		for j, s := range sums {
			g.load(at(j)[0], s, partial && j == len(sums)-1)
		}
		g.JMP(operand.LabelRef(begun))
		g.Label(zero)
	}
	for _, s := range sums {
		g.zero(s)
	}
	if k.keep {
		g.Label(begun)
	}
	b := bitLoop{bytes: bytes, bits: bits, words: words, m: m, mask: mask, value: value, ld: ld}
	b.emit(g, func(row func(j int) operand.Mem, val reg.VecVirtual) {
		for j, s := range sums {
			switch last := partial && j == width-1; {
			case !last:
				g.VFMADD231PS(row(j), val, s)
			case g.wide:
				g.VFMADD231PS(row(j), val, g.mask, s)
			default:
				x := g.vec()
				g.load(row(j), x, true)
				g.VFMADD231PS(x, val, s)
			}
		}
	})
	for j, s := range sums {
		k.finish(scalar, s, at(j), partial && j == width-1)
	}
	skip := g.GP64()
	if k.skipEmpty {
		done := g.label("rowDone")
		g.JMP(operand.LabelRef(done))
		g.Label(empty)
		g.MOVQ(g.slot("words"), skip)
		g.LEAQ(operand.Mem{Base: bits, Index: skip, Scale: 8}, bits)
		g.SHLQ(operand.Imm(6), skip)
		g.ADDQ(skip, bytes)
		g.Label(done)
	}
	g.MOVQ(g.slot("stride"), skip)
	g.ADDQ(skip, bytes)
	g.SHRQ(operand.Imm(3), skip)
	g.ADDQ(skip, bits)
	for _, o := range outs {
		g.ADDQ(g.slot("ldo"), o)
	}
	g.DECQ(rows)
	g.JNE(operand.LabelRef(row))
	size := operand.I32(4 * width * g.W())
	g.ADDQ(size, g.slot("m"))
	for _, o := range k.outputs {
		g.ADDQ(size, g.slot(o))
	}
}

// A bitLoop is a loop over the bits of a row that are set. The row has words words at
// bits, and its bytes are at bytes. The row of the matrix for the first bit is at m. The
// loop changes all registers except value and ld.
type bitLoop struct{ bytes, bits, words, m, mask, value, ld reg.GPVirtual }

// emit emits the loop. body gets the address of vector j of the row of the matrix, and the
// value of the byte in all lanes. It must not change the flags.
func (l bitLoop) emit(g *gen, body func(row func(j int) operand.Mem, val reg.VecVirtual)) {
	word, bit, next := g.label("word"), g.label("bit"), g.label("nextWord")
	g.Label(word)
	g.MOVQ(operand.Mem{Base: l.bits}, l.mask)
	g.TESTQ(l.mask, l.mask)
	g.JE(operand.LabelRef(next))
	g.Label(bit)
	offset, b, val := g.GP64(), g.GP64(), g.vec()
	g.TZCNTQ(l.mask, offset)
	g.MOVBLZX(operand.Mem{Base: l.bytes, Index: offset, Scale: 1}, b.As32())
	g.IMULQ(l.ld, offset)
	g.VBROADCASTSS(operand.Mem{Base: l.value, Index: b, Scale: 4}, val)
	g.BLSRQ(l.mask, l.mask)
	body(func(j int) operand.Mem {
		return operand.Mem{Base: l.m, Index: offset, Scale: 1, Disp: 4 * j * g.W()}
	}, val)
	g.JNE(operand.LabelRef(bit)) // BLSR has set the flags
	g.Label(next)
	g.ADDQ(operand.Imm(64), l.bytes)
	g.ADDQ(operand.Imm(8), l.bits)
	step := g.GP64()
	g.MOVQ(l.ld, step)
	g.SHLQ(operand.Imm(6), step)
	g.ADDQ(step, l.m)
	g.DECQ(l.words)
	g.JNE(operand.LabelRef(word))
}

// sparseRank1 emits the kernel of SparseRank1. It updates all rows with a block of x in
// registers, and then continues with the next block.
func sparseRank1(g *gen) {
	args := maps.Clone(sparseArgs)
	args["n"] = "len(x)"
	g.begin(kernel{name: "sparseRank1", args: args,
		doc:  "is sparseRank1Go. n is the length of x. The other parameters are those of sparseMul.",
		asm:  "(m *float32, n, ldm int, bytes *uint8, bits *uint64, words int, value *float32, x *float32, alpha float32)",
		call: "(m []float32, ldm int, s Sparse, x []float32, alpha float32)"})
	n, value, ld, x := g.param("n"), g.param("value"), g.param("ldm"), g.param("x")
	g.SHLQ(operand.Imm(2), ld)
	alpha := g.broadcastParam("alpha")
	g.setRowMask(n)
	g.rowBlocks(n, func(width int, partial bool) {
		xs := make([]reg.VecVirtual, width)
		for j := range xs {
			xs[j] = g.vec()
			g.load(operand.Mem{Base: x, Disp: 4 * j * g.W()}, xs[j], partial && j == width-1)
			g.VMULPS(alpha, xs[j], xs[j])
		}
		l := bitLoop{bytes: g.param("bytes"), bits: g.param("bits"), words: g.param("words"), m: g.param("m"),
			mask: g.GP64(), value: value, ld: ld}
		l.emit(g, func(row func(j int) operand.Mem, val reg.VecVirtual) {
			for j, xj := range xs {
				last := partial && j == width-1
				y := g.vec()
				g.load(row(j), y, last)
				g.VFMADD231PS(xj, val, y)
				g.store(y, row(j), last)
			}
		})
		size := operand.I32(4 * width * g.W())
		g.ADDQ(size, g.slot("m"))
		g.ADDQ(size, x)
	})
	g.end()
}

// bitmaps emits the kernel of Bitmap.
func bitmaps(g *gen) {
	g.begin(kernel{name: "bitmap", doc: "is bitmapGo for at least one word.",
		asm: "(dst *uint64, src *uint8, words int)", call: "(dst []uint64, src []byte)",
		args: map[string]string{"words": "len(dst)"}})
	dst, src, words := g.param("dst"), g.param("src"), g.param("words")
	g.Label("word")
	if g.wide {
		x, k := g.vec(), g.K()
		g.VMOVUPS(operand.Mem{Base: src}, x)
		g.VPTESTMB(x, x, k)
		g.KMOVQ(k, operand.Mem{Base: dst})
	} else {
		zeros := g.vec()
		g.zero(zeros)
		var half [2]reg.GPVirtual
		for i := range half {
			x := g.vec()
			half[i] = g.GP64()
			g.VPCMPEQB(operand.Mem{Base: src, Disp: 32 * i}, zeros, x)
			g.VPMOVMSKB(x, half[i].As32())
		}
		g.SHLQ(operand.Imm(32), half[1])
		g.ORQ(half[1], half[0])
		g.NOTQ(half[0])
		g.MOVQ(half[0], operand.Mem{Base: dst})
	}
	g.ADDQ(operand.Imm(64), src)
	g.ADDQ(operand.Imm(8), dst)
	g.DECQ(words)
	g.JNE(operand.LabelRef("word"))
	g.end()
}

// setRowMask sets the mask to the lanes of the last vector of n columns. If this vector is
// whole, the mask is empty and is not used.
func (g *gen) setRowMask(n reg.GPVirtual) {
	rest := g.GP64()
	g.MOVQ(n, rest)
	g.ANDQ(operand.I32(g.W()-1), rest)
	g.setMask(rest)
}

// rowBlocks emits a block for each width up to rowVectors, with a whole and with a partial
// last vector, and the code that divides n columns into such blocks. It clobbers n, which
// counts the remaining columns.
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
