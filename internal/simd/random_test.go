package simd

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute/philox"
)

// firsts are numbers of a first element: at the start of a block, within one, at the end of the low
// half of a counter, and beyond.
var firsts = []uint64{0, 1, 3, 8, 13, 63, 1 << 20, 1<<35 - 9, 1<<35 + 64, 1<<40 + 5}

// streams have words of all kinds in seed and number.
var streams = []philox.Stream{{}, {Seed: 1, ID: 1}, {Seed: 0x9876543210fedcba, ID: 16<<32 | 7}, {Seed: math.MaxUint64, ID: math.MaxUint64}}

func TestUniform(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 11)
		for i, n := range lengths() {
			for j, first := range firsts {
				s := streams[(i+j)%len(streams)]
				got := alloc[float32](a, n)
				Uniform(got, s, first)
				for i, v := range got {
					want := (2*float64(s.Half(first+uint64(i)))+1)/65536 - 1
					if float64(v) != want {
						t.Fatalf("%+v: number %d of %d from %d is %v, want %v", s, i, n, first, v, want)
					}
				}
				a.check(t, "n=%d, first=%d", n, first)
			}
		}
	})
}

func TestDropout(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 12)
		for i, n := range lengths() {
			for j, first := range firsts {
				s := streams[(i+j)%len(streams)]
				// The thresholds include 0, the maximum, and those that compare differently as signed 16-bit numbers.
				threshold := []uint32{0, 1, 0x4000, 0x7fff, 0x8000, 0x8001, 0xffff, 0x10000}[(i+3*j)%8]
				factor := float32(1.25)
				src := normals(a, n)
				for i := range src {
					if a.rng.IntN(8) == 0 {
						src[i] = specials[a.rng.IntN(len(specials))]
					}
				}
				was, got := copyOf(a, src), alloc[float32](a, n)
				if j%2 == 0 {
					got = src
				}
				Dropout(got, src, s, first, threshold, factor)
				for i, v := range got {
					want := was[i] * factor
					if uint32(s.Half(first+uint64(i))) < threshold {
						want = 0
					}
					if !same(v, want) {
						t.Fatalf("%+v, threshold %#x: element %d of %d from %d is %v, want %v", s, threshold, i, n, first, v, want)
					}
				}
				a.check(t, "n=%d, first=%d", n, first)
			}
		}
	})
}

func TestDropBytes(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 13)
		for i, n := range lengths() {
			for j, first := range firsts {
				s := streams[(i+j)%len(streams)]
				threshold := []uint32{0, 1, 0x4000, 0x7fff, 0x8000, 0x8001, 0xffff, 0x10000}[(i+3*j)%8]
				x := alloc[byte](a, n)
				for i := range x {
					x[i] = byte(a.rng.IntN(256))
				}
				was := append([]byte(nil), x...)
				DropBytes(x, s, first, threshold)
				for i, v := range x {
					want := was[i]
					if uint32(s.Half(first+uint64(i))) < threshold {
						want = 0
					}
					if v != want {
						t.Fatalf("%+v, threshold %#x: byte %d of %d from %d is %d, want %d", s, threshold, i, n, first, v, want)
					}
				}
				a.check(t, "n=%d, first=%d", n, first)
			}
		}
	})
}

func TestRandomMistakes(t *testing.T) {
	wantPanic(t, "Dropout: ", func() { Dropout(make([]float32, 4), make([]float32, 3), philox.Stream{}, 0, 0, 1) })
}

func BenchmarkUniform(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		dst := make([]float32, 2*784*8)
		s := fastest(b, func() { Uniform(dst, philox.Stream{Seed: 1, ID: 2}, 0) })
		b.ReportMetric(s/float64(len(dst))*1e9, "ns/number")
	})
}

func BenchmarkDropout(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		for _, n := range []int{800, 80000} {
			b.Run(fmt.Sprint(n), func(b *testing.B) {
				x := make([]float32, n)
				s := fastest(b, func() { Dropout(x, x, philox.Stream{Seed: 1, ID: 2}, 0, 1<<15, 2) })
				b.ReportMetric(s/float64(n)*1e9, "ns/number")
			})
		}
	})
}
