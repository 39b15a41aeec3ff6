// Package neon emits the kernels for arm64. avo has no arm64, so this is text in the syntax of Go's assembler.
package neon

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/internal/gen/spec"
)

// A Code is the assembly of one file. Registers are physical: a kernel allocates them one by one
// and frees only those of intermediate results.
type Code struct {
	find func(name string) Kernel
	text strings.Builder
	decl strings.Builder

	kernel  Kernel
	offsets map[string]int // of the parameters
	general int            // next general register
	vectors int            // vector registers allocated from V31 downwards
	temps   int            // next vector register for intermediate results
	labels  int
}

// A Kernel is the declaration of a kernel: its name, its signature without "func", and what it does.
type Kernel struct{ Name, Asm, Doc string }

// Emit returns the assembly that emit writes, and its declarations in Go. find declares level NEON for the
// kernel of a name.
func Emit(emit func(*Code), find func(name string) Kernel) (text, decl string) {
	x := &Code{find: find}
	emit(x)
	return x.text.String(), x.decl.String()
}

// An r is a general register, a v a vector register, an imm an immediate operand.
type (
	r   int
	v   int
	imm int
)

func (x r) String() string   { return fmt.Sprintf("R%d", int(x)) }
func (x v) String() string   { return fmt.Sprintf("V%d", int(x)) }
func (x imm) String() string { return fmt.Sprintf("$%d", int(x)) }

// s4 returns the register as four float32 lanes, b16 as 16 bytes, low as its first lane.
func (x v) s4() string  { return fmt.Sprintf("V%d.S4", int(x)) }
func (x v) b16() string { return fmt.Sprintf("V%d.B16", int(x)) }
func (x v) low() string { return fmt.Sprintf("F%d", int(x)) }

// run returns count registers from first on.
func run(first v, count int) (list []v) {
	for i := range count {
		list = append(list, first+v(i))
	}
	return list
}

// at0 returns the memory operand at a register, and near that with a displacement.
func at0(base r) string            { return fmt.Sprintf("(%v)", base) }
func near(base r, disp int) string { return fmt.Sprintf("%d(%v)", disp, base) }

// indexed returns the memory operand at base + index·2^shift.
func indexed(base, index r, shift int) string {
	if shift == 0 {
		return fmt.Sprintf("(%v)(%v)", base, index)
	}
	return fmt.Sprintf("(%v)(%v<<%d)", base, index, shift)
}

// begin starts the function of a kernel that is declared for amd64.
func (x *Code) begin(name string) {
	x.kernel = x.find(name)
	x.offsets = map[string]int{}
	at := 0
	s := spec.Parse(x.kernel.Asm)
	if s.Result != "" {
		s.Params = append(s.Params, spec.Param{Name: "ret", Kind: s.Result})
	}
	for _, p := range s.Params {
		size := map[string]int{"float32": 4, "int32": 4, "bool": 1}[p.Kind]
		if size == 0 || p.Name == "ret" {
			at = (at + 7) &^ 7
		}
		if size == 0 {
			size = 8
		}
		at = (at + size - 1) / size * size
		x.offsets[p.Name] = at
		at += size
	}
	x.general, x.vectors, x.temps, x.labels = 0, 32, 0, 0
	fmt.Fprintf(&x.decl, "\n// %s\n//\n//go:noescape\nfunc %sNEON%s\n", strings.Join(spec.Wrap(name+"NEON "+x.kernel.Doc), "\n// "), name, x.kernel.Asm)
	fmt.Fprintf(&x.text, "\n// func %sNEON%s\nTEXT ·%sNEON(SB), NOSPLIT, $0-%d\n", name, x.kernel.Asm, name, at)
}

// op emits an instruction. Operands are strings, registers and immediates.
func (x *Code) op(name string, operands ...any) {
	var list []string
	for _, o := range operands {
		list = append(list, fmt.Sprint(o))
	}
	fmt.Fprintf(&x.text, "\t%s %s\n", name, strings.Join(list, ", "))
}

func (x *Code) ret() { x.text.WriteString("\tRET\n") }

// label returns a new label of the function, place puts one here.
func (x *Code) label(name string) string {
	x.labels++
	return fmt.Sprintf("%s%d", name, x.labels)
}

func (x *Code) place(label string) { fmt.Fprintf(&x.text, "%s:\n", label) }

