package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unroll is the number of steps along k in an iteration of the loop.
const unroll = 4

// A tileCode emits the code for a number of columns.
type tileCode struct {
	*matmul
	rows    int
	vectors int  // 1 or 2
	masked  bool // whether the last vector is partial
	label   string

	rs, r3, ks    reg.GPVirtual // distances in A: 1 and 3 rows, 1 step along k
	ldb, stepb    reg.GPVirtual
	ldc           reg.GPVirtual
	n, a, b, c    reg.GPVirtual
	pb, cnt       reg.GPVirtual
	pa            []reg.GPVirtual // every fourth row
	acc           [][]reg.VecPhysical
	bv, broadcast []reg.VecPhysical
}

// tile emits the kernel for a number of rows. One call computes a band of C in tiles of two
// vectors, and the remaining columns in a masked tile.
func tile(s *matmul, rows int) {
	s.begin(kernel{name: fmt.Sprintf("tile%d", rows), list: "tiles",
		asm: "(n, k int, a *float32, rs, ks int, b *float32, ldb, stepb int, c *float32, ldc int, alpha, beta float32, near0 *float32, ld0 int, near1 *float32, ld1 int)",
		doc: "computes r rows (tile1 computes one) and n columns of C = alpha·A·B + beta·C, n ≥ 1. The rows of A are rs and its columns ks elements apart. " +
			"B is in panels of two vectors of columns, stepb elements apart, whose rows are ldb elements apart. " +
			"The rows of C are ldc elements apart. C is not read if beta is 0. " +
			"The same rows and columns of near0 and near1 are prefetched to the second-level cache, unless they are nil."})
	y := &tileCode{matmul: s, rows: rows}
	y.n = s.param("n")
	y.a = s.GP64()
	y.rs, y.ks = s.elements("rs"), s.elements("ks")
	if rows > 3 {
		y.r3 = s.GP64()
		s.LEAQ(operand.Mem{Base: y.rs, Index: y.rs, Scale: 2}, y.r3)
	}
	y.b, y.ldb = s.param("b"), s.elements("ldb")
	y.c, y.ldc = s.param("c"), s.elements("ldc")
	y.pb, y.cnt = s.GP64(), s.GP64()
	for i := 0; i < rows; i += 4 {
		y.pa = append(y.pa, s.GP64())
	}

	s.CMPQ(y.n, operand.U32(2*s.W()))
	s.JL(operand.LabelRef("tail"))
	s.Label("wide")
	y.emit("wide", 2, false)
	t := s.GP64()
	s.Load(s.Param("stepb"), t)
	s.LEAQ(operand.Mem{Base: y.b, Index: t, Scale: 4}, y.b)
	s.ADDQ(operand.Imm(uint64(2*s.bytes())), y.c)
	s.SUBQ(operand.Imm(uint64(2*s.W())), y.n)
	s.CMPQ(y.n, operand.U32(2*s.W()))
	s.JGE(operand.LabelRef("wide"))

	s.Label("tail")
	s.CMPQ(y.n, operand.U32(s.W()))
	s.JG(operand.LabelRef("wide_masked"))
	s.TESTQ(y.n, y.n)
	s.JLE(operand.LabelRef("done"))
	s.setMask(y.n)
	y.emit("thin_masked", 1, true)
	s.JMP(operand.LabelRef("done"))
	s.Label("wide_masked")
	s.SUBQ(operand.Imm(uint64(s.W())), y.n)
	s.setMask(y.n)
	y.emit("masked", 2, true)
	s.Label("done")
	s.end()
}

// emit emits the code for one tile.
func (y *tileCode) emit(label string, vectors int, masked bool) {
	y.label, y.vectors, y.masked = label, vectors, masked
	y.registers()

	y.fetch("near0", "ld0")
	y.fetch("near1", "ld1")
	a := y.GP64()
	y.Load(y.Param("a"), a)
	for g, p := range y.pa {
		if g == 0 {
			y.MOVQ(a, p)
		} else {
			y.LEAQ(operand.Mem{Base: y.pa[g-1], Index: y.rs, Scale: 4}, p)
		}
	}
	y.MOVQ(y.b, y.pb)
	for _, row := range y.acc {
		for _, v := range row {
			y.clear(v)
		}
	}

	steps := unroll
	if masked {
		steps = 1
	}
	y.Load(y.Param("k"), y.cnt)
	if steps > 1 {
		y.SUBQ(operand.Imm(uint64(steps)), y.cnt)
		y.JL(operand.LabelRef(label + "_rest"))
		y.Label(label + "_loop")
		for range steps {
			y.step()
		}
		y.SUBQ(operand.Imm(uint64(steps)), y.cnt)
		y.JGE(operand.LabelRef(label + "_loop"))
		y.Label(label + "_rest")
		y.ADDQ(operand.Imm(uint64(steps)), y.cnt)
	} else {
		y.TESTQ(y.cnt, y.cnt)
	}
	y.JLE(operand.LabelRef(label + "_sum"))
	y.Label(label + "_one")
	y.step()
	y.DECQ(y.cnt)
	y.JG(operand.LabelRef(label + "_one"))
	y.Label(label + "_sum")
	y.store()
}

