package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// square is the number of bytes of a row that are transposed at a time.
const square = 16

// affine replaces a vector of integers p by scale·p + shift. It rounds the product before
// the sum, as sgemm.Bytes requires.
func (s *matmul) affine(p, scale, shift reg.VecPhysical) {
	s.VCVTDQ2PS(p, p)
	s.VMULPS(scale, p, p)
	s.VADDPS(shift, p, p)
}

// gatherRows emits the kernel that converts part of each row of bytes to numbers.
func gatherRows(s *matmul) {
	s.begin(kernel{name: "gatherRows", asm: "(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)",
		doc: "writes scale·p + shift for the first n bytes p of each of k rows, from 1 to two vectors of them. The rows begin rows[0], rows[1], … bytes after src. " +
			"The rows of dst are ds elements apart. Their elements after n, to the end of the vector, are undefined."})
	dst, ds := s.param("dst"), s.elements("ds")
	src, rows := s.param("src"), s.param("rows")
	n, k := s.param("n"), s.param("k")
	scale, shift := s.v[2], s.v[3]
	s.VBROADCASTSS(s.slot("scale"), scale)
	s.VBROADCASTSS(s.slot("shift"), shift)
	p := s.GP64()
	s.rowsOfVectors(n, k, s.wide, func(label string, vectors int) {
		s.MOVQ(operand.Mem{Base: rows}, p)
		s.ADDQ(operand.Imm(8), rows)
		s.ADDQ(src, p)
		if vectors == 2 {
			s.VPMOVZXBD(operand.Mem{Base: p}, s.v[0])
		}
		s.widenSome(p, (vectors-1)*s.W(), n, s.v[vectors-1], label)
		for _, v := range s.v[:vectors] {
			s.affine(v, scale, shift)
		}
		s.storeRow(dst, vectors)
		s.ADDQ(ds, dst)
	})
}

// widenSome converts n bytes, 1 ≤ n ≤ W, to integers. It does not read the other bytes, and
// sets their lanes to zero.
func (s *matmul) widenSome(p reg.GPVirtual, disp int, n reg.GPVirtual, dst reg.VecPhysical, label string) {
	if s.wide { // n is in the mask
		s.VPMOVZXBD_Z(operand.Mem{Base: p, Disp: disp}, reg.K1, dst)
		return
	}
	s.CMPQ(n, operand.U32(s.W()))
	s.JE(operand.LabelRef(label + "_whole"))
	i, x, b := s.GP64(), s.GP64(), s.GP64()
	s.MOVQ(n, i)
	s.XORQ(x, x)
	s.Label(label + "_byte")
	s.SHLQ(operand.U8(8), x)
	s.MOVBQZX(operand.Mem{Base: p, Index: i, Scale: 1, Disp: disp - 1}, b)
	s.ORQ(b, x)
	s.DECQ(i)
	s.JNZ(operand.LabelRef(label + "_byte"))
	s.VMOVQ(x, reg.X15)
	s.VPMOVZXBD(reg.X15, dst)
	s.JMP(operand.LabelRef(label + "_widened"))
	s.Label(label + "_whole")
	s.VPMOVZXBD(operand.Mem{Base: p, Disp: disp}, dst)
	s.Label(label + "_widened")
}

