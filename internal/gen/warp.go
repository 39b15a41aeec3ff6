package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// warps emits the kernels of a Sampler.
func warps(g *gen) {
	quads(g)
	g.begin(kernel{name: "warp",
		asm:  "(dst *uint8, quads *uint32, fx, fy *float32, ldf, width, height int, place *float32)",
		call: "(s *Sampler, dst []byte, fx, fy []float32, ldf int, p *placement)",
		doc:  "is warpGo. quads begins with the quad between pixels (0, 0) and (1, 1). After dst there are as many more bytes as a vector has lanes.",
		args: map[string]string{"quads": "&s.quads[s.ld+1]", "width": "s.width", "height": "s.height", "place": "&p.XX"}})
	w := newWarp(g)
	w.rows()
	g.end()
}

// quads emits the kernel that computes the quads of a Sampler.
func quads(g *gen) {
	g.begin(kernel{name: "quads", asm: "(dst *uint32, bytes *uint8, vectors, ld int)", call: "(s *Sampler)",
		doc:  "is quadsGo for vectors of dst, at least one. After the bytes for the last of them there are ld+1 more.",
		args: map[string]string{"dst": "&s.quads[0]", "bytes": "&s.bytes[0]", "vectors": "((s.height+2)*s.ld + LANES - 1) / LANES", "ld": "s.ld"}})
	dst, bytes, vectors, ld := g.param("dst"), g.param("bytes"), g.param("vectors"), g.param("ld")
	below := g.GP64()
	g.LEAQ(operand.Mem{Base: bytes, Index: ld, Scale: 1}, below)
	g.Label("vector")
	var x [4]reg.VecVirtual
	for i := range x {
		x[i] = g.vec()
		row := bytes
		if i >= 2 {
			row = below
		}
		g.VPMOVZXBD(operand.Mem{Base: row, Disp: i % 2}, x[i])
		if i > 0 {
			g.VPSLLD(operand.Imm(uint64(8*i)), x[i], x[i])
		}
	}
	for _, y := range x[1:] {
		g.VORPS(y, x[0], x[0])
	}
	g.VMOVUPS(x[0], operand.Mem{Base: dst})
	g.ADDQ(operand.I32(4*g.W()), dst)
	g.ADDQ(operand.I32(g.W()), bytes)
	g.ADDQ(operand.I32(g.W()), below)
	g.DECQ(vectors)
	g.JNE(operand.LabelRef("vector"))
	g.end()
}

// These are the indices of the fields of simd.placement. All are floats except the last.
const (
	placeXX = iota
	placeXY
	placeX0
	placeYX
	placeYY
	placeY0
	placeAlpha
	placeCentreX
	placeCentreY
	placeWidth
	placeHeight
	placeLD
	placeSize
)

// A warp emits the kernel of Warp.
type warp struct {
	*gen
	dst, quads, fx, fy, place reg.GPVirtual
	held                      [placeSize]reg.VecVirtual // fields that AVX-512 keeps in registers
	x0, y0, u                 reg.VecVirtual
	width, low, least, half   operand.Op // of a vector; 255, −1, ½
}

func newWarp(g *gen) *warp {
	w := &warp{gen: g, dst: g.param("dst"), quads: g.param("quads"), fx: g.param("fx"), fy: g.param("fy"), place: g.param("place")}
	if g.wide {
		for _, i := range []int{placeXX, placeYX, placeAlpha, placeWidth, placeHeight, placeLD} {
			w.held[i] = g.vec()
			g.VBROADCASTSS(operand.Mem{Base: w.place, Disp: 4 * i}, w.held[i])
		}
	}
	w.x0, w.y0, w.u = g.vec(), g.vec(), g.vec()
	w.width, w.least, w.half = g.float(float64(g.W())), g.float(-1), g.float(0.5)
	w.low = g.constant(255, 8)
	if g.wide {
		w.low = g.intReg(255)
	}
	return w
}

// part returns a field of the placement in all lanes.
func (w *warp) part(i int) reg.VecVirtual {
	if w.held[i] != nil {
		return w.held[i]
	}
	v := w.vec()
	w.VBROADCASTSS(operand.Mem{Base: w.place, Disp: 4 * i}, v)
	return v
}

// lanes returns the address of a table of 0, 1, 2, …
func (g *gen) lanes() operand.Mem {
	var values []operand.U32
	for i := range 16 {
		values = append(values, operand.U32(math.Float32bits(float32(i))))
	}
	return data(g, g.file+"_lane", values)
}

