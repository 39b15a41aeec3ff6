package neon

import (
	"slices"

	"shadegrad/internal/gen/spec"
)

// blocks are the numbers of columns that the sparse kernels process together. Each column is a lane of
// a register, which holds its sum.
var blocks = []int{64, 32, 16, 8, 4, 2, 1}

func Sparse(x *Code) {
	x.sparseProduct("sparseMul", []string{"dst"}, func(map[string]v) func(sum, element []v) { return nil })
	x.sparseProduct("sparseSGD", []string{"w"}, func(scalar map[string]v) func(sum, element []v) {
		return func(sum, element []v) { x.fmls(element[0], sum[0], scalar["rate"]) }
	})
	x.sparseProduct("sparseMomentum", []string{"w", "v"}, func(scalar map[string]v) func(sum, element []v) {
		return func(sum, element []v) {
			x.fmla(sum[0], element[1], scalar["mu"])
			x.fmls(element[0], sum[0], scalar["rate"])
			x.move(element[1], sum[0])
		}
	})
	rank1(x)
	bitmap(x)
}

// A bitLoop is a loop over the bits of a row that are set.
type bitLoop struct {
	bytes, bits, words, m    r // changed by the loop
	set, any, bit, p, offset r // scratch; any becomes the union of the words
	value, ld, ld64          r
	factor                   v
}

// bitRegisters allocates the registers of the loop. bytes, bits and words stay to be set.
func (x *Code) bitRegisters(value, ld r) *bitLoop {
	b := &bitLoop{value: value, ld: ld, factor: x.constantReg()}
	for _, p := range []*r{&b.bytes, &b.bits, &b.words, &b.m, &b.set, &b.any, &b.bit, &b.p, &b.ld64} {
		*p = x.reg()
	}
	x.op("LSL", imm(6), ld, b.ld64)
	return b
}

// emit emits the loop. body uses the row of the matrix at p and the value in the first lane of factor.
func (b *bitLoop) emit(x *Code, body func()) {
	word, bit, next := x.label("word"), x.label("bit"), x.label("nextWord")
	x.op("MOVD", imm(0), b.any)
	x.place(word)
	x.op("MOVD.P", near(b.bits, 8), b.set)
	x.op("ORR", b.set, b.any)
	x.op("CBZ", b.set, next)
	x.place(bit)
	x.op("RBIT", b.set, b.bit)
	x.op("CLZ", b.bit, b.bit)
	x.op("SUB", imm(1), b.set, b.p)
	x.op("AND", b.p, b.set)
	x.op("MADD", b.ld, b.m, b.bit, b.p)
	x.op("MOVBU", indexed(b.bytes, b.bit, 0), b.bit)
	x.op("FMOVS", indexed(b.value, b.bit, 2), b.factor.low())
	body()
	x.op("CBNZ", b.set, bit)
	x.place(next)
	x.op("ADD", imm(64), b.bytes)
	x.op("ADD", b.ld64, b.m)
	x.op("SUBS", imm(1), b.words)
	x.op("BNE", word)
}

// eachBlock emits a block of each size, and the code that divides n columns into them.
func (x *Code) eachBlock(n r, block func(columns int)) {
	for _, columns := range blocks {
		begin, end := x.label("block"), x.label("blocksDone")
		x.op("CMP", imm(columns), n)
		x.op("BLT", end)
		x.place(begin)
		block(columns)
		x.op("SUB", imm(columns), n)
		x.op("CMP", imm(columns), n)
		x.op("BGE", begin)
		x.place(end)
	}
}

// parts divides the registers of a block into groups that one instruction loads.
func parts(list []v, columns int, each func(group []v, columns int)) {
	for g := range slices.Chunk(list, 4) {
		each(g, min(16, columns))
	}
}

