package neon

import (
	"fmt"

	"shadegrad/internal/gen/spec"
)

// tallest is the largest number of rows of a tile. With 16 columns a tile has 24 accumulators.
const tallest = 6

// Products emits the kernels of package sgemm. A vector of theirs, of eight lanes, is two registers.
func Products(x *Code) {
	for rows := 1; rows <= tallest; rows++ {
		tile(x, rows)
	}
	packRows(x)
	packTransposed(x)
	gatherRows(x)
	gatherTransposed(x)
	prefetch(x)
	dots(x)
}

// tile emits the kernel for a number of rows. It computes tiles of 16 columns, and the remaining columns
// in tiles of 8, 4, 2 and 1, so that it reads and writes whole registers.
func tile(x *Code, rows int) {
	x.begin(fmt.Sprintf("tile%d", rows))
	n, a, rs, ks := x.param("n"), x.param("a"), x.elements("rs"), x.elements("ks")
	b, ldb, stepb := x.param("b"), x.elements("ldb"), x.elements("stepb")
	c, ldc := x.param("c"), x.elements("ldc")
	pb, pc, k, off, t := x.reg(), x.reg(), x.reg(), x.reg(), x.reg()
	row := []r{a}
	for i := 1; i < rows; i++ {
		row = append(row, x.reg())
		x.op("ADD", rs, row[i-1], row[i])
	}
	for _, columns := range []int{16, 8, 4, 2, 1} {
		count := registers(columns)
		bv, av := run(24, count), run(28, 4)
		var acc [][]v
		for i := range rows {
			acc = append(acc, run(v(i*count), count))
		}
		begin, end, loop := x.label("tile"), x.label("tilesDone"), x.label("k")
		x.op("CMP", imm(columns), n)
		x.op("BLT", end)
		x.place(begin)
		x.fetchTile("near0", "ld0", c, pc, t, rows)
		x.fetchTile("near1", "ld1", c, pc, t, rows)
		for _, line := range acc {
			for _, s := range line {
				x.zero(s)
			}
		}
		x.op("MOVD", b, pb)
		x.op("MOVD", x.slot("k"), k)
		x.op("MOVD", imm(0), off)
		x.place(loop)
		x.load(pb, bv, columns, false)
		x.op("ADD", ldb, pb)
		for i, line := range acc {
			x.op("FMOVS", indexed(row[i], off, 0), av[i%4].low())
			for j, s := range line {
				x.fmlaLow(s, bv[j], av[i%4])
			}
		}
		x.op("ADD", ks, off)
		x.op("SUBS", imm(1), k)
		x.op("BNE", loop)
		x.storeTile(acc, columns, bv, av[0], c, ldc, pc, t)

		x.op("ADD", imm(4*columns), c)
		if columns == 16 {
			x.op("ADD", stepb, b)
		} else {
			x.op("ADD", imm(4*columns), b)
		}
		x.op("SUB", imm(columns), n)
		x.op("CMP", imm(columns), n)
		x.op("BGE", begin)
		x.place(end)
	}
	x.ret()
}

// fetchTile prefetches the elements of the tile at c in another matrix.
func (x *Code) fetchTile(matrix, ld string, c, p, t r, rows int) {
	done := x.label(matrix)
	x.op("MOVD", x.slot(matrix), p)
	x.op("CBZ", p, done)
	x.op("ADD", c, p)
	x.op("MOVD", x.slot("c"), t)
	x.op("SUB", t, p)
	x.op("MOVD", x.slot(ld), t)
	for i := range rows {
		x.op("PRFM", at0(p), "PLDL2KEEP")
		if i+1 < rows {
			x.op("ADD", t.String()+"<<2", p)
		}
	}
	x.place(done)
}

// storeTile scales the tile, adds beta·C and stores it. It clobbers old, factor, p and t.
func (x *Code) storeTile(acc [][]v, columns int, old []v, factor v, c, ldc, p, t r) {
	scaled, store := x.label("scaled"), x.label("store")
	x.op("MOVWU", x.slot("alpha"), t)
	x.op("MOVW", "$0x3f800000", p)
	x.op("CMPW", p, t)
	x.op("BEQ", scaled)
	x.op("FMOVS", x.slot("alpha"), factor.low())
	for _, line := range acc {
		for _, s := range line {
			x.fmulLow(s, s, factor)
		}
	}
	x.place(scaled)
	x.op("MOVWU", x.slot("beta"), t)
	x.op("LSLW", imm(1), t) // drops the sign, so that −0 is 0
	x.op("MOVD", c, p)
	x.op("CBZW", t, store)
	x.op("FMOVS", x.slot("beta"), factor.low())
	for _, line := range acc {
		x.load(p, old, columns, false)
		x.op("ADD", ldc, p)
		for j, s := range line {
			x.fmlaLow(s, old[j], factor)
		}
	}
	x.op("MOVD", c, p)
	x.place(store)
	for _, line := range acc {
		x.store(p, line, columns, false)
		x.op("ADD", ldc, p)
	}
}

// dots emits the kernel for the product of one row and a transposed matrix, four rows of B at a time.
func dots(x *Code) {
	x.begin("dots")
	n, ldb, next, c := x.param("n"), x.elements("ldb"), x.param("b"), x.param("c")
	a, k, t := x.reg(), x.reg(), x.reg()
	rows := []r{a}
	for range spec.DotRows {
		rows = append(rows, x.reg())
	}
	// The first four registers of line are elements of A, the next of each row of B.
	elements := func(count int) (line [][]v) {
		for range rows {
			line = append(line, run(16, count))
		}
		line[0] = run(20, count)
		return line
	}
	acc := func(row, part int) v { return v(4*row + part) }
	x.place("group")
	x.op("MOVD", next, rows[1])
	for i := 2; i <= spec.DotRows; i++ { // rows after the last repeat it
		x.op("ADD", ldb, rows[i-1], t)
		x.op("CMP", imm(i-1), n)
		x.op("CSEL", "GT", t, rows[i-1], rows[i])
	}
	x.op("ADD", ldb.String()+"<<2", next)
	for _, s := range run(0, 16) {
		x.zero(s)
	}
	x.op("MOVD", x.slot("a"), a)
	x.op("MOVD", x.slot("k"), k)
	x.op("SUBS", imm(16), k)
	x.op("BLT", "rest")
	x.place("loop")
	line := elements(4)
	for i, p := range rows {
		x.load(p, line[i], 16, true)
		if i > 0 {
			for part := range 4 {
				x.fmla(acc(i-1, part), line[i][part], line[0][part])
			}
		}
	}
	x.op("SUBS", imm(16), k)
	x.op("BGE", "loop")
	x.place("rest")
	x.op("ADD", imm(16), k)
	line = elements(1)
	add := func(part, columns int) {
		for i, p := range rows {
			x.load(p, line[i], columns, true)
			if i > 0 {
				x.fmla(acc(i-1, part), line[i][0], line[0][0])
			}
		}
	}
	for part := range 4 {
		x.place(fmt.Sprintf("part%d", part))
		if part < 3 {
			x.op("SUBS", imm(4), k)
			x.op("BLT", fmt.Sprintf("few%d", part))
			add(part, 4)
			x.op("B", fmt.Sprintf("part%d", part+1))
			x.place(fmt.Sprintf("few%d", part))
			x.op("ADD", imm(4), k)
		}
		// The last elements, at most three, belong to the first lanes of this part.
		lone := x.label("lone")
		x.op("TBZ", imm(1), k, lone)
		for i, p := range rows {
			two := x.label("two")
			x.load(p, line[i], 2, true)
			x.op("TBZ", imm(0), k, two)
			x.op("VLD1", at0(p), line[i][0].String()+".S[2]")
			x.place(two)
			if i > 0 {
				x.fmla(acc(i-1, part), line[i][0], line[0][0])
			}
		}
		x.op("B", "sum")
		x.place(lone)
		x.op("TBZ", imm(0), k, "sum")
		add(part, 1)
		if part < 3 {
			x.op("B", "sum")
		}
	}
	x.place("sum")
	sum, old, factor := v(0), v(20), v(21)
	for half := range 2 { // lanes 0 to 3 and 8 to 11, and lanes 4 to 7 and 12 to 15
		for i := range spec.DotRows {
			x.fadd(acc(i, half), acc(i, half), acc(i, half+2))
		}
		x.faddp(acc(0, half), acc(0, half), acc(1, half))
		x.faddp(acc(2, half), acc(2, half), acc(3, half))
		x.faddp(acc(0, half), acc(0, half), acc(2, half))
	}
	x.fadd(sum, acc(0, 0), acc(0, 1))
	x.op("FMOVS", x.slot("alpha"), factor.low())
	x.fmulLow(sum, sum, factor)
	// each moves at most four elements of C.
	each := func(name, done string, operands func(lane string) []any) {
		x.op("MOVD", c, t)
		for i := range spec.DotRows {
			x.op("CMP", imm(i), n)
			x.op("BLE", done)
			x.op(name, operands(fmt.Sprintf(".S[%d]", i))...)
		}
	}
	x.op("MOVWU", x.slot("beta"), k)
	x.op("LSLW", imm(1), k) // drops the sign, so that −0 is 0
	x.op("CBZW", k, "store")
	x.zero(old)
	each("VLD1.P", "loaded", func(lane string) []any { return []any{near(t, 4), old.String() + lane} })
	x.place("loaded")
	x.op("FMOVS", x.slot("beta"), factor.low())
	x.fmlaLow(sum, old, factor)
	x.place("store")
	each("VST1.P", "done", func(lane string) []any { return []any{sum.String() + lane, near(t, 4)} })
	x.op("MOVD", t, c)
	x.op("SUBS", imm(spec.DotRows), n)
	x.op("BGT", "group")
	x.place("done")
	x.ret()
}
