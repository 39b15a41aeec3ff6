package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/mmcloughlin/avo/x86"

	"shadegrad/internal/gen/spec"
)

// A gen emits the kernels of one file for one level. It hides what differs between
// the levels: the width of the registers, and how the last, partial vector of an
// array is loaded and stored.
type gen struct {
	*build.Context
	pkg    *goPackage
	file   string                 // name of the file, a prefix of its tables' names
	tables map[string]operand.Mem // tables of the file, by name
	wide   bool                   // AVX-512, otherwise AVX2

	labels int
	mask   reg.Register // lanes of a partial vector, see setMask
}

// W returns the number of float32 lanes of a vector.
func (g *gen) W() int { return lanes[g.level()] }

// level returns the level as names of kernels end with it.
func (g *gen) level() string {
	if g.wide {
		return "AVX512"
	}
	return "AVX2"
}

// begin starts the function of a kernel and declares the kernel to its package.
func (g *gen) begin(k kernel) {
	g.pkg.declare(k, g.level())
	g.Function(k.name + g.level())
	g.Attributes(attr.NOSPLIT)
	g.Pragma("noescape")
	g.SignatureExpr("func" + k.asm)
	g.Doc(spec.Wrap(k.name + g.level() + " " + k.description())...)
	g.labels = 0
	g.mask = nil
}

// end returns from a function.
func (g *gen) end() {
	g.VZEROUPPER()
	g.RET()
}

// label returns a new label of the function.
func (g *gen) label(name string) string {
	g.labels++
	return fmt.Sprintf("%s%d", name, g.labels)
}

// param loads a parameter.
func (g *gen) param(name string) reg.GPVirtual {
	return g.Load(g.Param(name), g.GP64()).(reg.GPVirtual)
}

// elements loads a parameter that counts elements, and converts it to bytes.
func (g *gen) elements(name string) reg.GPVirtual {
	r := g.param(name)
	g.SHLQ(operand.U8(2), r)
	return r
}

// broadcastParam fills a vector with a float32 parameter.
func (g *gen) broadcastParam(name string) reg.VecVirtual {
	v := g.vec()
	g.VBROADCASTSS(g.slot(name), v)
	return v
}

