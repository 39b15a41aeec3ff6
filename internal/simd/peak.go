package simd

// PeakFlops executes iterations rounds of independent multiply-adds in registers
// and returns how many floating-point operations that were, a multiply-add being
// two. Their number over the time it took is the most that one core can do at the
// current level, in FLOP/s. At Off that is a loop of Go's, far below what the core can
// do.
func PeakFlops(iterations int) (flops float64) {
	if iterations <= 0 {
		return 0
	}
	return float64(iterations) * float64(fmaPeak(iterations))
}

func fmaPeakGo(iterations int) int {
	a, b, c, d := float32(1), float32(2), float32(3), float32(4)
	for range iterations {
		a = a*0.5 + 1
		b = b*0.5 + 1
		c = c*0.5 + 1
		d = d*0.5 + 1
	}
	sink = a + b + c + d
	return 8
}

// sink keeps what is computed only for its time from being left out.
var sink float32
