package dataset

import "math"

// powers are the powers of ten that are exact in float64.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
	1e19, 1e20, 1e21, 1e22}

// decimal reads a decimal number and the separator after it, rounded to float32 as by strconv.ParseFloat. It returns
// the start of the next cell, or −1. ok is false for cells that parseNumber must read: long numbers, numbers that may
// round differently, and other text. decimal takes a quarter of the time of parseNumber.
//
// A mantissa of up to 15 digits and a power of ten up to 22 are exact in float64, so their product or quotient is
// rounded once (Clinger, "How to read floating point numbers accurately", PLDI 1990). The second rounding, to float32,
// matters only halfway between two float32s. Such midpoints are float64s themselves, so any other number stays on its
// side of a midpoint.
func decimal(line []byte, at int, separator byte) (v float32, next int, ok bool) {
	i := at
	negative := false
	if i < len(line) && (line[i] == '-' || line[i] == '+') {
		negative = line[i] == '-'
		i++
	}
	var mantissa uint64
	begin, point := i, -1
	for ; i < len(line); i++ {
		if digit := line[i] - '0'; digit <= 9 {
			mantissa = 10*mantissa + uint64(digit)
		} else if line[i] == '.' && point < 0 {
			point = i
		} else {
			break
		}
	}
	digits, exponent := i-begin, 0
	if point >= 0 {
		digits--
		exponent = point + 1 - i
	}
	if digits < 1 || digits > 15 {
		return 0, 0, false
	}
	if i < len(line) && line[i]|0x20 == 'e' {
		i++
		sign := 1
		if i < len(line) && (line[i] == '-' || line[i] == '+') {
			if line[i] == '-' {
				sign = -1
			}
			i++
		}
		from, e := i, 0
		for ; i < len(line) && line[i]-'0' <= 9 && i < from+3; i++ {
			e = 10*e + int(line[i]-'0')
		}
		if i == from {
			return 0, 0, false
		}
		exponent += sign * e
	}
	next = i + 1
	if i == len(line) {
		next = -1
	} else if line[i] != separator {
		return 0, 0, false
	}
	x := float64(mantissa)
	switch {
	case mantissa == 0:
	case exponent < -22 || exponent > 22:
		return 0, 0, false
	case exponent < 0:
		x /= powers[-exponent]
	default:
		x *= powers[exponent]
	}
	const (
		rest   = 1<<29 - 1 // the bits of a float64 beyond those of a float32
		middle = 1 << 28
	)
	if mantissa != 0 && (x < 0x1p-126 || x > math.MaxFloat32 || math.Float64bits(x)&rest == middle) {
		return 0, 0, false // a midpoint, or float32s with another spacing
	}
	if negative {
		x = -x
	}
	return float32(x), next, true
}
