package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dotRows is how many rows of B meet A's at a time.
const dotRows = 4

// dots writes the kernel for a product of one row with a transposed matrix. A sum has
// 16 partial sums on every machine.
func dots(s *set) {
	name := "dots" + s.name
	TEXT(name, 4|8, "func(n, k int, a, b *float32, ldb int, c *float32, alpha, beta float32)")
	Pragma("noescape")
	Doc(name+" computes C = alpha·A·Bᵀ + beta·C, where A is a row of k elements, C a row of n,",
		"and B's n rows are ldb elements apart. n is at least 1. C is not read where beta is 0.")
	halves := 16 / s.lanes
	n, ldb := gp("n"), elements("ldb")
	next, c := gp("b"), gp("c")
	a, k, off := GP64(), GP64(), GP64()
	var row [dotRows]GPVirtual
	for r := range row {
		row[r] = GP64()
	}
	acc, x := s.v[:dotRows*halves], s.v[dotRows*halves:dotRows*halves+halves]
	t := s.v[dotRows*halves+halves]

	Label("group")
	t0 := GP64()
	for r, p := range row {
		if r == 0 {
			MOVQ(next, p)
			continue
		}
		MOVQ(row[r-1], p)
		LEAQ(Mem{Base: p, Index: ldb, Scale: 1}, t0)
		CMPQ(n, U32(r))
		CMOVQGT(t0, p)
	}
	LEAQ(Mem{Base: next, Index: ldb, Scale: 4}, next)
	for _, v := range acc {
		s.zero(v)
	}
	Load(Param("a"), a)
	Load(Param("k"), k)
	XORQ(off, off)
	SUBQ(Imm(16), k)
	JL(LabelRef("rest"))
	Label("loop")
	for h := range halves {
		VMOVUPS(Mem{Base: a, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h])
	}
	for r, p := range row {
		for h := range halves {
			VFMADD231PS(Mem{Base: p, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h], acc[r*halves+h])
		}
	}
	ADDQ(Imm(64), off)
	SUBQ(Imm(16), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(16), k)
	JZ(LabelRef("sum"))
	for h := range halves {
		part := GP64()
		MOVQ(k, part)
		if h+1 < halves {
			whole := GP64()
			MOVQ(U32(s.lanes), whole)
			CMPQ(part, U32(s.lanes))
			CMOVQGT(whole, part)
		} else if h > 0 {
			SUBQ(Imm(uint64(s.lanes)), part)
			JLE(LabelRef("sum"))
		}
		s.setMask(part)
		s.loadMasked(Mem{Base: a, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h])
		for r, p := range row {
			s.loadMasked(Mem{Base: p, Index: off, Scale: 1, Disp: h * s.bytes()}, t)
			VFMADD231PS(t, x[h], acc[r*halves+h])
		}
	}
	Label("sum")
	y := []VecPhysical{Y0, Y1, Y2, Y3}
	if s.avx512() {
		for _, v := range y {
			VEXTRACTF32X8(Imm(1), v.AsZ(), Y4)
			VADDPS(Y4, v, v)
		}
	} else {
		for r, v := range y {
			VADDPS(acc[2*r+1], acc[2*r], v)
		}
	}
	VHADDPS(Y1, Y0, Y0)
	VHADDPS(Y3, Y2, Y2)
	VHADDPS(Y2, Y0, Y0)
	VEXTRACTF128(Imm(1), Y0, X1)
	VADDPS(X1, X0, X0)

	VBROADCASTSS(param("alpha"), X1)
	VMULPS(X1, X0, X0)
	mask, count, four := GP64(), GP64(), GP64()
	MOVQ(n, count)
	MOVQ(U32(dotRows), four)
	CMPQ(n, U32(dotRows))
	CMOVQGT(four, count)
	SHLQ(U8(2), count)
	LEAQ(masks().Offset(32), mask)
	SUBQ(count, mask)
	VMOVUPS(Mem{Base: mask}, X2)
	bits := GP32()
	MOVL(param("beta"), bits)
	ADDL(bits, bits) // leaves out the sign: -0 is 0
	JZ(LabelRef("store"))
	VBROADCASTSS(param("beta"), X1)
	VMASKMOVPS(Mem{Base: c}, X2, X3)
	VFMADD231PS(X3, X1, X0)
	Label("store")
	VMASKMOVPS(X0, X2, Mem{Base: c})
	ADDQ(Imm(4*dotRows), c)
	SUBQ(Imm(dotRows), n)
	JG(LabelRef("group"))
	VZEROUPPER()
	RET()
}
