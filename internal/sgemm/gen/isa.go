package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A set is an instruction set: what differs between the kernels.
type set struct {
	name  string
	lanes int // elements of a vector
	rows  int // of the tallest tile: 2·rows accumulators, and what is read, fill the registers
	v     []VecPhysical
	x     []VecPhysical
	mask  func(n Register) // sets the mask from the number of elements, at most lanes
}

var sets = map[string]*set{
	"avx512": {name: "AVX512", lanes: 16, rows: 12,
		v: []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
			Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31},
	},
	"avx2": {name: "AVX2", lanes: 8, rows: 6,
		v: []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15},
	},
}

// low are the first 128 bits of the vector registers.
var low = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7, X8, X9, X10, X11, X12, X13, X14, X15}

func (s *set) avx512() bool { return s.lanes == 16 }

// bytes is the size of a vector.
func (s *set) bytes() int { return 4 * s.lanes }

// spare is the vector register that holds the mask, where masks are vectors.
func (s *set) spare() VecPhysical { return s.v[15] }

// setMask makes the mask that selects the first n elements of a vector, for n from
// 1 to lanes; n is lost.
func (s *set) setMask(n GPVirtual) {
	if s.avx512() {
		ones := GP32()
		MOVL(U32(0xffffffff), ones)
		BZHIL(n.As32(), ones, ones)
		KMOVW(ones, K1)
		return
	}
	table := GP64()
	LEAQ(masks().Offset(4*s.lanes), table)
	SHLQ(U8(2), n)
	SUBQ(n, table)
	VMOVUPS(Mem{Base: table}, s.spare())
}

var table *Mem

// masks is a table of lanes ones and as many zeros.
func masks() Mem {
	if table == nil {
		m := GLOBL("masks", 8|16) // RODATA|NOPTR
		for i := range 16 {
			ones := U32(0)
			if i < 8 {
				ones = 0xffffffff
			}
			DATA(4*i, ones)
		}
		table = &m
	}
	return *table
}

// loadMasked reads the elements that the mask selects; the others are zero.
func (s *set) loadMasked(m Mem, dst VecPhysical) {
	if s.avx512() {
		VMOVUPS_Z(m, K1, dst)
	} else {
		VMASKMOVPS(m, s.spare(), dst)
	}
}

// storeMasked writes the elements that the mask selects.
func (s *set) storeMasked(src VecPhysical, m Mem) {
	if s.avx512() {
		VMOVUPS(src, K1, m)
	} else {
		VMASKMOVPS(src, s.spare(), m)
	}
}

func (s *set) zero(v VecPhysical) {
	if s.avx512() {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}
