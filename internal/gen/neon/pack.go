package neon

import "fmt"

// packRows emits the kernel that copies part of each row.
func packRows(x *Code) {
	x.begin("packRows")
	dst, ds, src, ld := x.param("dst"), x.elements("ds"), x.param("src"), x.elements("ld")
	n, k := x.param("n"), x.param("k")
	p, q := x.reg(), x.reg()
	a, zeros := run(0, 4), run(4, 2)
	x.zero(zeros[0])
	x.zero(zeros[1])
	x.op("CMP", imm(16), n)
	x.op("BNE", "row")
	x.place("whole")
	x.op("SUBS", imm(1), k)
	x.op("BLT", "done")
	x.load(src, a, 16, false)
	x.store(dst, a, 16, false)
	x.op("ADD", ld, src)
	x.op("ADD", ds, dst)
	x.op("B", "whole")
	x.place("row")
	x.op("SUBS", imm(1), k)
	x.op("BLT", "done")
	x.op("MOVD", src, p)
	x.op("MOVD", dst, q)
	x.op("TBZ", imm(3), n, "seven")
	x.load(p, a, 8, true)
	x.store(q, a, 8, true)
	x.place("seven")
	x.op("TST", imm(7), n)
	x.op("BEQ", "next")
	x.store(q, zeros, 8, false)
	for bit := 2; bit >= 0; bit-- {
		skip := x.label("skip")
		x.op("TBZ", imm(bit), n, skip)
		x.load(p, a, 1<<bit, true)
		x.store(q, a, 1<<bit, true)
		x.place(skip)
	}
	x.place("next")
	x.op("ADD", ld, src)
	x.op("ADD", ds, dst)
	x.op("B", "row")
	x.place("done")
	x.ret()
}

// packTransposed emits the kernel that transposes, in squares of 4×4.
func packTransposed(x *Code) {
	x.begin("packTransposed")
	dst, ds := x.param("dst"), x.elements("ds")
	src, ld, n, k := x.param("src"), x.elements("ld"), x.param("n"), x.param("k")
	row := []r{src}
	t := x.reg()
	for i := 1; i < 8; i++ { // rows after the last repeat it
		row = append(row, x.reg())
		x.op("ADD", ld, row[i-1], t)
		x.op("CMP", imm(i), n)
		x.op("CSEL", "GT", t, row[i-1], row[i])
	}
	x.op("SUBS", imm(4), k)
	x.op("BLT", "rest")
	x.place("loop")
	// Registers 2i and 2i+1 are row i of the result.
	for half := range 2 {
		a := run(16, 4)
		for i := range a {
			x.load(row[4*half+i], a[i:], 4, true)
		}
		a = x.exchange(a, run(20, 4), []string{"S4", "D2"})
		for i := range a {
			x.move(v(2*i+half), a[i])
		}
	}
	for i := range 4 {
		x.store(dst, run(v(2*i), 2), 8, false)
		x.op("ADD", ds, dst)
	}
	x.op("SUBS", imm(4), k)
	x.op("BGE", "loop")
	x.place("rest")
	x.op("ADDS", imm(4), k)
	x.op("BEQ", "done")
	x.place("single")
	for i, p := range row {
		x.op("FMOVS.P", near(p, 4), v(0).low())
		x.op("FMOVS", v(0).low(), near(dst, 4*i))
	}
	x.op("ADD", ds, dst)
	x.op("SUBS", imm(1), k)
	x.op("BNE", "single")
	x.place("done")
	x.ret()
}

// A affine converts bytes to numbers.
type affine struct {
	*Code
	scale, shift v
}

// convert turns count bytes of a register into scale·p + shift, in the registers of dst. The product is
// rounded before the sum, as sgemm.Bytes requires.
func (x *affine) convert(bytes v, dst []v, count int) {
	wide := run(28, 2)
	x.op("VUXTL", bytes.String()+".B8", wide[0].String()+".H8")
	if count > 8 {
		x.op("VUXTL2", bytes.b16(), wide[1].String()+".H8")
	}
	for i := range registers(count) {
		w := wide[i/2].String()
		if i%2 == 0 {
			x.op("VUXTL", w+".H4", dst[i].s4())
		} else {
			x.op("VUXTL2", w+".H8", dst[i].s4())
		}
		x.ucvtf(dst[i], dst[i])
		x.fmul(dst[i], dst[i], x.scale)
		x.fadd(dst[i], dst[i], x.shift)
	}
}

