package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// square is how many bytes of a row are transposed at a time.
const square = 16

// affine turns a vector of integers into scale·p + shift. The product is rounded before
// the sum, as the equation of what is gathered says.
func affine(p, scale, shift VecPhysical) {
	VCVTDQ2PS(p, p)
	VMULPS(scale, p, p)
	VADDPS(shift, p, p)
}

// gatherRows writes the kernel that makes numbers of part of each row of bytes.
func gatherRows(s *set) {
	name := "gatherRows" + s.name
	TEXT(name, 4|8, "func(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)")
	Pragma("noescape")
	Doc(name+" makes scale·p + shift of the first n bytes p, from 1 to two vectors of them, of each of",
		"k rows, which begin rows[0], rows[1], … bytes after src, and writes them to rows that are",
		"ds elements apart. What it writes beyond n, to the end of the vector, has no meaning.")
	dst, ds := gp("dst"), elements("ds")
	src, rows := gp("src"), gp("rows")
	n, k := gp("n"), gp("k")
	scale, shift := s.v[2], s.v[3]
	VBROADCASTSS(param("scale"), scale)
	VBROADCASTSS(param("shift"), shift)
	p := GP64()
	CMPQ(n, U32(s.lanes))
	JG(LabelRef("two"))
	if s.avx512() {
		s.setMask(n)
	}
	Label("one_loop")
	SUBQ(Imm(1), k)
	JL(LabelRef("done"))
	MOVQ(Mem{Base: rows}, p)
	ADDQ(Imm(8), rows)
	ADDQ(src, p)
	s.widenSome(p, 0, n, s.v[0], "one")
	affine(s.v[0], scale, shift)
	VMOVUPS(s.v[0], Mem{Base: dst})
	ADDQ(ds, dst)
	JMP(LabelRef("one_loop"))
	Label("two")
	SUBQ(Imm(uint64(s.lanes)), n)
	if s.avx512() {
		s.setMask(n)
	}
	Label("two_loop")
	SUBQ(Imm(1), k)
	JL(LabelRef("done"))
	MOVQ(Mem{Base: rows}, p)
	ADDQ(Imm(8), rows)
	ADDQ(src, p)
	VPMOVZXBD(Mem{Base: p}, s.v[0])
	s.widenSome(p, s.lanes, n, s.v[1], "two")
	affine(s.v[0], scale, shift)
	affine(s.v[1], scale, shift)
	VMOVUPS(s.v[0], Mem{Base: dst})
	VMOVUPS(s.v[1], Mem{Base: dst, Disp: s.bytes()})
	ADDQ(ds, dst)
	JMP(LabelRef("two_loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// widenSome makes integers of n bytes, from 1 to a vector of them, and zeros of the
// others, which it does not read.
func (s *set) widenSome(p GPVirtual, disp int, n GPVirtual, dst VecPhysical, label string) {
	if s.avx512() { // n is in the mask
		VPMOVZXBD_Z(Mem{Base: p, Disp: disp}, K1, dst)
		return
	}
	CMPQ(n, U32(s.lanes))
	JE(LabelRef(label + "_whole"))
	i, x, b := GP64(), GP64(), GP64()
	MOVQ(n, i)
	XORQ(x, x)
	Label(label + "_byte")
	SHLQ(U8(8), x)
	MOVBQZX(Mem{Base: p, Index: i, Scale: 1, Disp: disp - 1}, b)
	ORQ(b, x)
	DECQ(i)
	JNZ(LabelRef(label + "_byte"))
	VMOVQ(x, X15)
	VPMOVZXBD(X15, dst)
	JMP(LabelRef(label + "_widened"))
	Label(label + "_whole")
	VPMOVZXBD(Mem{Base: p, Disp: disp}, dst)
	Label(label + "_widened")
}

// gatherTransposed writes the kernel that transposes rows of bytes and makes numbers of
// them. The loads gather 16 bytes of each row so that rows 4q to 4q+3 come to lie in
// quarter (or half) q of four registers; two rounds of unpacking there put the four
// bytes of a column side by side, and one shuffle makes integers of a whole column.
func gatherTransposed(s *set) {
	name := "gatherTransposed" + s.name
	TEXT(name, 4, "func(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)")
	Pragma("noescape")
	Doc(name+" makes scale·p + shift of the first k bytes p of each of n rows, from 1 to a vector of",
		"them, which begin rows[0], rows[1], … bytes after src, and writes them to the columns of dst,",
		"whose k rows of one vector are ds elements apart. The columns beyond n repeat the last.")
	dst, ds := gp("dst"), elements("ds")
	src, list := gp("src"), gp("rows")
	n, k := gp("n"), gp("k")
	row := AllocLocal(8 * s.lanes)
	p, next := GP64(), GP64()
	for r := range s.lanes {
		MOVQ(Mem{Base: list}, p)
		ADDQ(src, p)
		MOVQ(p, row.Offset(8*r))
		if r+1 < s.lanes {
			LEAQ(Mem{Base: list, Disp: 8}, next)
			CMPQ(n, U32(r+1))
			CMOVQGT(next, list)
		}
	}
	v, t, column := s.v[0:4], s.v[4:8], s.v[8:12]
	scale, shift, x := s.v[12], s.v[13], s.v[14]
	VBROADCASTSS(param("scale"), scale)
	VBROADCASTSS(param("shift"), shift)
	for c := range column {
		m := columns().Offset(16 * c)
		if s.avx512() {
			VBROADCASTI32X4(m, column[c])
		} else {
			VBROADCASTI128(m, column[c])
		}
	}
	off, back := GP64(), GP64()
	XORQ(off, off)
	SUBQ(Imm(square), k)
	JL(LabelRef("few"))
	Label("loop")
	for j := range 4 {
		MOVQ(row.Offset(8*j), p)
		VMOVUPS(Mem{Base: p, Index: off, Scale: 1}, low[j])
		for q := 1; q < s.lanes/4; q++ {
			MOVQ(row.Offset(8*(4*q+j)), p)
			m := Mem{Base: p, Index: off, Scale: 1}
			if s.avx512() {
				VINSERTI32X4(Imm(uint64(q)), m, v[j], v[j])
			} else {
				VINSERTI128(Imm(uint64(q)), m, v[j], v[j])
			}
		}
	}
	VPUNPCKLBW(v[1], v[0], t[0])
	VPUNPCKHBW(v[1], v[0], t[1])
	VPUNPCKLBW(v[3], v[2], t[2])
	VPUNPCKHBW(v[3], v[2], t[3])
	VPUNPCKLWD(t[2], t[0], v[0])
	VPUNPCKHWD(t[2], t[0], v[1])
	VPUNPCKLWD(t[3], t[1], v[2])
	VPUNPCKHWD(t[3], t[1], v[3])
	for c := range square {
		y := []VecPhysical{x, t[0], t[1], t[2]}[c%4]
		VPSHUFB(column[c%4], v[c/4], y)
		affine(y, scale, shift)
		VMOVUPS(y, Mem{Base: dst})
		ADDQ(ds, dst)
	}
	ADDQ(Imm(square), off)
	SUBQ(Imm(square), k)
	JGE(LabelRef("loop"))
	ADDQ(Imm(square), k)
	JZ(LabelRef("done"))
	// The last square begins within the one before it.
	MOVQ(U32(square), back)
	SUBQ(k, back)
	SUBQ(back, off)
	IMULQ(ds, back)
	SUBQ(back, dst)
	XORQ(k, k)
	JMP(LabelRef("loop"))
	Label("few")
	ADDQ(Imm(square), k)
	JLE(LabelRef("done"))
	b := GP32()
	Label("few_loop")
	for r := range s.lanes {
		MOVQ(row.Offset(8*r), p)
		MOVBLZX(Mem{Base: p, Index: off, Scale: 1}, b)
		MOVL(b, Mem{Base: dst, Disp: 4 * r})
	}
	VMOVUPS(Mem{Base: dst}, x)
	affine(x, scale, shift)
	VMOVUPS(x, Mem{Base: dst})
	ADDQ(ds, dst)
	INCQ(off)
	DECQ(k)
	JG(LabelRef("few_loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

var columnTable *Mem

// columns is a table of four shuffles: the first makes 32-bit integers of bytes 0 to 3, the
// next of bytes 4 to 7, and so on.
func columns() Mem {
	if columnTable == nil {
		m := GLOBL("columns", 8|16) // RODATA|NOPTR
		for i := range 16 {
			DATA(4*i, U32(0x80808000|i))
		}
		columnTable = &m
	}
	return *columnTable
}