func (w *warp) rows() {
	width, height, ldf := w.param("width"), w.param("height"), w.param("ldf")
	w.setRowMask(width)
	// v is y − centre of the next row. first is x − centre of the first pixels.
	v, first := w.vec(), w.vec()
	w.zero(v)
	w.VSUBPS(w.part(placeCentreY), v, v)
	w.VMOVUPS(w.lanes(), first)
	w.VSUBPS(w.part(placeCentreX), first, first)
	i, left := w.GP64(), w.GP64()
	w.Label("row")
	w.VMOVAPS(w.part(placeX0), w.x0)
	w.VFMADD231PS(w.part(placeXY), v, w.x0)
	w.VMOVAPS(w.part(placeY0), w.y0)
	w.VFMADD231PS(w.part(placeYY), v, w.y0)
	w.VADDPS(w.float(1), v, v)
	w.VMOVAPS(first, w.u)
	w.XORQ(i, i)
	w.MOVQ(width, left)
	w.Label("vector")
	w.CMPQ(left, operand.I32(w.W()))
	w.JL(operand.LabelRef("tail"))
	w.pixels(i, false)
	w.VADDPS(w.width, w.u, w.u)
	w.ADDQ(operand.I32(w.W()), i)
	w.SUBQ(operand.I32(w.W()), left)
	w.JMP(operand.LabelRef("vector"))
	w.Label("tail")
	w.TESTQ(left, left)
	w.JE(operand.LabelRef("next"))
	w.pixels(i, true)
	w.Label("next")
	w.ADDQ(width, w.dst)
	w.LEAQ(operand.Mem{Base: w.fx, Index: ldf, Scale: 4}, w.fx)
	w.LEAQ(operand.Mem{Base: w.fy, Index: ldf, Scale: 4}, w.fy)
	w.DECQ(height)
	w.JNE(operand.LabelRef("row"))
}

// pixels computes a vector of pixels, from pixel i of the row.
func (w *warp) pixels(i reg.GPVirtual, partial bool) {
	right, x := w.coordinate(w.fx, i, placeXX, placeWidth, w.x0, partial)
	down, y := w.coordinate(w.fy, i, placeYX, placeHeight, w.y0, partial)
	w.VPMULLD(w.part(placeLD), y, y)
	w.VPADDD(x, y, x)
	q := w.gather(x)
	// p holds the four bytes of the quads as floats.
	p := make([]reg.VecVirtual, 4)
	for b := range p {
		p[b] = w.vec()
		switch b {
		case 0:
			w.VANDPS(w.low, q, p[b])
		case 3:
			w.VPSRLD(operand.Imm(24), q, p[b])
		default:
			w.VPSRLD(operand.Imm(uint64(8*b)), q, p[b])
			w.VANDPS(w.low, p[b], p[b])
		}
		w.VCVTDQ2PS(p[b], p[b])
	}
	w.mix(p[0], p[1], right)
	w.mix(p[2], p[3], right)
	w.mix(p[0], p[2], down)
	w.VADDPS(w.half, p[0], p[0])
	w.VCVTTPS2DQ(p[0], p[0])
	to := operand.Mem{Base: w.dst, Index: i, Scale: 1}
	if w.wide {
		w.VPMOVDB(p[0], p[0].AsX())
		w.VMOVUPS(p[0].AsX(), to)
		return
	}
	high := w.XMM()
	w.VEXTRACTI128(operand.Imm(1), p[0], high)
	w.VPACKUSDW(high, p[0].AsX(), high)
	w.VPACKUSWB(high, high, high)
	w.VMOVQ(high, to)
}

// coordinate returns the pixel before a coordinate, and the distance from that pixel.
func (w *warp) coordinate(field, i reg.GPVirtual, slope, size int, zero reg.VecVirtual, partial bool) (part, whole reg.VecVirtual) {
	c, f := w.vec(), w.vec()
	w.VMOVAPS(zero, c)
	w.VFMADD231PS(w.part(slope), w.u, c)
	w.load(at(field, i, 0), f, partial)
	w.VFMADD231PS(w.part(placeAlpha), f, c)
	// With this order of operands NaN becomes −1.
	w.VMAXPS(w.least, c, c)
	w.VMINPS(w.part(size), c, c)
	const down = 9 // immediate of VROUNDPS and VRNDSCALEPS, without an exception
	if w.wide {
		w.VRNDSCALEPS(operand.Imm(down), c, f)
	} else {
		w.VROUNDPS(operand.Imm(down), c, f)
	}
	w.VSUBPS(f, c, c)
	w.VCVTTPS2DQ(f, f)
	return c, f
}

// gather returns the quads at the indices x.
func (w *warp) gather(x reg.VecVirtual) reg.VecVirtual {
	q, m := w.vec(), operand.Mem{Base: w.quads, Index: x, Scale: 4}
	w.zero(q)
	if w.wide {
		k := w.K()
		w.KXNORW(k, k, k)
		w.VPGATHERDD(m, k, q)
	} else {
		all := w.vec()
		w.VPCMPEQD(all, all, all)
		w.VPGATHERDD(all, m, q)
	}
	return q
}

// mix replaces a by a + t·(b − a), and clobbers b.
func (w *warp) mix(a, b, t reg.VecVirtual) {
	w.VSUBPS(a, b, b)
	w.VFMADD231PS(b, t, a)
}