// gatherRows emits the kernel that converts part of each row of bytes to numbers.
func gatherRows(x *Code) {
	x.begin("gatherRows")
	f := &affine{x, x.scalar("scale"), x.scalar("shift")}
	dst, ds, src, list := x.param("dst"), x.elements("ds"), x.param("src"), x.param("rows")
	n, k := x.param("n"), x.param("k")
	p, q, t := x.reg(), x.reg(), x.reg()
	x.place("row")
	x.op("SUBS", imm(1), k)
	x.op("BLT", "done")
	x.op("MOVD.P", near(list, 8), p)
	x.op("ADD", src, p)
	x.op("MOVD", dst, q)
	for bit := 4; bit >= 0; bit-- {
		skip, count, bytes := x.label("skip"), 1<<bit, v(27)
		x.op("TBZ", imm(bit), n, skip)
		switch count {
		case 16:
			x.op("VLD1.P", near(p, 16), "["+bytes.b16()+"]")
		case 8:
			x.op("FMOVD.P", near(p, 8), bytes.low())
		case 4:
			x.op("FMOVS.P", near(p, 4), bytes.low())
		case 2:
			x.op("MOVHU.P", near(p, 2), t)
			x.op("FMOVD", t, bytes.low())
		case 1:
			x.op("MOVBU", at0(p), t)
			x.op("FMOVD", t, bytes.low())
		}
		f.convert(bytes, run(0, 4), count)
		x.store(q, run(0, 4), count, true)
		x.place(skip)
	}
	x.op("ADD", ds, dst)
	x.op("B", "row")
	x.place("done")
	x.ret()
}

// gatherTransposed emits the kernel that transposes rows of bytes, in squares of 8×8, and converts
// them to numbers.
func gatherTransposed(x *Code) {
	x.begin("gatherTransposed")
	f := &affine{x, x.scalar("scale"), x.scalar("shift")}
	dst, ds, src, list := x.param("dst"), x.elements("ds"), x.param("src"), x.param("rows")
	n, k := x.param("n"), x.param("k")
	var row []r
	t := x.reg()
	for i := range 8 {
		row = append(row, x.reg())
		if i > 0 { // rows after the last repeat it
			x.op("ADD", imm(8), list, t)
			x.op("CMP", imm(i), n)
			x.op("CSEL", "GT", t, list, list)
		}
		x.op("MOVD", at0(list), row[i])
		x.op("ADD", src, row[i])
	}
	x.op("SUBS", imm(8), k)
	x.op("BLT", "rest")
	x.place("loop")
	a := run(0, 8)
	for i := range a {
		x.op("FMOVD.P", near(row[i], 8), a[i].low())
	}
	for _, column := range x.exchange(a, run(8, 8), []string{"B8", "H4", "S2"}) {
		f.convert(column, run(16, 2), 8)
		x.store(dst, run(16, 2), 8, false)
		x.op("ADD", ds, dst)
	}
	x.op("SUBS", imm(8), k)
	x.op("BGE", "loop")
	x.place("rest")
	x.op("ADDS", imm(8), k)
	x.op("BEQ", "done")
	x.place("single")
	for i := range row {
		x.op("VLD1.P", near(row[i], 1), fmt.Sprintf("%v.B[%d]", a[0], i))
	}
	f.convert(a[0], run(16, 2), 8)
	x.store(dst, run(16, 2), 8, false)
	x.op("ADD", ds, dst)
	x.op("SUBS", imm(1), k)
	x.op("BNE", "single")
	x.place("done")
	x.ret()
}

// prefetch emits the kernel that prefetches rows to the second-level cache.
func prefetch(x *Code) {
	x.begin("prefetch")
	src, ld, n, k := x.param("src"), x.elements("ld"), x.elements("n"), x.param("k")
	p, end := x.reg(), x.reg()
	x.place("rows")
	x.op("SUBS", imm(1), k)
	x.op("BLT", "done")
	x.op("ADD", n, src, end)
	x.op("AND", imm(-64), src, p)
	x.place("lines")
	x.op("PRFM", at0(p), "PLDL2KEEP")
	x.op("ADD", imm(64), p)
	x.op("CMP", end, p)
	x.op("BLO", "lines")
	x.op("ADD", ld, src)
	x.op("B", "rows")
	x.place("done")
	x.ret()
}