// gatherTransposed emits the kernel that transposes rows of bytes and converts them to
// numbers. It loads the rows like loadSquares. Two rounds of unpacking make the four bytes of a column adjacent. One shuffle
// then widens a whole column to integers.
func gatherTransposed(s *matmul) {
	s.begin(kernel{name: "gatherTransposed", asm: "(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)",
		doc: "writes scale·p + shift for the first k bytes p of each of n rows to the columns of dst, 1 ≤ n ≤ lanes. The rows begin rows[0], rows[1], … bytes after src. " +
			"The k rows of dst are vectors, ds elements apart. The columns after n repeat the last."})
	dst, ds := s.param("dst"), s.elements("ds")
	src, list := s.param("src"), s.param("rows")
	n, k := s.param("n"), s.param("k")
	row := s.AllocLocal(8 * s.W())
	p, next := s.GP64(), s.GP64()
	for r := range s.W() {
		s.MOVQ(operand.Mem{Base: list}, p)
		s.ADDQ(src, p)
		s.MOVQ(p, row.Offset(8*r))
		if r+1 < s.W() {
			s.nextRow(operand.Mem{Base: list, Disp: 8}, list, next, n, r+1)
		}
	}
	v, t, column := s.v[0:4], s.v[4:8], s.v[8:12]
	scale, shift, x := s.v[12], s.v[13], s.v[14]
	s.VBROADCASTSS(s.slot("scale"), scale)
	s.VBROADCASTSS(s.slot("shift"), shift)
	for c := range column {
		m := s.columns().Offset(16 * c)
		if s.wide {
			s.VBROADCASTI32X4(m, column[c])
		} else {
			s.VBROADCASTI128(m, column[c])
		}
	}
	off, back := s.GP64(), s.GP64()
	s.XORQ(off, off)
	s.SUBQ(operand.Imm(square), k)
	s.JL(operand.LabelRef("few"))
	s.Label("loop")
	s.loadSquares(row, p, off, s.VINSERTI32X4, s.VINSERTI128)
	s.VPUNPCKLBW(v[1], v[0], t[0])
	s.VPUNPCKHBW(v[1], v[0], t[1])
	s.VPUNPCKLBW(v[3], v[2], t[2])
	s.VPUNPCKHBW(v[3], v[2], t[3])
	s.VPUNPCKLWD(t[2], t[0], v[0])
	s.VPUNPCKHWD(t[2], t[0], v[1])
	s.VPUNPCKLWD(t[3], t[1], v[2])
	s.VPUNPCKHWD(t[3], t[1], v[3])
	for c := range square {
		y := []reg.VecPhysical{x, t[0], t[1], t[2]}[c%4]
		s.VPSHUFB(column[c%4], v[c/4], y)
		s.affine(y, scale, shift)
		s.VMOVUPS(y, operand.Mem{Base: dst})
		s.ADDQ(ds, dst)
	}
	s.ADDQ(operand.Imm(square), off)
	s.SUBQ(operand.Imm(square), k)
	s.JGE(operand.LabelRef("loop"))
	s.ADDQ(operand.Imm(square), k)
	s.JZ(operand.LabelRef("done"))
	// The last square overlaps the one before it.
	s.MOVQ(operand.U32(square), back)
	s.SUBQ(k, back)
	s.SUBQ(back, off)
	s.IMULQ(ds, back)
	s.SUBQ(back, dst)
	s.XORQ(k, k)
	s.JMP(operand.LabelRef("loop"))
	s.Label("few")
	s.ADDQ(operand.Imm(square), k)
	s.JLE(operand.LabelRef("done"))
	b := s.GP32()
	s.Label("few_loop")
	for r := range s.W() {
		s.MOVQ(row.Offset(8*r), p)
		s.MOVBLZX(operand.Mem{Base: p, Index: off, Scale: 1}, b)
		s.MOVL(b, operand.Mem{Base: dst, Disp: 4 * r})
	}
	s.VMOVUPS(operand.Mem{Base: dst}, x)
	s.affine(x, scale, shift)
	s.VMOVUPS(x, operand.Mem{Base: dst})
	s.ADDQ(ds, dst)
	s.INCQ(off)
	s.DECQ(k)
	s.JG(operand.LabelRef("few_loop"))
	s.Label("done")
	s.end()
}

// columns returns the address of four shuffles. The first widens bytes 0 to 3 to 32-bit
// integers, the next bytes 4 to 7, and so on.
func (s *matmul) columns() operand.Mem {
	var values []operand.U32
	for i := range 16 {
		values = append(values, operand.U32(0x80808000|i))
	}
	return data(s.gen, "columns", values)
}
