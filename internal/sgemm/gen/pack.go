package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// packRows writes the kernel that copies part of each row.
func packRows(s *set) {
	name := "packRows" + s.name
	TEXT(name, 4|8, "func(dst *float32, ds int, src *float32, ld, n, k int)")
	Pragma("noescape")
	Doc(name+" copies the first n elements, from 1 to two vectors, of each of k rows that are ld",
		"elements apart to rows that are ds elements apart, and zeros to the end of the vector.")
	dst, ds := gp("dst"), elements("ds")
	src, ld := gp("src"), elements("ld")
	n, k := gp("n"), gp("k")
	CMPQ(n, U32(s.lanes))
	JG(LabelRef("two"))
	s.setMask(n)
	Label("one_loop")
	SUBQ(Imm(1), k)
	JL(LabelRef("done"))
	s.loadMasked(Mem{Base: src}, s.v[0])
	VMOVUPS(s.v[0], Mem{Base: dst})
	ADDQ(ld, src)
	ADDQ(ds, dst)
	JMP(LabelRef("one_loop"))
	Label("two")
	SUBQ(Imm(uint64(s.lanes)), n)
	s.setMask(n)
	Label("two_loop")
	SUBQ(Imm(1), k)
	JL(LabelRef("done"))
	VMOVUPS(Mem{Base: src}, s.v[0])
	s.loadMasked(Mem{Base: src, Disp: s.bytes()}, s.v[1])
	VMOVUPS(s.v[0], Mem{Base: dst})
	VMOVUPS(s.v[1], Mem{Base: dst, Disp: s.bytes()})
	ADDQ(ld, src)
	ADDQ(ds, dst)
	JMP(LabelRef("two_loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// packTransposed writes the kernel that transposes. Squares of 4×4 are gathered from
// as many rows as a vector has quarters (or halves) by the loads, so that only the
// squares are left to be transposed in registers.
func packTransposed(s *set) {
	name := "packTransposed" + s.name
	TEXT(name, 4, "func(dst *float32, ds int, src *float32, ld, n, k int)")
	Pragma("noescape")
	Doc(name+" copies the first k elements of each of n rows, from 1 to a vector, that are ld",
		"elements apart, to the columns of dst, whose k rows of one vector are ds",
		"apart. The columns beyond n repeat the last.")
	dst, ds := gp("dst"), elements("ds")
	src, ld := gp("src"), elements("ld")
	n, k := gp("n"), gp("k")
	rows := AllocLocal(8 * s.lanes)
	next := GP64()
	for r := range s.lanes {
		MOVQ(src, rows.Offset(8*r))
		if r+1 < s.lanes {
			LEAQ(Mem{Base: src, Index: ld, Scale: 1}, next)
			CMPQ(n, U32(r+1))
			CMOVQGT(next, src)
		}
	}
	ds3 := GP64()
	LEAQ(Mem{Base: ds, Index: ds, Scale: 2}, ds3)
	off, p := GP64(), GP64()
	XORQ(off, off)
	SUBQ(Imm(4), k)
	JL(LabelRef("rest"))
	Label("loop")
	v, t := s.v[0:4], s.v[4:8]
	for j := range 4 {
		MOVQ(rows.Offset(8*j), p)
		VMOVUPS(Mem{Base: p, Index: off, Scale: 1}, low[j])
		for q := 1; q < s.lanes/4; q++ {
			MOVQ(rows.Offset(8*(4*q+j)), p)
			m := Mem{Base: p, Index: off, Scale: 1}
			if s.avx512() {
				VINSERTF32X4(Imm(uint64(q)), m, v[j], v[j])
			} else {
				VINSERTF128(Imm(uint64(q)), m, v[j], v[j])
			}
		}
	}
	VUNPCKLPS(v[1], v[0], t[0])
	VUNPCKHPS(v[1], v[0], t[1])
	VUNPCKLPS(v[3], v[2], t[2])
	VUNPCKHPS(v[3], v[2], t[3])
	VUNPCKLPD(t[2], t[0], v[0])
	VUNPCKHPD(t[2], t[0], v[1])
	VUNPCKLPD(t[3], t[1], v[2])
	VUNPCKHPD(t[3], t[1], v[3])
	VMOVUPS(v[0], Mem{Base: dst})
	VMOVUPS(v[1], Mem{Base: dst, Index: ds, Scale: 1})
	VMOVUPS(v[2], Mem{Base: dst, Index: ds, Scale: 2})
	VMOVUPS(v[3], Mem{Base: dst, Index: ds3, Scale: 1})
	LEAQ(Mem{Base: dst, Index: ds, Scale: 4}, dst)
	ADDQ(Imm(16), off)
	SUBQ(Imm(4), k)
	JGE(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(4), k)
	JLE(LabelRef("done"))
	x := GP32()
	Label("rest_loop")
	for r := range s.lanes {
		MOVQ(rows.Offset(8*r), p)
		MOVL(Mem{Base: p, Index: off, Scale: 1}, x)
		MOVL(x, Mem{Base: dst, Disp: 4 * r})
	}
	ADDQ(ds, dst)
	ADDQ(Imm(4), off)
	DECQ(k)
	JG(LabelRef("rest_loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// prefetch writes the kernel that has rows fetched to the second-level cache.
func prefetch(s *set) {
	name := "prefetch" + s.name
	TEXT(name, 4|8, "func(src *float32, ld, n, k int)")
	Pragma("noescape")
	Doc(name+" has the first n elements of each of k rows, ld elements apart, fetched to the",
		"second-level cache.")
	src, ld := gp("src"), elements("ld")
	n, k := elements("n"), gp("k")
	p, end := GP64(), GP64()
	Label("rows")
	SUBQ(Imm(1), k)
	JL(LabelRef("done"))
	MOVQ(src, p)
	LEAQ(Mem{Base: src, Index: n, Scale: 1}, end)
	ANDQ(I32(-64), p)
	Label("lines")
	PREFETCHT1(Mem{Base: p})
	ADDQ(Imm(64), p)
	CMPQ(p, end)
	JCS(LabelRef("lines"))
	ADDQ(ld, src)
	JMP(LabelRef("rows"))
	Label("done")
	RET()
}
