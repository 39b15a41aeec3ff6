package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"shadegrad/internal/gen/spec"
)

// dots emits the kernel for the product of one row and a transposed matrix. An element has
// 16 partial sums at every level.
func dots(s *matmul) {
	s.begin(kernel{name: "dots", asm: "(n, k int, a, b *float32, ldb int, c *float32, alpha, beta float32)",
		doc: "computes C = alpha·A·Bᵀ + beta·C, where A is a row of k elements, C is a row of n, and the n rows of B are ldb elements apart. n is at least 1. C is not read if beta is 0. An element is the sum of 16 partial sums."})
	halves := 16 / s.W()
	n, ldb := s.param("n"), s.elements("ldb")
	next, c := s.param("b"), s.param("c")
	a, k, off := s.GP64(), s.GP64(), s.GP64()
	var row [spec.DotRows]reg.GPVirtual
	for r := range row {
		row[r] = s.GP64()
	}
	acc, x := s.v[:spec.DotRows*halves], s.v[spec.DotRows*halves:spec.DotRows*halves+halves]
	t := s.v[spec.DotRows*halves+halves]

	s.Label("group")
	t0 := s.GP64()
	for r, p := range row {
		if r == 0 {
			s.MOVQ(next, p)
			continue
		}
		s.MOVQ(row[r-1], p)
		s.nextRow(operand.Mem{Base: p, Index: ldb, Scale: 1}, p, t0, n, r)
	}
	s.LEAQ(operand.Mem{Base: next, Index: ldb, Scale: 4}, next)
	for _, v := range acc {
		s.clear(v)
	}
	s.Load(s.Param("a"), a)
	s.Load(s.Param("k"), k)
	s.XORQ(off, off)
	s.SUBQ(operand.Imm(16), k)
	s.JL(operand.LabelRef("rest"))
	s.Label("loop")
	for h := range halves {
		s.VMOVUPS(operand.Mem{Base: a, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h])
	}
	for r, p := range row {
		for h := range halves {
			s.VFMADD231PS(operand.Mem{Base: p, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h], acc[r*halves+h])
		}
	}
	s.ADDQ(operand.Imm(64), off)
	s.SUBQ(operand.Imm(16), k)
	s.JGE(operand.LabelRef("loop"))
	s.Label("rest")
	s.ADDQ(operand.Imm(16), k)
	s.JZ(operand.LabelRef("sum"))
	for h := range halves {
		part := s.GP64()
		s.MOVQ(k, part)
		if h+1 < halves {
			whole := s.GP64()
			s.MOVQ(operand.U32(s.W()), whole)
			s.CMPQ(part, operand.U32(s.W()))
			s.CMOVQGT(whole, part)
		} else if h > 0 {
			s.SUBQ(operand.Imm(uint64(s.W())), part)
			s.JLE(operand.LabelRef("sum"))
		}
		s.setMask(part)
		s.load(operand.Mem{Base: a, Index: off, Scale: 1, Disp: h * s.bytes()}, x[h], true)
		for r, p := range row {
			s.load(operand.Mem{Base: p, Index: off, Scale: 1, Disp: h * s.bytes()}, t, true)
			s.VFMADD231PS(t, x[h], acc[r*halves+h])
		}
	}
	s.Label("sum")
	y := []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3}
	if s.wide {
		for _, v := range y {
			s.VEXTRACTF32X8(operand.Imm(1), v.AsZ(), reg.Y4)
			s.VADDPS(reg.Y4, v, v)
		}
	} else {
		for r, v := range y {
			s.VADDPS(acc[2*r+1], acc[2*r], v)
		}
	}
	s.VHADDPS(reg.Y1, reg.Y0, reg.Y0)
	s.VHADDPS(reg.Y3, reg.Y2, reg.Y2)
	s.VHADDPS(reg.Y2, reg.Y0, reg.Y0)
	s.VEXTRACTF128(operand.Imm(1), reg.Y0, reg.X1)
	s.VADDPS(reg.X1, reg.X0, reg.X0)

	s.VBROADCASTSS(s.slot("alpha"), reg.X1)
	s.VMULPS(reg.X1, reg.X0, reg.X0)
	mask, count, four := s.GP64(), s.GP64(), s.GP64()
	s.MOVQ(n, count)
	s.MOVQ(operand.U32(spec.DotRows), four)
	s.CMPQ(n, operand.U32(spec.DotRows))
	s.CMOVQGT(four, count)
	s.SHLQ(operand.U8(2), count)
	s.LEAQ(s.maskTable("masks").Offset(32), mask)
	s.SUBQ(count, mask)
	s.VMOVUPS(operand.Mem{Base: mask}, reg.X2)
	bits := s.GP32()
	s.MOVL(s.slot("beta"), bits)
	s.ADDL(bits, bits) // drops the sign, so that −0 is 0
	s.JZ(operand.LabelRef("store"))
	s.VBROADCASTSS(s.slot("beta"), reg.X1)
	s.VMASKMOVPS(operand.Mem{Base: c}, reg.X2, reg.X3)
	s.VFMADD231PS(reg.X3, reg.X1, reg.X0)
	s.Label("store")
	s.VMASKMOVPS(reg.X0, reg.X2, operand.Mem{Base: c})
	s.ADDQ(operand.Imm(4*spec.DotRows), c)
	s.SUBQ(operand.Imm(spec.DotRows), n)
	s.JG(operand.LabelRef("group"))
	s.end()
}
