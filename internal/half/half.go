// Package half converts 16-bit floating-point numbers to float32, exactly.
package half

import "math"

// Float16 returns the number of the bits b in the format binary16 of IEEE 754.
func Float16(b uint16) float32 {
	exponent, fraction := int(b>>10&31), float64(b&1023)
	var v float64
	switch exponent {
	case 0: // subnormal
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	return float32(math.Copysign(v, 1-2*float64(b>>15)))
}

// BFloat16 returns the number of the bits b in the format bfloat16, the upper half of a float32.
func BFloat16(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }
