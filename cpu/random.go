package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

func init() { register((*plan).noiseNode) }

// drawCost is the cost of drawing a number, in floating-point operations.
const drawCost = 16

// noise is compute.Noise.
type noise struct {
	dst    []float32
	stream uint32
}

func (l *plan) noiseNode(_ int, o compute.Noise) *node {
	return &node{wide: &noise{data(o.Dst), o.Stream}, cost: drawCost * float64(o.Dst.Len()), out: spans(o.Dst)}
}

func (n *noise) share(worker, size int, args *compute.Args) {
	lo, hi := workers.Share(len(n.dst), 1024, worker, size)
	simd.Uniform(n.dst[lo:hi], args.Draws(n.stream), uint64(lo))
}
