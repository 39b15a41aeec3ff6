package main

import (
	"fmt"
	"slices"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The multipliers of Philox4x32, from table 2 of Salmon, Moraes, Dror and Shaw (SC 2011).
const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57

	philoxRounds = 10
)

// A philox emits the generator for as many counters as a vector has lanes of 64 bits. Each
// word of a counter is in the low half of a lane, which the 32-bit multiplication reads.
// The high halves are ignored.
type philox struct {
	*gen
	m0, m1  reg.VecVirtual
	counter reg.VecVirtual // low halves of the counters
	id      [2]reg.VecVirtual
	step    reg.VecVirtual
	odd     reg.Register // mask of the odd lanes of 32 bits, for AVX-512
	keys    reg.GPVirtual
}

// newPhilox loads parameters keys, which has two words for each round, id and block.
func newPhilox(g *gen) *philox {
	p := &philox{gen: g, keys: g.param("keys")}
	p.m0, p.m1 = g.broadcast64("m0", philoxM0), g.broadcast64("m1", philoxM1)
	// draw interleaves two words of each counter, and then two pairs of words. The counters
	// are in the order in which this yields the blocks in sequence.
	order := []operand.U64{0, 2, 1, 3}
	if g.wide {
		order = []operand.U64{0, 4, 1, 5, 2, 6, 3, 7}
		k, bits := g.K(), g.GP64()
		g.MOVQ(operand.U32(0xaaaa), bits)
		g.KMOVW(bits.As32(), k)
		p.odd = k
	}
	p.counter, p.step = g.vec(), g.broadcast64("step", operand.U64(g.W()/2))
	g.VPBROADCASTQ(g.slot("block"), p.counter)
	g.VPADDQ(g.longs("order", order...), p.counter, p.counter)
	p.id[0], p.id[1] = g.vec(), g.vec()
	g.VPBROADCASTQ(g.slot("id"), p.id[0])
	g.VPSRLQ(operand.Imm(32), p.id[0], p.id[1])
	return p
}

// longs returns numbers of 64 bits in a register.
func (g *gen) longs(name string, values ...operand.U64) reg.VecVirtual {
	v := g.vec()
	g.VMOVUPS(data(g, fmt.Sprintf("%s_%s_x%d", g.file, name, len(values)), values), v)
	return v
}

// broadcast64 returns a number of 64 bits in all lanes.
func (g *gen) broadcast64(name string, x operand.U64) reg.VecVirtual {
	return g.longs(name, slices.Repeat([]operand.U64{x}, g.W()/2)...)
}

// draw emits each for the vectors of the next group, in order, as integers of 32 bits. It
// advances the counters.
func (p *philox) draw(each func(j int, u reg.VecVirtual)) {
	var c [4]reg.VecVirtual
	for i := range c {
		c[i] = p.vec()
	}
	p.VMOVUPS(p.counter, c[0])
	p.VPSRLQ(operand.Imm(32), p.counter, c[1])
	p.VMOVUPS(p.id[0], c[2])
	p.VMOVUPS(p.id[1], c[3])
	p.VPADDQ(p.step, p.counter, p.counter)
	for round := range philoxRounds {
		p0, p1 := p.vec(), p.vec()
		p.VPMULUDQ(c[0], p.m0, p0)
		p.VPMULUDQ(c[2], p.m1, p1)
		c[0], c[2] = p.mixed(p1, c[1], 2*round), p.mixed(p0, c[3], 2*round+1)
		c[1], c[3] = p1, p0
	}
	p.interleave(c[1], c[0])
	p.interleave(c[3], c[2])
	for half := range 2 {
		v := p.vec()
		if half == 0 {
			p.VPUNPCKLQDQ(c[2], c[0], v)
		} else {
			p.VPUNPCKHQDQ(c[2], c[0], v)
		}
		for part := range 2 {
			u := p.vec()
			switch {
			case p.wide && part == 0:
				p.VPMOVZXWD(v.AsY(), u)
			case p.wide:
				y := p.YMM()
				p.VEXTRACTI64X4(operand.Imm(1), v, y)
				p.VPMOVZXWD(y, u)
			case part == 0:
				p.VPMOVZXWD(v.AsX(), u)
			default:
				x := p.XMM()
				p.VEXTRACTI128(operand.Imm(1), v, x)
				p.VPMOVZXWD(x, u)
			}
			each(2*half+part, u)
		}
	}
}

// mixed returns the exclusive or of the high half of a product, a word and a key.
func (p *philox) mixed(product, word reg.VecVirtual, key int) reg.VecVirtual {
	high, k := p.vec(), operand.Mem{Base: p.keys, Disp: 4 * key}
	p.VPSRLQ(operand.Imm(32), product, high)
	if p.wide {
		const xorOfThree = 0x96
		p.VPTERNLOGD_BCST(operand.Imm(xorOfThree), k, word, high)
		return high
	}
	v := p.vec()
	p.VPBROADCASTD(k, v)
	p.VPXOR(word, high, high)
	p.VPXOR(v, high, high)
	return high
}

