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
	count, spec := 16, reg.S256
	if g.wide {
		count, spec = 32, reg.S512
	}
	s := &matmul{gen: g}
	for i := range count {
		s.v = append(s.v, reg.FamilyOfKind(reg.KindVector).Lookup(reg.Index(i), spec).(reg.VecPhysical))
	}
	return s
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

// setMask sets the mask to the first n lanes, 1 ≤ n ≤ W. It clobbers n, but not CX.
func (s *matmul) setMask(n reg.GPVirtual) {
	if s.wide {
		ones := s.GP32()
		s.MOVL(operand.U32(0xffffffff), ones)
		s.BZHIL(n.As32(), ones, ones)
		s.mask = reg.K1
		s.KMOVW(ones, reg.K1)
		return
	}
	table := s.GP64()
	s.LEAQ(s.maskTable("masks").Offset(4*s.W()), table)
	s.SHLQ(operand.U8(2), n)
	s.SUBQ(n, table)
	s.mask = s.v[15]
	s.VMOVUPS(operand.Mem{Base: table}, s.mask)
}

func (s *matmul) clear(v reg.VecPhysical) {
	if s.wide {
		s.VPXORD(v, v, v)
	} else {
		s.VXORPS(v, v, v)
	}
}
