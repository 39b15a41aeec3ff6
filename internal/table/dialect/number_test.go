package dialect

import (
	"math"
	"strconv"
	"testing"

	"shadegrad/compute/philox"
)

// Numbers of every length and power are rounded once, as by math/big.
func TestParseNumber(t *testing.T) {
	r := philox.Stream{Seed: 3}
	for i := range uint64(20_000) {
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
		checkNumber(t, text)
	}
}

func BenchmarkParseNumber(b *testing.B) {
	cells := make([][]byte, 1000)
	for i := range cells {
		cells[i] = strconv.AppendFloat(nil, float64(i)/999, 'g', 6, 32)
	}
	for b.Loop() {
		for _, cell := range cells {
			if _, err := ParseNumber(cell); err != nil {
				b.Fatal(err)
			}
		}
	}
}
