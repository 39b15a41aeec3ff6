package neon

import "shadegrad/internal/gen/spec"

func Reductions(x *Code) {
	dot(x)
	columnSum(x, "columnSum", false)
	columnSum(x, "columnSquares", true)
}

// dot emits the kernel of Dot. SquareSum needs at least 32 parallel sums.
func dot(x *Code) {
	x.begin("dot")
	p, q, n := x.param("x"), x.param("y"), x.param("n")
	sums, a, b := run(0, 8), run(8, 4), run(12, 4)
	for _, s := range sums {
		x.zero(s)
	}
	x.op("SUBS", imm(32), n)
	x.op("BLT", "some")
	x.place("many")
	for h := 0; h < 8; h += 4 {
		x.load(p, a, 16, true)
		x.load(q, b, 16, true)
		for k := range 4 {
			x.fmla(sums[h+k], a[k], b[k])
		}
	}
	x.op("SUBS", imm(32), n)
	x.op("BGE", "many")
	x.place("some")
	x.op("ADD", imm(32), n)
	// The remaining vectors, at most seven, go to different sums.
	for k := range 7 {
		x.op("SUBS", imm(4), n)
		x.op("BLT", "rest")
		x.load(p, a, 4, true)
		x.load(q, b, 4, true)
		x.fmla(sums[k], a[0], b[0])
	}
	x.op("SUBS", imm(4), n)
	x.place("rest")
	x.op("ADDS", imm(4), n)
	x.op("BEQ", "sum")
	x.place("single")
	x.load(p, a, 1, true)
	x.load(q, b, 1, true)
	x.fmla(sums[7], a[0], b[0])
	x.op("SUBS", imm(1), n)
	x.op("BNE", "single")
	x.place("sum")
	for width := 4; width > 0; width /= 2 {
		for k := range width {
			x.fadd(sums[k], sums[k], sums[k+width])
		}
	}
	x.faddp(sums[0], sums[0], sums[0])
	x.faddp(sums[0], sums[0], sums[0])
	x.op("FMOVS", sums[0].low(), x.slot("ret"))
	x.ret()
}

// columnSum emits the kernel of ColumnSum, or of ColumnSquares. It sums all rows of up to 16 columns
// in registers, and then continues with the next columns.
func columnSum(x *Code, name string, squares bool) {
	x.begin(name)
	dst, src, rows, cols := x.param("dst"), x.param("src"), x.param("rows"), x.param("cols")
	stride, row, left, block := x.reg(), x.reg(), x.reg(), x.reg()
	x.op("LSL", imm(2), cols, stride)
	totals, sums, element := run(0, 8), run(8, 4), run(12, 4)
	for _, columns := range []int{16, 4, 1} {
		count := registers(columns)
		begin, end := x.label("columns"), x.label("end")
		x.op("SUBS", imm(columns), cols)
		x.op("BLT", end)
		x.place(begin)
		for _, t := range totals[:2*count] {
			x.zero(t)
		}
		x.op("MOVD", src, row)
		x.op("MOVD", rows, left)
		more, add, store := x.label("more"), x.label("add"), x.label("store")
		x.place(more)
		x.op("CBZ", left, store)
		x.op("MOVD", imm(spec.SumBlock), block)
		x.op("CMP", block, left)
		x.op("CSEL", "LT", left, block, block)
		x.op("SUB", block, left)
		for _, s := range sums[:count] {
			x.zero(s)
		}
		x.place(add)
		x.load(row, element, columns, false)
		x.op("ADD", stride, row)
		for k := range count {
			if squares {
				x.fmla(sums[k], element[k], element[k])
			} else {
				x.fadd(sums[k], sums[k], element[k])
			}
		}
		x.op("SUBS", imm(1), block)
		x.op("BNE", add)
		for k, s := range sums[:count] {
			x.fcvtl(element[0], s)
			x.fcvtl2(element[1], s)
			x.faddD(totals[2*k], totals[2*k], element[0])
			x.faddD(totals[2*k+1], totals[2*k+1], element[1])
		}
		x.op("B", more)
		x.place(store)
		for k, s := range sums[:count] {
			x.fcvtn(s, totals[2*k])
			x.fcvtn2(s, totals[2*k+1])
		}
		x.store(dst, sums, columns, true)
		x.op("ADD", imm(4*columns), src)
		x.op("SUBS", imm(columns), cols)
		x.op("BGE", begin)
		x.place(end)
		x.op("ADD", imm(columns), cols)
	}
	x.ret()
}

// Peaks emits the loop of PeakFlops.
func Peaks(x *Code) {
	x.begin("fmaPeak")
	n := x.param("iterations")
	half := x.float(-0.5)
	chains := run(0, 24)
	for _, c := range chains {
		x.zero(c)
	}
	x.place("round")
	for _, c := range chains {
		x.fmla(c, c, half) // stays 0
	}
	x.op("SUBS", imm(1), n)
	x.op("BNE", "round")
	x.ret()
}
