package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// compactions emits the kernel of CompactRows, of which Compact is the case of one
// row. A vector's worth of bytes is widened, those that are not zero are moved to
// the front, and a whole vector is stored: what is too much is overwritten by the
// next. No more than the bytes seen so far can have been stored, so that a whole
// vector stays within as many elements as there are bytes.
func compactions(g *gen) {
	g.begin("compactRows", "is compactRowsGo. src has rows·cols bytes, neither being 0; start[0] is not\nwritten.",
		"(start, idx *int32, val *float32, src *uint8, rows, cols int, scale float32)")
	start, idx, val, src := g.param("start"), g.param("idx"), g.param("val"), g.param("src")
	rows, cols := g.param("rows"), g.param("cols")
	scale := g.broadcastParam("scale")
	c := compactor{gen: g, idx: idx, val: val, scale: scale, n: g.GP64()}
	c.prepare()
	g.XORQ(c.n, c.n)
	left := g.GP64()
	g.Label("row")
	g.MOVQ(cols, left)
	g.VMOVAPS(c.first, c.pos)
	if g.wide {
		c.chunks(src, left)
	}
	g.Label("vector")
	g.CMPQ(left, operand.I32(g.W()))
	g.JL(operand.LabelRef("tail"))
	c.vector(operand.Mem{Base: src}, false)
	g.ADDQ(operand.I32(g.W()), src)
	g.SUBQ(operand.I32(g.W()), left)
	g.JMP(operand.LabelRef("vector"))
	g.Label("tail")
	g.TESTQ(left, left)
	g.JE(operand.LabelRef("rowDone"))
	if g.wide {
		g.setMask(left)
		c.vector(operand.Mem{Base: src}, true)
		g.ADDQ(left, src)
	} else {
		c.bytes(src, cols, left)
	}
	g.Label("rowDone")
	g.ADDQ(operand.Imm(4), start)
	g.MOVL(c.n.As32(), operand.Mem{Base: start})
	g.DECQ(rows)
	g.JNE(operand.LabelRef("row"))
	g.end()
}

// chunks lists the bytes by the 64, of which none is listed if all are zero: half of
// an image's margins, or a pixel in them for a whole batch. Single vectors are zero
// too irregularly for a branch to pay.
func (c *compactor) chunks(src, left reg.GPVirtual) {
	const chunk = 64
	x, step, k := c.vec(), c.intReg(chunk), c.K()
	c.Label("chunk")
	c.CMPQ(left, operand.I32(chunk))
	c.JL(operand.LabelRef("vector"))
	c.VMOVUPS(operand.Mem{Base: src}, x)
	c.VPTESTMB(x, x, k)
	c.KORTESTQ(k, k)
	c.JE(operand.LabelRef("empty"))
	for i := range chunk / c.W() {
		c.vector(operand.Mem{Base: src, Disp: i * c.W()}, false)
	}
	c.Label("nextChunk")
	c.ADDQ(operand.I32(chunk), src)
	c.SUBQ(operand.I32(chunk), left)
	c.JMP(operand.LabelRef("chunk"))
	c.Label("empty")
	c.VPADDD(step, c.pos, c.pos)
	c.JMP(operand.LabelRef("nextChunk"))
}

type compactor struct {
	*gen
	idx, val, n reg.GPVirtual
	scale       reg.VecVirtual
	first, pos  reg.VecVirtual // the positions of a row's first vector, and of this one
	step        reg.VecVirtual
	orders      reg.GPVirtual // see orderTable
	zeros       reg.VecVirtual
}

func (c *compactor) prepare() {
	iota := c.data(c.table + "_iota" + map[bool]string{true: "16", false: "8"}[c.wide])
	for i := range c.W() {
		c.AddDatum(4*i, operand.U32(i))
	}
	c.first, c.pos = c.vec(), c.vec()
	c.VMOVUPS(iota, c.first)
	c.step = c.intReg(int32(c.W()))
	if !c.wide {
		c.orders = c.GP64()
		c.LEAQ(c.orderTable(), c.orders)
		c.zeros = c.vec()
		c.zero(c.zeros)
	}
}

// vector lists a vector's worth of bytes, or those under the mask.
func (c *compactor) vector(m operand.Mem, partial bool) {
	x, p := c.vec(), c.vec()
	bits := c.GP64()
	if c.wide {
		k := c.K()
		if partial {
			c.VPMOVZXBD_Z(m, c.mask, x)
		} else {
			c.VPMOVZXBD(m, x)
		}
		c.VPTESTMD(x, x, k)
		c.KMOVW(k, bits.As32())
		// Compressed in a register: to memory the instruction takes a hundred cycles
		// on Zen 4.
		c.VPCOMPRESSD_Z(c.pos, k, p)
		c.VPCOMPRESSD_Z(x, k, x)
	} else {
		mask, order := c.vec(), c.vec()
		c.VPMOVZXBD(m, x)
		c.VPCMPEQD(c.zeros, x, mask)
		c.VMOVMSKPS(mask, bits.As32())
		c.VPMOVZXBD(operand.Mem{Base: c.orders, Index: bits, Scale: 8}, order)
		c.XORL(operand.U32(0xff), bits.As32())
		c.VPERMD(c.pos, order, p)
		c.VPERMD(x, order, x)
	}
	c.VCVTDQ2PS(x, x)
	c.VMULPS(c.scale, x, x)
	c.store(p, at(c.idx, c.n, 0), partial)
	c.store(x, at(c.val, c.n, 0), partial)
	c.POPCNTL(bits.As32(), bits.As32())
	c.ADDQ(bits, c.n)
	c.VPADDD(c.step, c.pos, c.pos)
}

// orderTable returns, for each set of eight lanes that are zero, the order that puts
// the others first.
func (c *compactor) orderTable() operand.Mem {
	m := c.data(c.table + "_orders")
	for zeros := range 256 {
		var order uint64
		n := 0
		for lane := range 8 {
			if zeros>>lane&1 == 0 {
				order |= uint64(lane) << (8 * n)
				n++
			}
		}
		c.AddDatum(8*zeros, operand.U64(order))
	}
	return m
}

// bytes lists the last left bytes of a row one by one, without a branch on them.
func (c *compactor) bytes(src, cols, left reg.GPVirtual) {
	b, pos := c.GP64(), c.GP64()
	x := c.XMM()
	c.MOVQ(cols, pos)
	c.SUBQ(left, pos)
	c.Label("byte")
	c.MOVBLZX(operand.Mem{Base: src}, b.As32())
	c.VCVTSI2SSL(b.As32(), x, x)
	c.VMULSS(c.scale.AsX(), x, x)
	c.MOVL(pos.As32(), at(c.idx, c.n, 0))
	c.VMOVSS(x, at(c.val, c.n, 0))
	c.NEGL(b.As32()) // carries unless it is 0
	c.ADCQ(operand.Imm(0), c.n)
	c.INCQ(pos)
	c.INCQ(src)
	c.DECQ(left)
	c.JNE(operand.LabelRef("byte"))
}