// fetch prefetches the elements of the tile in another matrix. If a row of the tile does not
// begin at a cache line, it touches one more line, which the previous tile has fetched.
func (y *tileCode) fetch(near, ld string) {
	done := y.label + "_" + near
	p, skip := y.param(near), y.param("c")
	y.TESTQ(p, p)
	y.JZ(operand.LabelRef(done))
	y.SUBQ(y.c, skip)
	y.SUBQ(skip, p)
	stride := y.elements(ld)
	for i := range y.rows {
		for end := 64; end <= y.vectors*y.bytes(); end += 64 {
			y.PREFETCHT1(operand.Mem{Base: p, Disp: end - 4})
		}
		if y.vectors*y.bytes() < 64 {
			y.PREFETCHT1(operand.Mem{Base: p, Disp: y.vectors*y.bytes() - 4})
		}
		if i+1 < y.rows {
			y.ADDQ(stride, p)
		}
	}
	y.Label(done)
}

// registers assigns the vector registers, the accumulators first.
func (y *tileCode) registers() {
	y.acc = nil
	next := 0
	if y.wide {
		next = 4
	}
	for range y.rows {
		y.acc = append(y.acc, y.v[next:next+y.vectors])
		next += y.vectors
	}
	if y.wide {
		y.bv = y.v[0:2]
		y.broadcast = y.v[2:4]
		if next+2 <= len(y.v) {
			y.broadcast = append(append([]reg.VecPhysical{}, y.broadcast...), y.v[next:]...)
		}
		return
	}
	y.bv = y.v[12:14]
	y.broadcast = y.v[14:16]
	if y.masked {
		y.broadcast = y.v[14:15]
	}
}

// row returns the address of the element of A in row i.
func (y *tileCode) row(i int) operand.Mem {
	m := operand.Mem{Base: y.pa[i/4]}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = y.rs, 1
	case 2:
		m.Index, m.Scale = y.rs, 2
	case 3:
		m.Index, m.Scale = y.r3, 1
	}
	return m
}

// step adds the product of one column of A and one row of B.
func (y *tileCode) step() {
	for v := range y.vectors {
		y.load(operand.Mem{Base: y.pb, Disp: v * y.bytes()}, y.bv[v], y.partial(v))
	}
	for i, acc := range y.acc {
		if y.vectors == 1 && y.wide {
			y.VFMADD231PS_BCST(y.row(i), y.bv[0], acc[0])
			continue
		}
		x := y.broadcast[i%len(y.broadcast)]
		y.VBROADCASTSS(y.row(i), x)
		for v := range y.vectors {
			y.VFMADD231PS(x, y.bv[v], acc[v])
		}
	}
	y.ADDQ(y.ldb, y.pb)
	for _, p := range y.pa {
		y.ADDQ(y.ks, p)
	}
}

// store scales the tile, adds beta·C and stores it.
func (y *tileCode) store() {
	alpha, beta := y.bv[0], y.bv[1]
	bits := y.GP32()
	one := uint32(0x3f800000)
	y.MOVL(y.slot("alpha"), bits)
	y.CMPL(bits, operand.U32(one))
	y.JE(operand.LabelRef(y.label + "_scaled"))
	y.VBROADCASTSS(y.slot("alpha"), alpha)
	for _, row := range y.acc {
		for _, v := range row {
			y.VMULPS(alpha, v, v)
		}
	}
	y.Label(y.label + "_scaled")

	p := y.GP64()
	y.MOVQ(y.c, p)
	y.VBROADCASTSS(y.slot("beta"), beta)
	y.MOVL(y.slot("beta"), bits)
	y.ADDL(bits, bits) // drops the sign, so that −0 is 0
	y.JZ(operand.LabelRef(y.label + "_store"))
	y.vectorsOfC(p, func(acc reg.Register, m operand.Mem, partial bool) {
		if partial {
			y.load(m, y.bv[0], true)
			y.VFMADD231PS(y.bv[0], beta, acc)
		} else {
			y.VFMADD231PS(m, beta, acc)
		}
	})
	y.MOVQ(y.c, p)
	y.Label(y.label + "_store")
	y.vectorsOfC(p, y.gen.store)
}

// partial reports whether vector v of a row is partial.
func (y *tileCode) partial(v int) bool { return y.masked && v == y.vectors-1 }

// vectorsOfC emits code for each accumulator and its vector of C. It advances p, the
// address of the first row of C, to the last row.
func (y *tileCode) vectorsOfC(p reg.GPVirtual, each func(acc reg.Register, m operand.Mem, partial bool)) {
	for i, row := range y.acc {
		for v, acc := range row {
			each(acc, operand.Mem{Base: p, Disp: v * y.bytes()}, y.partial(v))
		}
		if i+1 < y.rows {
			y.ADDQ(y.ldc, p)
		}
	}
}
