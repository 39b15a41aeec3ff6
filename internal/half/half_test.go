package half

import (
	"math"
	"testing"
)

// TestFloat16 compares numbers with those of IEEE 754-2019, table 3.5, and checks that all others grow with their bits.
func TestFloat16(t *testing.T) {
	for bits, want := range map[uint16]float64{0: 0, 1: 0x1p-24, 0x03ff: 0x1p-14 - 0x1p-24, 0x0400: 0x1p-14, 0x3555: 0.333251953125,
		0x3c00: 1, 0x7bff: 65504, 0x7c00: math.Inf(1), 0xc000: -2, 0xfc00: math.Inf(-1)} {
		if got := Float16(bits); float64(got) != want {
			t.Errorf("%#04x: %v, want %v", bits, got, want)
		}
	}
	for bits := uint16(1); bits <= 0x7c00; bits++ {
		if a, b := Float16(bits-1), Float16(bits); !(a < b) || Float16(bits|0x8000) != -b {
			t.Fatalf("%#04x: %v after %v", bits, b, a)
		}
	}
	if v := Float16(0x7c01); v == v {
		t.Errorf("a NaN became %v", v)
	}
	if v := Float16(0x8000); v != 0 || !math.Signbit(float64(v)) {
		t.Errorf("−0 became %v", v)
	}
}

// TestBFloat16 checks that the bits are the upper half of a float32.
func TestBFloat16(t *testing.T) {
	for bits, want := range map[uint16]float32{0x3f80: 1, 0xc040: -3, 0x4049: 3.140625} {
		if got := BFloat16(bits); got != want {
			t.Errorf("%#04x: %v, want %v", bits, got, want)
		}
	}
}