// sparseProduct emits a kernel that sums rows of a matrix in registers and then updates the outputs with the
// sums. update gets a register of sums and one of each output. If it is nil, the sums are the output.
func (x *Code) sparseProduct(name string, outputs []string, prepare func(map[string]v) func(sum, element []v)) {
	x.begin(name)
	scalar := map[string]v{}
	for _, p := range spec.Parse(x.kernel.Asm).Params {
		if p.Kind == "float32" {
			scalar[p.Name] = x.scalar(p.Name)
		}
	}
	update := prepare(scalar)
	n, ldo, words := x.param("n"), x.elements("ldo"), x.param("words")
	skip, value, ld, m := x.param("stride"), x.param("value"), x.elements("ldm"), x.param("m")
	// The stride becomes the distance from the end of a row of bytes to the next row.
	x.op("SUB", words.String()+"<<6", skip)
	var out, at []r
	for _, o := range outputs {
		out, at = append(out, x.param(o)), append(at, x.reg())
	}
	b := x.bitRegisters(value, ld)
	rows := x.reg()
	acc, element := run(0, 16), run(16, 8)
	x.eachBlock(n, func(columns int) {
		sums := acc[:registers(columns)]
		row, begun, empty := x.label("row"), x.label("begun"), x.label("emptyRow")
		x.op("MOVD", x.slot("bytes"), b.bytes)
		x.op("MOVD", x.slot("bits"), b.bits)
		x.op("MOVD", x.slot("rows"), rows)
		for k := range out {
			x.op("MOVD", out[k], at[k])
		}
		x.place(row)
		x.op("MOVD", words, b.words)
		x.op("MOVD", m, b.m)
		for _, s := range sums {
			x.zero(s)
		}
		if update == nil {
			x.op("MOVBU", x.slot("keep"), b.p)
			x.op("CBZ", b.p, begun)
			x.op("MOVD", at[0], b.p)
			parts(sums, columns, func(group []v, columns int) { x.load(b.p, group, columns, true) })
			x.place(begun)
		}
		b.emit(x, func() {
			which := 0
			parts(sums, columns, func(group []v, columns int) {
				loaded := element[4*(which%2):][:len(group)]
				which++
				x.load(b.p, loaded, columns, columns == 16)
				for k := range group {
					x.fmlaLow(group[k], loaded[k], b.factor)
				}
			})
		})
		if name == "sparseSGD" { // a row without bits does not change
			x.op("CBZ", b.any, empty)
		}
		p := []r{b.p, b.bit}[:len(at)]
		for k := range at {
			x.op("MOVD", at[k], p[k])
		}
		parts(sums, columns, func(group []v, columns int) {
			if update == nil {
				x.store(p[0], group, columns, true)
				return
			}
			for k := range p {
				x.load(p[k], element[4*k:], columns, false)
			}
			for k := range group {
				update(group[k:], []v{element[k], element[4+k]})
			}
			for k := range p {
				x.store(p[k], element[4*k:], columns, true)
			}
		})
		if name == "sparseSGD" {
			x.place(empty)
		}
		x.op("ADD", skip, b.bytes)
		x.op("ADD", skip.String()+">>3", b.bits)
		for k := range at {
			x.op("ADD", ldo, at[k])
		}
		x.op("SUBS", imm(1), rows)
		x.op("BNE", row)
		x.op("ADD", imm(4*columns), m)
		for k := range out {
			x.op("ADD", imm(4*columns), out[k])
		}
	})
	x.ret()
}

// rank1 emits the kernel of SparseRank1. It updates all rows with a block of x in registers.
func rank1(x *Code) {
	x.begin("sparseRank1")
	alpha := x.scalar("alpha")
	n, value, ld, m, from := x.param("n"), x.param("value"), x.elements("ldm"), x.param("m"), x.param("x")
	b := x.bitRegisters(value, ld)
	xs, element := run(0, 16), run(16, 8)
	x.eachBlock(n, func(columns int) {
		block := xs[:registers(columns)]
		parts(block, columns, func(group []v, columns int) { x.load(from, group, columns, true) })
		for _, k := range block {
			x.fmul(k, k, alpha)
		}
		x.op("MOVD", x.slot("bytes"), b.bytes)
		x.op("MOVD", x.slot("bits"), b.bits)
		x.op("MOVD", x.slot("words"), b.words)
		x.op("MOVD", m, b.m)
		b.emit(x, func() {
			which := 0
			parts(block, columns, func(group []v, columns int) {
				y := element[4*(which%2):][:len(group)]
				which++
				x.load(b.p, y, columns, false)
				for k := range group {
					x.fmlaLow(y[k], group[k], b.factor)
				}
				x.store(b.p, y, columns, true)
			})
		})
		x.op("ADD", imm(4*columns), m)
	})
	x.ret()
}

