package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A matmul emits the kernels of package sgemm. It assigns the vector registers itself.
type matmul struct {
	*gen
	v []reg.VecPhysical // the vector registers
}

func newMatmul(g *gen) *matmul {
	if g.wide {
		return &matmul{gen: g, v: []reg.VecPhysical{
			reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
			reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
			reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
			reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}}
	}
	return &matmul{gen: g, v: []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}}
}

// products emits all kernels of package sgemm.
func products(g *gen) {
	s := newMatmul(g)
	// The accumulators of the tallest tile and the vectors of A and B fill the registers.
	tallest := 6
	if g.wide {
		tallest = 12
	}
	for rows := 1; rows <= tallest; rows++ {
		tile(s, rows)
	}
	packRows(s)
	packTransposed(s)
	gatherRows(s)
	gatherTransposed(s)
	prefetch(s)
	dots(s)
}

// bytes returns the size of a vector.
func (s *matmul) bytes() int { return 4 * s.W() }

// spare returns the register that holds AVX2's mask.
func (s *matmul) spare() reg.VecPhysical { return s.v[15] }

// elements loads a parameter that counts elements, and converts it to bytes.
func (s *matmul) elements(name string) reg.GPVirtual {
	r := s.param(name)
	s.SHLQ(operand.U8(2), r)
	return r
}

// setMask selects the first n elements of a vector, 1 ≤ n ≤ W. It clobbers n.
func (s *matmul) setMask(n reg.GPVirtual) {
	if s.wide {
		ones := s.GP32()
		s.MOVL(operand.U32(0xffffffff), ones)
		s.BZHIL(n.As32(), ones, ones)
		s.KMOVW(ones, reg.K1)
		return
	}
	table := s.GP64()
	s.LEAQ(s.maskTable("masks").Offset(4*s.W()), table)
	s.SHLQ(operand.U8(2), n)
	s.SUBQ(n, table)
	s.VMOVUPS(operand.Mem{Base: table}, s.spare())
}

// loadMasked loads the selected elements and sets the others to zero.
func (s *matmul) loadMasked(m operand.Mem, dst reg.VecPhysical) {
	if s.wide {
		s.VMOVUPS_Z(m, reg.K1, dst)
	} else {
		s.VMASKMOVPS(m, s.spare(), dst)
	}
}

// storeMasked stores the selected elements.
func (s *matmul) storeMasked(src reg.VecPhysical, m operand.Mem) {
	if s.wide {
		s.VMOVUPS(src, reg.K1, m)
	} else {
		s.VMASKMOVPS(src, s.spare(), m)
	}
}

func (s *matmul) clear(v reg.VecPhysical) {
	if s.wide {
		s.VPXORD(v, v, v)
	} else {
		s.VXORPS(v, v, v)
	}
}
