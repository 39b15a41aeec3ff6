package dataset

import (
	"math"
	"strconv"
	"testing"

	"shadegrad/compute/philox"
)

// Numbers of every length and power are rounded as strconv rounds them, and most need nothing else.
func TestDecimal(t *testing.T) {
	r := philox.Stream{Seed: 3}
	quick := 0
	const n = 200_000
	for i := range uint64(n) {
		bits := r.Uint64(i)
		v := math.Float32frombits(uint32(bits))
		if v != v || math.IsInf(float64(v), 0) {
			continue
		}
		if bits>>63 == 0 { // a magnitude that data have
			v = float32(int32(bits)) / float32(uint32(1)<<(bits>>32%31))
		}
		text := strconv.FormatFloat(float64(v), "gfe"[bits>>40%3], int(bits>>44%10)-1, 32)
		if bits>>50%8 == 0 { // the middle between two
			text = strconv.FormatFloat((float64(v)+float64(math.Nextafter32(v, math.MaxFloat32)))/2, 'g', -1, 64)
		}
		got, next, ok := decimal([]byte(text), 0, ',')
		if !ok {
			continue
		}
		quick++
		if want, err := strconv.ParseFloat(text, 32); err != nil || got != float32(want) || next != -1 {
			t.Fatalf("%s is %v, want %v; error %v, next is %d", text, got, float32(want), err, next)
		}
	}
	if quick < n/3 {
		t.Errorf("only %d of %d were read", quick, n)
	}
}

func BenchmarkDecimal(b *testing.B) {
	cells := make([][]byte, 1000)
	for i := range cells {
		cells[i] = strconv.AppendFloat(nil, float64(i)/999, 'g', 6, 32)
	}
	b.Run("decimal", func(b *testing.B) {
		for b.Loop() {
			for _, cell := range cells {
				decimal(cell, 0, ',')
			}
		}
	})
	b.Run("ParseFloat", func(b *testing.B) {
		for b.Loop() {
			for _, cell := range cells {
				if _, err := parseNumber(cell); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