// bitmap emits the kernel of Bitmap. Each byte that is not zero becomes one bit of its place in a group
// of eight, and pairwise sums join the bits of a group.
func bitmap(x *Code) {
	x.begin("bitmap")
	dst, src, words := x.param("dst"), x.param("src"), x.param("words")
	place, t := x.constantReg(), x.reg()
	x.op("MOVD", "$0x8040201008040201", t)
	x.op("VDUP", t, place.String()+".D2")
	b := run(0, 4)
	x.place("word")
	x.op("VLD1.P", near(src, 64), lanesOf(b, v.b16))
	for _, k := range b {
		x.op("VCMTST", k.b16(), k.b16(), k.b16())
		x.and(k, k, place)
	}
	pair := func(d, n, m v) { x.op("VADDP", m.b16(), n.b16(), d.b16()) }
	pair(b[0], b[0], b[1])
	pair(b[2], b[2], b[3])
	pair(b[0], b[0], b[2])
	pair(b[0], b[0], b[0])
	x.op("FMOVD.P", b[0].low(), near(dst, 8))
	x.op("SUBS", imm(1), words)
	x.op("BNE", "word")
	x.ret()
}

// Transpositions emits the kernel of GatherTranspose for groups of 8 rows, 16 columns at a time. Three
// rounds exchange single bytes, pairs and groups of four between rows that are 1, 2 and 4 apart.
func Transpositions(x *Code) {
	x.begin("gatherTranspose")
	dst, src, cols, width := x.param("dst"), x.param("src"), x.param("cols"), x.param("width")
	index, groups, ldd := x.param("index"), x.param("groups"), x.param("m")
	var rows [8]r
	for k := range rows {
		rows[k] = x.reg()
	}
	left, to := x.reg(), x.reg()
	x.place("group")
	for k := range rows {
		x.op("MOVWU.P", near(index, 4), rows[k])
		x.op("MADD", cols, src, rows[k], rows[k])
	}
	x.op("MOVD", dst, to)
	x.op("MOVD", width, left)
	x.place("columns")
	a := run(0, 8)
	for k := range a {
		x.op("VLD1.P", near(rows[k], 16), lanesOf(a[k:k+1], v.b16))
	}
	a = x.exchange(a, run(8, 8), []string{"B16", "H8", "S4"})
	for _, half := range []string{".D[0]", ".D[1]"} {
		for k := range a {
			x.op("VST1", a[k].String()+half, at0(to))
			x.op("ADD", ldd, to)
		}
	}
	x.op("SUBS", imm(16), left)
	x.op("BNE", "columns")
	x.op("ADD", imm(8), dst)
	x.op("SUBS", imm(1), groups)
	x.op("BNE", "group")
	x.ret()

	x.begin("prefetchRows")
	src, cols, index = x.param("src"), x.param("cols"), x.param("index")
	n, p, end := x.param("rows"), x.reg(), x.reg()
	x.place("row")
	x.op("MOVWU.P", near(index, 4), p)
	x.op("MADD", cols, src, p, p)
	x.op("ADD", cols, p, end)
	x.place("line")
	x.op("PRFM", at0(p), "PLDL2KEEP")
	x.op("ADD", imm(64), p)
	x.op("CMP", end, p)
	x.op("BLO", "line")
	x.op("SUB", imm(1), end)
	x.op("PRFM", at0(end), "PLDL2KEEP")
	x.op("SUBS", imm(1), n)
	x.op("BNE", "row")
	x.ret()
}

// exchange transposes squares in the registers a, with as many free registers. The first round exchanges
// lanes of the first size between neighbours, each next one larger lanes at twice the distance. It returns
// the registers of the result in order.
func (x *Code) exchange(a, free []v, lanes []string) []v {
	for round, size := range lanes {
		distance := 1 << round
		next := slices.Clone(free)
		for i := range a {
			if i&distance == 0 {
				lane := func(r v) string { return r.String() + "." + size }
				x.op("VTRN1", lane(a[i+distance]), lane(a[i]), lane(next[i]))
				x.op("VTRN2", lane(a[i+distance]), lane(a[i]), lane(next[i+distance]))
			}
		}
		a, free = next, a
	}
	return a
}
