package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpositions emits the kernel of GatherTranspose for groups of 2^b rows: 16 with
// AVX-512, and 8 with AVX2, which has half as many registers. The 16-byte lanes of a
// vector are transposed in parallel.
//
// Number each byte of a lane by its row and, in the lowest four bits, its column.
// Interleaving the bytes of row i with those of row i + 2^(b−1), for all i, rotates these
// numbers to the left by one bit. After b rounds the row is in the lowest bits, so the bytes
// of a column are adjacent.
func transpositions(g *gen) {
	rounds := 3
	if g.wide {
		rounds = 4
	}
	lanes := g.W() / 4
	rows := 1 << rounds
	g.begin(kernel{name: "gatherTranspose",
		asm:  "(dst, src *uint8, cols, width int, index *uint32, groups, m int)",
		call: "(dst []byte, ldd int, src []byte, cols, lo, hi int, index []uint32)",
		doc:  "is gatherTransposeGo for groups of as many rows as a vector has lanes, at least one, and width columns from src on. The rows of dst are m bytes apart.",
		args: map[string]string{"src": "&src[lo]", "width": "hi - lo", "groups": "len(index) / LANES", "m": "ldd"}})
	dst, src, cols, width := g.param("dst"), g.param("src"), g.param("cols"), g.param("width")
	index, groups, m := g.param("index"), g.param("groups"), g.param("m")

	col, left, to := g.GP64(), g.GP64(), g.GP64()
	block := func(partial bool) {
		x := make([]reg.VecVirtual, rows)
		for i := range x {
			from := g.GP64()
			x[i] = g.vec()
			g.MOVL(operand.Mem{Base: index, Disp: 4 * i}, from.As32())
			g.IMULQ(cols, from)
			g.ADDQ(src, from)
			from8 := operand.Mem{Base: from, Index: col, Scale: 1}
			if partial {
				g.VMOVDQU8_Z(from8, g.mask, x[i])
			} else {
				g.VMOVUPS(from8, x[i])
			}
		}
		for range rounds {
			y := make([]reg.VecVirtual, rows)
			for i := range rows / 2 {
				y[2*i], y[2*i+1] = g.vec(), g.vec()
				g.VPUNPCKLBW(x[i+rows/2], x[i], y[2*i])
				g.VPUNPCKHBW(x[i+rows/2], x[i], y[2*i+1])
			}
			x = y
		}
		for lane := range lanes {
			for _, v := range x {
				y := v.AsX()
				if lane > 0 {
					y = g.XMM()
					if g.wide {
						g.VEXTRACTI32X4(operand.Imm(uint64(lane)), v, y)
					} else {
						g.VEXTRACTI128(operand.Imm(uint64(lane)), v, y)
					}
				}
				if g.wide {
					g.VMOVUPS(y, operand.Mem{Base: to})
				} else {
					g.VMOVLPS(y, operand.Mem{Base: to})
					g.ADDQ(m, to)
					g.VMOVHPS(y, operand.Mem{Base: to})
				}
				g.ADDQ(m, to)
				if partial {
					g.DECQ(left)
					g.JE(operand.LabelRef("next"))
				}
			}
		}
	}
	bytes := 4 * g.W()
	g.Label("group")
	g.MOVQ(width, left)
	g.MOVQ(dst, to)
	g.XORQ(col, col)
	g.Label("columns")
	g.CMPQ(left, operand.I32(bytes))
	g.JL(operand.LabelRef("partial"))
	block(false)
	g.ADDQ(operand.I32(bytes), col)
	g.SUBQ(operand.I32(bytes), left)
	g.JMP(operand.LabelRef("columns"))
	g.Label("partial")
	if g.wide {
		g.TESTQ(left, left)
		g.JE(operand.LabelRef("next"))
		ones, count, k := g.GP64(), g.GP64(), g.K()
		g.MOVQ(left, count)
		g.MOVQ(operand.U32(1), ones)
		g.shiftLeft(count, ones)
		g.DECQ(ones)
		g.KMOVQ(ones, k)
		g.mask = k
		block(true)
	}
	g.Label("next")
	g.ADDQ(operand.I32(rows), dst)
	g.ADDQ(operand.I32(4*rows), index)
	g.DECQ(groups)
	g.JNE(operand.LabelRef("group"))
	g.end()
}

// prefetches emits the kernel of PrefetchRows.
func prefetches(g *gen) {
	g.begin(kernel{name: "prefetchRows", doc: "prefetches the cache lines of rows of cols bytes. Neither number is 0.",
		asm: "(src *uint8, cols int, index *uint32, rows int)", call: "(src []byte, cols int, index []uint32)",
		args: map[string]string{"rows": "len(index)"}})
	src, cols, index, rows := g.param("src"), g.param("cols"), g.param("index"), g.param("rows")
	at, end := g.GP64(), g.GP64()
	g.Label("row")
	g.MOVL(operand.Mem{Base: index}, at.As32())
	g.IMULQ(cols, at)
	g.ADDQ(src, at)
	g.LEAQ(operand.Mem{Base: at, Index: cols, Scale: 1, Disp: -1}, end)
	g.Label("line")
	g.PREFETCHT1(operand.Mem{Base: at})
	g.ADDQ(operand.Imm(64), at)
	g.CMPQ(at, end)
	g.JLE(operand.LabelRef("line"))
	g.PREFETCHT1(operand.Mem{Base: end})
	g.ADDQ(operand.Imm(4), index)
	g.DECQ(rows)
	g.JNE(operand.LabelRef("row"))
	g.RET()
}
