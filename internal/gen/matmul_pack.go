package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// packRows emits the kernel that copies part of each row.
func packRows(s *matmul) {
	s.begin(kernel{name: "packRows", asm: "(dst *float32, ds int, src *float32, ld, n, k int)",
		doc: "copies the first n elements of each of k rows, from 1 to two vectors, and fills the last vector with zeros. The rows of src are ld elements apart, those of dst ds."})
	dst, ds := s.param("dst"), s.elements("ds")
	src, ld := s.param("src"), s.elements("ld")
	n, k := s.param("n"), s.param("k")
	s.rowsOfVectors(n, k, true, func(_ string, vectors int) {
		for v := range vectors {
			s.load(operand.Mem{Base: src, Disp: v * s.bytes()}, s.v[v], v == vectors-1)
		}
		s.storeRow(dst, vectors)
		s.ADDQ(ld, src)
		s.ADDQ(ds, dst)
	})
}

// rowsOfVectors emits the loops over k rows of n elements, one for rows of one vector and one
// for rows of two, and ends the kernel. If mask, the mask is set to the elements of the
// last vector. Otherwise n becomes their number. The first argument of row is a prefix of
// its labels.
func (s *matmul) rowsOfVectors(n, k reg.GPVirtual, mask bool, row func(label string, vectors int)) {
	s.CMPQ(n, operand.U32(s.W()))
	s.JG(operand.LabelRef("two"))
	for i, label := range []string{"one", "two"} {
		if i > 0 {
			s.Label(label)
			s.SUBQ(operand.Imm(uint64(s.W())), n)
		}
		if mask {
			s.setMask(n)
		}
		s.Label(label + "_loop")
		s.SUBQ(operand.Imm(1), k)
		s.JL(operand.LabelRef("done"))
		row(label, i+1)
		s.JMP(operand.LabelRef(label + "_loop"))
	}
	s.Label("done")
	s.end()
}

// storeRow stores the first vector registers.
func (s *matmul) storeRow(dst reg.GPVirtual, vectors int) {
	for v := range vectors {
		s.VMOVUPS(s.v[v], operand.Mem{Base: dst, Disp: v * s.bytes()})
	}
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
			s.nextRow(operand.Mem{Base: src, Index: ld, Scale: 1}, src, next, n, r+1)
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
	s.loadSquares(rows, p, off, s.VINSERTF32X4, s.VINSERTF128)
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
	s.end()
}

// nextRow emits code that sets p to the address of row r, unless there are only r rows. It
// clobbers t.
func (s *matmul) nextRow(address operand.Mem, p, t, n reg.GPVirtual, r int) {
	s.LEAQ(address, t)
	s.CMPQ(n, operand.U32(r))
	s.CMOVQGT(t, p)
}

// loadSquares emits code that loads 16 bytes of each row, from byte off on: rows 4q to 4q+3
// into quarter (or half) q of the first four vector registers. rows holds the addresses of
// the rows. The last arguments are the instruction of each level. It clobbers p.
func (s *matmul) loadSquares(rows operand.Mem, p, off reg.GPVirtual, insertWide func(...operand.Op), insert func(i, m, x, dst operand.Op)) {
	m := operand.Mem{Base: p, Index: off, Scale: 1}
	for j, v := range s.v[:4] {
		s.MOVQ(rows.Offset(8*j), p)
		s.VMOVUPS(m, v.AsX())
		for q := 1; q < s.W()/4; q++ {
			s.MOVQ(rows.Offset(8*(4*q+j)), p)
			if s.wide {
				insertWide(operand.Imm(uint64(q)), m, v, v)
			} else {
				insert(operand.Imm(uint64(q)), m, v, v)
			}
		}
	}
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