// reg allocates a general register. R18 belongs to the system, R27 to the assembler and R28 to Go.
func (x *Code) reg() r {
	if x.general == 18 {
		x.general++
	}
	if x.general > 26 {
		panic(x.kernel.Name + ": too many general registers")
	}
	x.general++
	return r(x.general - 1)
}

// constantReg allocates a vector register, from the last on.
func (x *Code) constantReg() v {
	x.vectors--
	return v(x.vectors)
}

// temp allocates a vector register for an intermediate result.
func (x *Code) temp() v {
	if x.temps >= x.vectors {
		panic(x.kernel.Name + ": too many vector registers")
	}
	x.temps++
	return v(x.temps - 1)
}

// slot returns the address of a parameter.
func (x *Code) slot(name string) string {
	at, ok := x.offsets[name]
	if !ok {
		panic(fmt.Sprintf("%s has no parameter %s", x.kernel.Name, name))
	}
	return fmt.Sprintf("%s+%d(FP)", name, at)
}

// param loads a parameter, elements one that counts elements, in bytes.
func (x *Code) param(name string) r {
	p := x.reg()
	x.op("MOVD", x.slot(name), p)
	return p
}

func (x *Code) elements(name string) r {
	p := x.param(name)
	x.op("LSL", imm(2), p)
	return p
}

// scalar fills a vector register with a float32 parameter.
func (x *Code) scalar(name string) v {
	c := x.constantReg()
	x.op("FMOVS", x.slot(name), c.low())
	x.op("VDUP", c.String()+".S[0]", c.s4())
	return c
}

// float fills a vector register with a float32 constant, bits one with a 32-bit pattern.
func (x *Code) float(value float64) v { return x.bits(math.Float32bits(float32(value))) }

func (x *Code) bits(pattern uint32) v {
	c, t := x.constantReg(), x.reg()
	x.op("MOVW", fmt.Sprintf("$%#x", pattern), t)
	x.op("VDUP", t, c.s4())
	x.general-- // t is free again
	return c
}

func (x *Code) zero(d v)         { x.op("VEOR", d.b16(), d.b16(), d.b16()) }
func (x *Code) move(d, n v)      { x.op("VMOV", n.b16(), d.b16()) }
func (x *Code) and(d, n, m v)    { x.op("VAND", m.b16(), n.b16(), d.b16()) }
func (x *Code) fmla(d, n, m v)   { x.op("VFMLA", m.s4(), n.s4(), d.s4()) }   // d += n·m
func (x *Code) fmls(d, n, m v)   { x.op("VFMLS", m.s4(), n.s4(), d.s4()) }   // d −= n·m
func (x *Code) where(d, n, m v)  { x.op("VBIT", m.b16(), n.b16(), d.b16()) } // d = n where m is set
func (x *Code) unless(d, n, m v) { x.op("VBIF", m.b16(), n.b16(), d.b16()) } // d = n where m is clear

// word emits an instruction that Go's assembler lacks. format is the instruction in Arm's syntax.
func (x *Code) word(code uint32, format string, operands ...any) {
	fmt.Fprintf(&x.text, "\tWORD $0x%08x // %s\n", code, fmt.Sprintf(format, operands...))
}

func (x *Code) three(code uint32, name, lanes string, d, n, m v) {
	x.word(code|uint32(m)<<16|uint32(n)<<5|uint32(d), "%s v%d.%s, v%d.%s, v%d.%s", name, d, lanes, n, lanes, m, lanes)
}

func (x *Code) two(code uint32, name, to, from, rest string, d, n v) {
	x.word(code|uint32(n)<<5|uint32(d), "%s v%d.%s, v%d.%s%s", name, d, to, n, from, rest)
}

