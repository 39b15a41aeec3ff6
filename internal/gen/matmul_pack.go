package main

import (
	"github.com/mmcloughlin/avo/operand"
)

// packRows emits the kernel that copies part of each row.
func packRows(s *matmul) {
	s.begin(kernel{name: "packRows", asm: "(dst *float32, ds int, src *float32, ld, n, k int)",
		doc: "copies the first n elements of each of k rows, from 1 to two vectors, and fills the last vector with zeros. The rows of src are ld elements apart, those of dst ds."})
	dst, ds := s.param("dst"), s.elements("ds")
	src, ld := s.param("src"), s.elements("ld")
	n, k := s.param("n"), s.param("k")
	s.CMPQ(n, operand.U32(s.W()))
	s.JG(operand.LabelRef("two"))
	s.setMask(n)
	s.Label("one_loop")
	s.SUBQ(operand.Imm(1), k)
	s.JL(operand.LabelRef("done"))
	s.loadMasked(operand.Mem{Base: src}, s.v[0])
	s.VMOVUPS(s.v[0], operand.Mem{Base: dst})
	s.ADDQ(ld, src)
	s.ADDQ(ds, dst)
	s.JMP(operand.LabelRef("one_loop"))
	s.Label("two")
	s.SUBQ(operand.Imm(uint64(s.W())), n)
	s.setMask(n)
	s.Label("two_loop")
	s.SUBQ(operand.Imm(1), k)
	s.JL(operand.LabelRef("done"))
	s.VMOVUPS(operand.Mem{Base: src}, s.v[0])
	s.loadMasked(operand.Mem{Base: src, Disp: s.bytes()}, s.v[1])
	s.VMOVUPS(s.v[0], operand.Mem{Base: dst})
	s.VMOVUPS(s.v[1], operand.Mem{Base: dst, Disp: s.bytes()})
	s.ADDQ(ld, src)
	s.ADDQ(ds, dst)
	s.JMP(operand.LabelRef("two_loop"))
	s.Label("done")
	s.VZEROUPPER()
	s.RET()
}

// packTransposed emits the kernel that transposes. The loads place 4×4 squares of
// different rows in the quarters (or halves) of a vector, so only the squares must be
// transposed in registers.
func packTransposed(s *matmul) {
	s.begin(kernel{name: "packTransposed", asm: "(dst *float32, ds int, src *float32, ld, n, k int)",
		doc: "copies the first k elements of each of n rows to the columns of dst, 1 ≤ n ≤ lanes. The rows of src are ld elements apart. The k rows of dst are vectors, ds elements apart. The columns after n repeat the last."})
	dst, ds := s.param("dst"), s.elements("ds")
	src, ld := s.param("src"), s.elements("ld")
	n, k := s.param("n"), s.param("k")
	rows := s.AllocLocal(8 * s.W())
	next := s.GP64()
	for r := range s.W() {
		s.MOVQ(src, rows.Offset(8*r))
		if r+1 < s.W() {
			s.LEAQ(operand.Mem{Base: src, Index: ld, Scale: 1}, next)
			s.CMPQ(n, operand.U32(r+1))
			s.CMOVQGT(next, src)
		}
	}
	ds3 := s.GP64()
	s.LEAQ(operand.Mem{Base: ds, Index: ds, Scale: 2}, ds3)
	off, p := s.GP64(), s.GP64()
	s.XORQ(off, off)
	s.SUBQ(operand.Imm(4), k)
	s.JL(operand.LabelRef("rest"))
	s.Label("loop")
	v, t := s.v[0:4], s.v[4:8]
	for j := range 4 {
		s.MOVQ(rows.Offset(8*j), p)
		s.VMOVUPS(operand.Mem{Base: p, Index: off, Scale: 1}, v[j].AsX())
		for q := 1; q < s.W()/4; q++ {
			s.MOVQ(rows.Offset(8*(4*q+j)), p)
			m := operand.Mem{Base: p, Index: off, Scale: 1}
			if s.wide {
				s.VINSERTF32X4(operand.Imm(uint64(q)), m, v[j], v[j])
			} else {
				s.VINSERTF128(operand.Imm(uint64(q)), m, v[j], v[j])
			}
		}
	}
	s.VUNPCKLPS(v[1], v[0], t[0])
	s.VUNPCKHPS(v[1], v[0], t[1])
	s.VUNPCKLPS(v[3], v[2], t[2])
	s.VUNPCKHPS(v[3], v[2], t[3])
	s.VUNPCKLPD(t[2], t[0], v[0])
	s.VUNPCKHPD(t[2], t[0], v[1])
	s.VUNPCKLPD(t[3], t[1], v[2])
	s.VUNPCKHPD(t[3], t[1], v[3])
	s.VMOVUPS(v[0], operand.Mem{Base: dst})
	s.VMOVUPS(v[1], operand.Mem{Base: dst, Index: ds, Scale: 1})
	s.VMOVUPS(v[2], operand.Mem{Base: dst, Index: ds, Scale: 2})
	s.VMOVUPS(v[3], operand.Mem{Base: dst, Index: ds3, Scale: 1})
	s.LEAQ(operand.Mem{Base: dst, Index: ds, Scale: 4}, dst)
	s.ADDQ(operand.Imm(16), off)
	s.SUBQ(operand.Imm(4), k)
	s.JGE(operand.LabelRef("loop"))
	s.Label("rest")
	s.ADDQ(operand.Imm(4), k)
	s.JLE(operand.LabelRef("done"))
	x := s.GP32()
	s.Label("rest_loop")
	for r := range s.W() {
		s.MOVQ(rows.Offset(8*r), p)
		s.MOVL(operand.Mem{Base: p, Index: off, Scale: 1}, x)
		s.MOVL(x, operand.Mem{Base: dst, Disp: 4 * r})
	}
	s.ADDQ(ds, dst)
	s.ADDQ(operand.Imm(4), off)
	s.DECQ(k)
	s.JG(operand.LabelRef("rest_loop"))
	s.Label("done")
	s.VZEROUPPER()
	s.RET()
}

// prefetch emits the kernel that prefetches rows to the second-level cache.
func prefetch(s *matmul) {
	s.begin(kernel{name: "prefetch", asm: "(src *float32, ld, n, k int)",
		doc: "prefetches the first n elements of each of k rows, ld elements apart, to the second-level cache."})
	src, ld := s.param("src"), s.elements("ld")
	n, k := s.elements("n"), s.param("k")
	p, end := s.GP64(), s.GP64()
	s.Label("rows")
	s.SUBQ(operand.Imm(1), k)
	s.JL(operand.LabelRef("done"))
	s.MOVQ(src, p)
	s.LEAQ(operand.Mem{Base: src, Index: n, Scale: 1}, end)
	s.ANDQ(operand.I32(-64), p)
	s.Label("lines")
	s.PREFETCHT1(operand.Mem{Base: p})
	s.ADDQ(operand.Imm(64), p)
	s.CMPQ(p, end)
	s.JCS(operand.LabelRef("lines"))
	s.ADDQ(ld, src)
	s.JMP(operand.LabelRef("rows"))
	s.Label("done")
	s.RET()
}
