package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// peakChains is the number of independent chains of multiply-adds. It is more than the
// latency times the throughput of any processor, and less than the number of registers.
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
			g.VFMADD213PS(one, half, x[k]) // converges to 2, without overflow or denormals
		}
	}
	g.DECQ(n)
	g.JNE(operand.LabelRef("round"))
	g.end()
}
