package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unroll is how many steps along k a turn of the loop makes.
const unroll = 4

// A body is the code for a number of columns.
type body struct {
	*set
	rows    int
	vectors int  // 1 or 2
	masked  bool // the last vector is not whole
	label   string

	rs, r3, ks    GPVirtual // distances in A: 1 and 3 rows, 1 step along k
	ldb, stepb    GPVirtual
	ldc           GPVirtual
	n, a, b, c    GPVirtual
	pb, cnt       GPVirtual
	pa            []GPVirtual // every fourth row
	acc           [][]VecPhysical
	bv, broadcast []VecPhysical
}

// tile writes the kernel for a number of rows. One call makes a band of C: tiles of
// two vectors, and at the end one of what is left, with masks.
func tile(s *set, rows int) {
	name := fmt.Sprintf("tile%d%s", rows, s.name)
	TEXT(name, 4|8, "func(n, k int, a *float32, rs, ks int, b *float32, ldb, stepb int, c *float32, ldc int, alpha, beta float32, near0 *float32, ld0 int, near1 *float32, ld1 int)") // NOSPLIT
	Pragma("noescape")
	Doc(
		fmt.Sprintf("%s computes %d rows and n columns of C = alpha·A·B + beta·C.", name, rows),
		"A's rows are rs and its columns ks elements apart. B comes in panels of",
		fmt.Sprintf("%d columns, stepb elements apart, whose rows are ldb elements apart.", 2*s.lanes),
		"C's rows are ldc apart. n is at least 1. C is not read where beta is 0.",
		"The same rows and columns of near0 and near1, unless they are nil, are fetched to",
		"the second-level cache.",
	)
	y := &body{set: s, rows: rows}
	y.n = gp("n")
	y.a = GP64()
	y.rs, y.ks = elements("rs"), elements("ks")
	if rows > 3 {
		y.r3 = GP64()
		LEAQ(Mem{Base: y.rs, Index: y.rs, Scale: 2}, y.r3)
	}
	y.b, y.ldb = gp("b"), elements("ldb")
	y.c, y.ldc = gp("c"), elements("ldc")
	y.pb, y.cnt = GP64(), GP64()
	for i := 0; i < rows; i += 4 {
		y.pa = append(y.pa, GP64())
	}

	CMPQ(y.n, U32(2*s.lanes))
	JL(LabelRef("tail"))
	Label("wide")
	y.emit("wide", 2, false)
	t := GP64()
	Load(Param("stepb"), t)
	LEAQ(Mem{Base: y.b, Index: t, Scale: 4}, y.b)
	ADDQ(Imm(uint64(2*s.bytes())), y.c)
	SUBQ(Imm(uint64(2*s.lanes)), y.n)
	CMPQ(y.n, U32(2*s.lanes))
	JGE(LabelRef("wide"))

	Label("tail")
	CMPQ(y.n, U32(s.lanes))
	JG(LabelRef("wide_masked"))
	TESTQ(y.n, y.n)
	JLE(LabelRef("done"))
	s.setMask(y.n)
	y.emit("thin_masked", 1, true)
	JMP(LabelRef("done"))
	Label("wide_masked")
	SUBQ(Imm(uint64(s.lanes)), y.n)
	s.setMask(y.n)
	y.emit("masked", 2, true)
	Label("done")
	VZEROUPPER()
	RET()
}