// slot returns the address of a parameter.
func (g *gen) slot(name string) operand.Mem {
	a, err := g.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

func (g *gen) vec() reg.VecVirtual {
	if g.wide {
		return g.ZMM()
	}
	return g.YMM()
}

func (g *gen) zero(v reg.VecVirtual) {
	i, err := x86.VPXOR(v, v, v)
	if g.wide {
		i, err = x86.VPXORD(v, v, v)
	}
	if err != nil {
		panic(err)
	}
	// Without this avo considers the register live from the start of the function.
	i.CancellingInputs = true
	g.Instruction(i)
}

// zeroReg returns zeros in a register.
func (g *gen) zeroReg() reg.VecVirtual {
	v := g.vec()
	g.zero(v)
	return v
}

// float returns a float32 constant as an operand that may be in memory: the first operand
// of an instruction, which is the last in Intel's order.
func (g *gen) float(x float64) operand.Op {
	if g.wide {
		return g.floatReg(x)
	}
	return g.constant(math.Float32bits(float32(x)), 8)
}

// floatReg returns a float32 constant in a register.
func (g *gen) floatReg(x float64) reg.VecVirtual {
	v := g.vec()
	g.VBROADCASTSS(g.constant(math.Float32bits(float32(x)), 1), v)
	return v
}

// intReg returns an int32 constant in a register.
func (g *gen) intReg(x int32) reg.VecVirtual {
	v := g.vec()
	g.VPBROADCASTD(g.constant(uint32(x), 1), v)
	return v
}

// constant returns the address of count copies of a number.
func (g *gen) constant(bits uint32, count int) operand.Mem {
	return data(g, fmt.Sprintf("%s_%08x_x%d", g.file, bits, count), slices.Repeat([]operand.U32{operand.U32(bits)}, count))
}

// maskTable returns the address of eight lanes of ones, followed by eight of zeros.
func (g *gen) maskTable(name string) operand.Mem {
	return data(g, name, append(slices.Repeat([]operand.U32{0xffffffff}, 8), make([]operand.U32, 8)...))
}

// data returns the address of a table, which it adds to the file the first time.
func data[C operand.Constant](g *gen, name string, values []C) operand.Mem {
	if m, ok := g.tables[name]; ok {
		return m
	}
	m := g.StaticGlobal(name)
	g.DataAttributes(attr.RODATA | attr.NOPTR)
	at := 0
	for _, v := range values {
		g.AddDatum(at, v)
		at += v.Bytes()
	}
	g.tables[name] = m
	return m
}

// setMask sets the mask to the first n lanes, n ≤ W. It clobbers CX.
func (g *gen) setMask(n reg.GPVirtual) {
	if g.wide {
		ones := g.GP64()
		g.MOVQ(operand.U32(1), ones)
		count := g.GP64()
		g.MOVQ(n, count)
		g.shiftLeft(count, ones)
		g.DECQ(ones)
		k := g.K()
		g.KMOVW(ones.As32(), k)
		g.mask = k
		return
	}
	// Eight lanes from lane 8 − n of the table: n ones, then zeros.
	base, from := g.GP64(), g.GP64()
	g.LEAQ(g.maskTable(g.file+"_lanes"), base)
	g.MOVQ(operand.U32(8), from)
	g.SUBQ(n, from)
	v := g.YMM()
	g.VMOVUPS(operand.Mem{Base: base, Index: from, Scale: 4}, v)
	g.mask = v
}

func (g *gen) shiftLeft(count, x reg.GPVirtual) {
	g.MOVQ(count, reg.RCX)
	g.SHLQ(reg.CL, x)
}

// load loads a vector. If partial, it loads the lanes of the mask and sets the others to zero.
func (g *gen) load(m operand.Mem, v reg.Register, partial bool) {
	switch {
	case !partial:
		g.VMOVUPS(m, v)
	case g.wide:
		g.VMOVUPS_Z(m, g.mask, v)
	default:
		g.VMASKMOVPS(m, g.mask, v)
	}
}

// store stores a vector. If partial, it stores the lanes of the mask.
func (g *gen) store(v reg.Register, m operand.Mem, partial bool) {
	switch {
	case !partial:
		g.VMOVUPS(v, m)
	case g.wide:
		g.VMOVUPS(v, g.mask, m)
	default:
		g.VMASKMOVPS(v, g.mask, m)
	}
}

// reduce combines the lanes of v with op into the lowest lane of the result: first the
// halves of the vector, then the halves of these.
func (g *gen) reduce(v reg.VecVirtual, op func(a, b, dst operand.Op)) reg.VecVirtual {
	y := v
	if g.wide {
		high := g.YMM()
		g.VEXTRACTF64X4(operand.Imm(1), v, high)
		y = g.YMM()
		op(high, v.AsY(), y)
	}
	x, high := g.XMM(), g.XMM()
	if g.wide { // y may be in a register above 15
		g.VEXTRACTF32X4(operand.Imm(1), y.AsY(), high)
	} else {
		g.VEXTRACTF128(operand.Imm(1), y, high)
	}
	op(high, y.AsX(), x)
	g.VPERMILPS(operand.Imm(0b01_00_11_10), x, high)
	op(high, x, x)
	g.VPERMILPS(operand.Imm(0b10_11_00_01), x, high)
	op(high, x, x)
	return x
}

func (g *gen) add(a, b, dst operand.Op) { g.VADDPS(a, b, dst) }
func (g *gen) max(a, b, dst operand.Op) { g.VMAXPS(a, b, dst) }

// at returns the address of element base[index + offset] of a float32 array.
func at(base, index reg.Register, offset int) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: 4, Disp: 4 * offset}
}

// checkRegisters returns an error if AVX2 code uses registers or instructions of AVX-512.
// The assembler does not report them.
func checkRegisters(file *ir.File) error {
	for _, f := range file.Functions() {
		if !strings.HasSuffix(f.Name, "AVX2") {
			continue
		}
		for _, i := range f.Instructions() {
			for _, isa := range i.ISA {
				if strings.HasPrefix(isa, "AVX512") {
					return fmt.Errorf("%s: %s needs %s", f.Name, i.Opcode, isa)
				}
			}
			for _, r := range i.Registers() {
				p, ok := r.(reg.Physical)
				if ok && r.Kind() == reg.KindVector && p.PhysicalIndex() > 15 {
					return fmt.Errorf("%s: %s uses a register of AVX-512", f.Name, i.Opcode)
				}
			}
		}
	}
	return nil
}