// interleave copies the low halves of b to the high halves of a.
func (p *philox) interleave(b, a reg.VecVirtual) {
	if p.wide {
		p.VPSHUFD(operand.Imm(0b10_10_00_00), b, p.odd, a)
		return
	}
	p.VPSLLQ(operand.Imm(32), b, b)
	p.VPBLENDD(operand.Imm(0xaa), b, a, a)
}

// randomKernel declares a kernel that draws numbers. Signature call ends with the
// drawing, the number of the first element, and the parameters of the kernel.
func randomKernel(g *gen, name, asm, call string) {
	g.begin(kernel{name: name, asm: asm, call: call,
		doc: "is " + name + "Go for whole groups of numbers, at least one. A group has as many elements as a vector has bytes. " +
			"keys holds two words for each round, and block is the number of the first block.",
		args: map[string]string{"groups": "len(dst) / (4 * LANES)", "keys": "&d.keys[0]", "id": "d.ID", "block": "first / drawn",
			"least": "int32(min(threshold, 1<<16)) - 1"}})
}

// randoms emits the kernels of Uniform, Dropout and DropBytes.
func randoms(g *gen) {
	randomKernel(g, "uniform", "(dst *float32, groups int, keys *uint32, id, block uint64)",
		"(dst []float32, d *drawing, first uint64)")
	dst, groups := g.param("dst"), g.param("groups")
	p := newPhilox(g)
	// u·2⁻¹⁵ + (2⁻¹⁶ − 1) is a multiple of 2⁻¹⁶ with 17 bits, so it is exact.
	slope, least := g.floatReg(0x1p-15), g.floatReg(0x1p-16-1)
	g.Label("group")
	p.draw(func(j int, u reg.VecVirtual) {
		g.VCVTDQ2PS(u, u)
		g.VFMADD213PS(least, slope, u)
		g.VMOVUPS(u, operand.Mem{Base: dst, Disp: 4 * j * g.W()})
	})
	g.nextGroup(groups, 4, dst)

	randomKernel(g, "dropout", "(dst, src *float32, groups int, keys *uint32, id, block uint64, least int32, factor float32)",
		"(dst, src []float32, d *drawing, first uint64, threshold uint32, factor float32)")
	dst, src, groups := g.param("dst"), g.param("src"), g.param("groups")
	p = newPhilox(g)
	// least is the threshold less one, because AVX2 compares only with "greater".
	factor, least1 := g.broadcastParam("factor"), g.broadcastParam("least")
	g.Label("group")
	p.draw(func(j int, u reg.VecVirtual) {
		at := func(base reg.Register) operand.Mem { return operand.Mem{Base: base, Disp: 4 * j * g.W()} }
		if g.wide {
			k := g.K()
			g.VPCMPGTD(least1, u, k)
			g.VMULPS_Z(at(src), factor, k, u)
		} else {
			x := g.vec()
			g.VPCMPGTD(least1, u, u)
			g.VMULPS(at(src), factor, x)
			g.VANDPS(x, u, u)
		}
		g.VMOVUPS(u, at(dst))
	})
	g.nextGroup(groups, 4, dst, src)

	randomKernel(g, "dropBytes", "(dst *uint8, groups int, keys *uint32, id, block uint64, least int32)",
		"(dst []byte, d *drawing, first uint64, threshold uint32)")
	dst, groups = g.param("dst"), g.param("groups")
	p = newPhilox(g)
	least1 = g.broadcastParam("least")
	var order reg.VecVirtual
	if !g.wide {
		order = g.longs("packed", 4<<32|0, 5<<32|1, 6<<32|2, 7<<32|3)
	}
	g.Label("group")
	var keep []reg.VecVirtual
	p.draw(func(j int, u reg.VecVirtual) {
		if g.wide {
			k, at := g.K(), operand.Mem{Base: dst, Disp: 16 * j}
			g.VPCMPGTD(least1, u, k)
			g.VMOVDQU8_Z(at, k, u.AsX())
			g.VMOVDQU8(u.AsX(), at)
			return
		}
		g.VPCMPGTD(least1, u, u)
		keep = append(keep, u)
	})
	if !g.wide {
		// The masks are packed to bytes within the halves of the registers.
		g.VPACKSSDW(keep[1], keep[0], keep[0])
		g.VPACKSSDW(keep[3], keep[2], keep[2])
		g.VPACKSSWB(keep[2], keep[0], keep[0])
		g.VPERMD(keep[0], order, keep[0])
		g.VPAND(operand.Mem{Base: dst}, keep[0], keep[0])
		g.VMOVDQU(keep[0], operand.Mem{Base: dst})
	}
	g.nextGroup(groups, 1, dst)
}

// nextGroup ends the loop over groups, and the kernel. It advances the addresses of arrays
// whose elements have size bytes.
func (g *gen) nextGroup(groups reg.GPVirtual, size int, arrays ...reg.GPVirtual) {
	for _, a := range arrays {
		g.ADDQ(operand.I32(size*4*g.W()), a)
	}
	g.DECQ(groups)
	g.JNE(operand.LabelRef("group"))
	g.end()
}