// gp loads a parameter.
func gp(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// param is the address of a parameter.
func param(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// elements loads a parameter that counts elements, as bytes.
func elements(name string) GPVirtual {
	r := gp(name)
	SHLQ(U8(2), r)
	return r
}

// emit writes the code for one tile.
func (y *body) emit(label string, vectors int, masked bool) {
	y.label, y.vectors, y.masked = label, vectors, masked
	y.registers()

	y.fetch("near0", "ld0")
	y.fetch("near1", "ld1")
	a := GP64()
	Load(Param("a"), a)
	for g, p := range y.pa {
		if g == 0 {
			MOVQ(a, p)
		} else {
			LEAQ(Mem{Base: y.pa[g-1], Index: y.rs, Scale: 4}, p)
		}
	}
	MOVQ(y.b, y.pb)
	for _, row := range y.acc {
		for _, v := range row {
			y.zero(v)
		}
	}

	steps := unroll
	if masked {
		steps = 1
	}
	Load(Param("k"), y.cnt)
	if steps > 1 {
		SUBQ(Imm(uint64(steps)), y.cnt)
		JL(LabelRef(label + "_rest"))
		Label(label + "_loop")
		for range steps {
			y.step()
		}
		SUBQ(Imm(uint64(steps)), y.cnt)
		JGE(LabelRef(label + "_loop"))
		Label(label + "_rest")
		ADDQ(Imm(uint64(steps)), y.cnt)
	} else {
		TESTQ(y.cnt, y.cnt)
	}
	JLE(LabelRef(label + "_sum"))
	Label(label + "_one")
	y.step()
	DECQ(y.cnt)
	JG(LabelRef(label + "_one"))
	Label(label + "_sum")
	y.store()
}

// fetch has the tile's elements of another matrix brought near. A row of the tile
// touches one line more than it fills where it begins within one; that line was
// fetched with the tile before.
func (y *body) fetch(near, ld string) {
	done := y.label + "_" + near
	p, skip := gp(near), gp("c")
	TESTQ(p, p)
	JZ(LabelRef(done))
	SUBQ(y.c, skip)
	SUBQ(skip, p)
	stride := elements(ld)
	for i := range y.rows {
		for end := 64; end <= y.vectors*y.bytes(); end += 64 {
			PREFETCHT1(Mem{Base: p, Disp: end - 4})
		}
		if y.vectors*y.bytes() < 64 {
			PREFETCHT1(Mem{Base: p, Disp: y.vectors*y.bytes() - 4})
		}
		if i+1 < y.rows {
			ADDQ(stride, p)
		}
	}
	Label(done)
}

// registers deals out the vector registers: accumulators from the bottom.
func (y *body) registers() {
	y.acc = nil
	next := 0
	if y.avx512() {
		next = 4
	}
	for range y.rows {
		y.acc = append(y.acc, y.v[next:next+y.vectors])
		next += y.vectors
	}
	if y.avx512() {
		y.bv = y.v[0:2]
		y.broadcast = y.v[2:4]
		if next+2 <= len(y.v) {
			y.broadcast = append(append([]VecPhysical{}, y.broadcast...), y.v[next:]...)
		}
		return
	}
	y.bv = y.v[12:14]
	y.broadcast = y.v[14:16]
	if y.masked {
		y.broadcast = y.v[14:15]
	}
}

// row is the address of A's element in a row.
func (y *body) row(i int) Mem {
	m := Mem{Base: y.pa[i/4]}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = y.rs, 1
	case 2:
		m.Index, m.Scale = y.rs, 2
	case 3:
		m.Index, m.Scale = y.r3, 1
	}
	return m
}

// step adds one column of A times one row of B.
func (y *body) step() {
	for v := range y.vectors {
		m := Mem{Base: y.pb, Disp: v * y.bytes()}
		if y.masked && v == y.vectors-1 {
			y.loadMasked(m, y.bv[v])
		} else {
			VMOVUPS(m, y.bv[v])
		}
	}
	for i, acc := range y.acc {
		if y.vectors == 1 && y.avx512() {
			VFMADD231PS_BCST(y.row(i), y.bv[0], acc[0])
			continue
		}
		x := y.broadcast[i%len(y.broadcast)]
		VBROADCASTSS(y.row(i), x)
		for v := range y.vectors {
			VFMADD231PS(x, y.bv[v], acc[v])
		}
	}
	ADDQ(y.ldb, y.pb)
	for _, p := range y.pa {
		ADDQ(y.ks, p)
	}
}

// store writes the tile.
func (y *body) store() {
	alpha, beta := y.bv[0], y.bv[1]
	bits := GP32()
	one := uint32(0x3f800000)
	MOVL(param("alpha"), bits)
	CMPL(bits, U32(one))
	JE(LabelRef(y.label + "_scaled"))
	VBROADCASTSS(param("alpha"), alpha)
	for _, row := range y.acc {
		for _, v := range row {
			VMULPS(alpha, v, v)
		}
	}
	Label(y.label + "_scaled")

	p := GP64()
	MOVQ(y.c, p)
	VBROADCASTSS(param("beta"), beta)
	MOVL(param("beta"), bits)
	ADDL(bits, bits) // leaves out the sign: -0 is 0
	JZ(LabelRef(y.label + "_store"))
	for i, row := range y.acc {
		for v, acc := range row {
			m := Mem{Base: p, Disp: v * y.bytes()}
			if y.masked && v == y.vectors-1 {
				y.loadMasked(m, y.bv[0])
				VFMADD231PS(y.bv[0], beta, acc)
			} else {
				VFMADD231PS(m, beta, acc)
			}
		}
		if i+1 < y.rows {
			ADDQ(y.ldc, p)
		}
	}
	MOVQ(y.c, p)
	Label(y.label + "_store")
	for i, row := range y.acc {
		for v, acc := range row {
			m := Mem{Base: p, Disp: v * y.bytes()}
			if y.masked && v == y.vectors-1 {
				y.storeMasked(acc, m)
			} else {
				VMOVUPS(acc, m)
			}
		}
		if i+1 < y.rows {
			ADDQ(y.ldc, p)
		}
	}
}