// The operands are those of Arm's syntax: the destination comes first.
func (x *Code) fadd(d, n, m v)  { x.three(0x4e20d400, "fadd", "4s", d, n, m) }
func (x *Code) fsub(d, n, m v)  { x.three(0x4ea0d400, "fsub", "4s", d, n, m) }
func (x *Code) fmul(d, n, m v)  { x.three(0x6e20dc00, "fmul", "4s", d, n, m) }
func (x *Code) fdiv(d, n, m v)  { x.three(0x6e20fc00, "fdiv", "4s", d, n, m) }
func (x *Code) fmax(d, n, m v)  { x.three(0x4e20f400, "fmax", "4s", d, n, m) } // NaN if one is NaN
func (x *Code) fmin(d, n, m v)  { x.three(0x4ea0f400, "fmin", "4s", d, n, m) }
func (x *Code) faddp(d, n, m v) { x.three(0x6e20d400, "faddp", "4s", d, n, m) }
func (x *Code) fmaxp(d, n, m v) { x.three(0x6e20f400, "fmaxp", "4s", d, n, m) }
func (x *Code) faddD(d, n, m v) { x.three(0x4e60d400, "fadd", "2d", d, n, m) }
func (x *Code) positive(d, n v) { x.two(0x4ea0c800, "fcmgt", "4s", "4s", ", #0.0", d, n) }
func (x *Code) negative(d, n v) { x.two(0x4ea0e800, "fcmlt", "4s", "4s", ", #0.0", d, n) }
func (x *Code) fneg(d, n v)     { x.two(0x6ea0f800, "fneg", "4s", "4s", "", d, n) }
func (x *Code) fabs(d, n v)     { x.two(0x4ea0f800, "fabs", "4s", "4s", "", d, n) }
func (x *Code) fsqrt(d, n v)    { x.two(0x6ea1f800, "fsqrt", "4s", "4s", "", d, n) }
func (x *Code) frintn(d, n v)   { x.two(0x4e218800, "frintn", "4s", "4s", "", d, n) }
func (x *Code) fcvtns(d, n v)   { x.two(0x4e21a800, "fcvtns", "4s", "4s", "", d, n) }
func (x *Code) ucvtf(d, n v)    { x.two(0x6e21d800, "ucvtf", "4s", "4s", "", d, n) }
func (x *Code) fcvtl(d, n v)    { x.two(0x0e617800, "fcvtl", "2d", "2s", "", d, n) }
func (x *Code) fcvtl2(d, n v)   { x.two(0x4e617800, "fcvtl2", "2d", "4s", "", d, n) }
func (x *Code) fcvtn(d, n v)    { x.two(0x0e616800, "fcvtn", "2s", "2d", "", d, n) }
func (x *Code) fcvtn2(d, n v)   { x.two(0x4e616800, "fcvtn2", "4s", "2d", "", d, n) }
func (x *Code) halve(d, n v)    { x.two(0x4f3f0400, "sshr", "4s", "4s", ", #1", d, n) }

// fmlaLow adds n·m[0] to d, where m[0] is the first lane of m. fmulLow sets d to n·m[0].
func (x *Code) fmlaLow(d, n, m v) {
	x.word(0x4f801000|uint32(m)<<16|uint32(n)<<5|uint32(d), "fmla v%d.4s, v%d.4s, v%d.s[0]", d, n, m)
}

func (x *Code) fmulLow(d, n, m v) {
	x.word(0x4f809000|uint32(m)<<16|uint32(n)<<5|uint32(d), "fmul v%d.4s, v%d.4s, v%d.s[0]", d, n, m)
}

// registers returns the number of registers for columns elements: a multiple of four, or two or one,
// which take the low lanes of one register.
func registers(columns int) int { return (columns + 3) / 4 }

// load loads columns consecutive elements: a multiple of four up to 16, or 2 or 1. advance moves p past
// them. The other lanes become zero.
func (x *Code) load(p r, dst []v, columns int, advance bool) {
	name, registers, suffix, m := x.transfer("VLD1", p, dst, columns, advance)
	x.op(name+suffix, m, registers)
}

// store is the opposite of load. It writes only these elements.
func (x *Code) store(p r, src []v, columns int, advance bool) {
	name, registers, suffix, m := x.transfer("VST1", p, src, columns, advance)
	x.op(name+suffix, registers, m)
}

func (x *Code) transfer(vector string, p r, list []v, columns int, advance bool) (name, registers, suffix, m string) {
	m = at0(p)
	if advance {
		m, suffix = near(p, 4*columns), ".P"
	}
	switch columns {
	case 1:
		return "FMOVS", list[0].low(), suffix, m
	case 2:
		return "FMOVD", list[0].low(), suffix, m
	}
	return vector, lanesOf(list[:columns/4], v.s4), suffix, m
}

// lanesOf returns a list of consecutive registers.
func lanesOf(list []v, lanes func(v) string) string {
	var names []string
	for _, v := range list {
		names = append(names, lanes(v))
	}
	return "[" + strings.Join(names, ", ") + "]"
}
