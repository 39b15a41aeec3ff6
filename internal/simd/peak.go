package simd

// roundFlops maps a level to the floating-point operations of a round of fmaPeak.
var roundFlops = [...]float64{Off: 4 * 2, AVX2: 24 * 8 * 2, AVX512: 24 * 16 * 2, NEON: 24 * 4 * 2}

// PeakFlops executes iterations rounds of independent multiply-adds in registers and
// returns the number of floating-point operations. A multiply-add is two operations.
// Divided by the time taken, this is the peak of one core at the current level, in
// FLOP/s. At level Off it is the speed of a loop in Go, far below that of the core.
func PeakFlops(iterations int) (flops float64) {
	if iterations <= 0 {
		return 0
	}
	fmaPeak(iterations)
	return float64(iterations) * roundFlops[level]
}

func fmaPeakGo(iterations int) {
	a, b, c, d := float32(1), float32(2), float32(3), float32(4)
	for range iterations {
		a = a*0.5 + 1
		b = b*0.5 + 1
		c = c*0.5 + 1
		d = d*0.5 + 1
	}
	sink = a + b + c + d
}

// sink keeps the compiler from removing a computation whose result is not used.
var sink float32
