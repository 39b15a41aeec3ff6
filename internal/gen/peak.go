package main

import "github.com/mmcloughlin/avo/operand"
import "github.com/mmcloughlin/avo/reg"

// peakChains is the number of independent multiply-adds a round: more than the
// latency times the throughput of any processor, fewer than the registers.
const peakChains = 12

// peaks emits the loop of PeakFlops.
func peaks(g *gen) {
	g.begin(kernel{name: "fmaPeak", asm: "(iterations int)", call: "(iterations int)",
		doc: "executes rounds of 24 independent multiply-adds of vectors."})
	n := g.param("iterations")
	half, one := g.floatReg(0.5), g.floatReg(1)
	var x [peakChains]reg.VecVirtual
	for k := range x {
		x[k] = g.vec()
		g.VMOVAPS(one, x[k])
	}
	g.Label("round")
	for range 2 {
		for k := range x {
			g.VFMADD213PS(one, half, x[k]) // tends to 2: no overflow, no denormals
		}
	}
	g.DECQ(n)
	g.JNE(operand.LabelRef("round"))
	g.end()
}
