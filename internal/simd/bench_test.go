package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The shapes are those of MNIST: batches of 64 of 784 pixels, of which 150 are not
// zero, so that a pixel is not zero in 12 of the samples.
const (
	benchBatch  = 64
	benchPixels = 784
	benchDense  = 150
	benchShare  = 12
)

var benchUnits = []int{10, 64, 128, 256, 800}

// eachLevelBench runs a benchmark at every level.
func eachLevelBench(b *testing.B, bench func(b *testing.B)) {
	before := Current()
	defer Set(before)
	for _, l := range Levels() {
		b.Run(l.String(), func(b *testing.B) {
			Set(l)
			bench(b)
		})
	}
}

// peak measures the level's FLOP/s: the best of several short runs, since others use
// the machine too.
func peak() float64 {
	best := 0.0
	for range 20 {
		begin := time.Now()
		flops := PeakFlops(10000)
		best = max(best, flops/time.Since(begin).Seconds())
	}
	return best
}

// fastest runs f as the benchmark does and returns the shortest time in seconds:
// what is left when nothing else used the core.
func fastest(b *testing.B, f func()) float64 {
	best := time.Hour
	for b.Loop() {
		begin := time.Now()
		f()
		best = min(best, time.Since(begin))
	}
	return best.Seconds()
}

// reportFlops runs f, and reports its rate, and the share of the peak of a core
// measured just then.
func reportFlops(b *testing.B, flops float64, f func()) {
	rate := flops / fastest(b, f)
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*rate/peak(), "%peak")
}

// reportBytes runs f, and reports its rate.
func reportBytes(b *testing.B, bytes int, f func()) {
	best := fastest(b, f)
	b.ReportMetric(float64(bytes)/best/1e9, "GB/s")
	b.ReportMetric(best*1e6, "µs")
}

func random(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rand.Float32()
	}
	return x
}

// lists makes count sorted lists of length entries below limit.
func lists(count, length, limit int) (start, idx []int32, val []float32) {
	start = []int32{0}
	for range count {
		p := rand.Perm(limit)[:length]
		slices.Sort(p)
		for _, i := range p {
			idx = append(idx, int32(i))
		}
		start = append(start, int32(len(idx)))
	}
	return start, idx, random(len(idx))
}

func BenchmarkPeakFlops(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		reportFlops(b, PeakFlops(1000), func() { PeakFlops(1000) })
	})
}

func BenchmarkSumRows(b *testing.B) {
	for _, units := range benchUnits {
		b.Run(fmt.Sprintf("units=%d", units), func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				w, z := random(benchPixels*units), make([]float32, benchBatch*units)
				start, idx, val := lists(benchBatch, benchDense, benchPixels)
				reportFlops(b, float64(2*units*len(idx)), func() {
					SumRowsEach(z, units, units, w, units, Lists{start, 1, idx, val})
				})
			})
		})
	}
}

// BenchmarkSumRowsBlocked takes the pixels in blocks whose weights fit in the inner
// cache, and all samples with each.
func BenchmarkSumRowsBlocked(b *testing.B) {
	for _, units := range []int{64, 128} {
		for _, pixels := range []int{28, 49, 56, 112, 196} {
			b.Run(fmt.Sprintf("units=%d/pixels=%d", units, pixels), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					w, z := random(benchPixels*units), make([]float32, benchBatch*units)
					blocks := benchPixels / pixels
					_, idx, val := lists(benchBatch, benchDense, benchPixels)
					start := []int32{}
					for t := range idx {
						sample := t / benchDense
						for len(start) <= sample*blocks+int(idx[t])/pixels {
							start = append(start, int32(t))
						}
					}
					for len(start) <= benchBatch*blocks {
						start = append(start, int32(len(idx)))
					}
					for t := range idx {
						idx[t] %= int32(pixels)
					}
					reportFlops(b, float64(2*units*len(idx)), func() {
						for k := range blocks {
							part := w[k*pixels*units:]
							l := Lists{start[k:], blocks, idx, val}
							if k == 0 {
								SumRowsEach(z, units, units, part, units, l)
							} else {
								SumRowsAddEach(z, units, units, part, units, l)
							}
						}
					})
				})
			})
		}
	}
}

func BenchmarkSumRowsUpdate(b *testing.B) {
	for _, update := range []string{"sgd", "momentum"} {
		for _, units := range benchUnits {
			b.Run(fmt.Sprintf("%s/units=%d", update, units), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					w, v, d := random(benchPixels*units), random(benchPixels*units), random(benchBatch*units)
					start, idx, val := lists(benchPixels, benchShare, benchBatch)
					reportFlops(b, float64(2*units*len(idx)), func() {
						l := Lists{start, 1, idx, val}
						if update == "sgd" {
							SumRowsSGDEach(w, units, units, d, units, l, 1e-9)
						} else {
							SumRowsMomentumEach(w, v, units, units, d, units, l, 1e-9, 0.5)
						}
					})
				})
			})
		}
	}
}

func BenchmarkAddScaledRows(b *testing.B) {
	for _, units := range []int{10, 128, 200} {
		b.Run(fmt.Sprintf("units=%d", units), func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				w, x := random(benchPixels*units), random(units)
				_, idx, val := lists(1, benchDense, benchPixels)
				reportFlops(b, float64(2*units*len(idx)), func() {
					AddScaledRows(w, units, idx, val, x, 1e-9)
				})
			})
		})
	}
}

// pixels makes a batch of bytes of which one in five is not zero, in runs.
func pixels() []byte {
	src := make([]byte, benchBatch*benchPixels)
	for i := range src {
		if i%28 > 10+rand.IntN(4) && i%28 < 17+rand.IntN(4) && i%784 > 100 && i%784 < 700 {
			src[i] = byte(1 + rand.IntN(255))
		}
	}
	return src
}

func BenchmarkCompactRows(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		src := pixels()
		start, idx, val := make([]int32, benchBatch+1), make([]int32, len(src)), make([]float32, len(src))
		reportBytes(b, len(src), func() {
			CompactRows(start, idx, val, src, benchPixels, 1.0/255)
		})
		b.ReportMetric(float64(start[benchBatch]), "entries")
	})
}

// BenchmarkPixelLists makes the lists of all pixels from the bytes of a batch.
func BenchmarkPixelLists(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		src := pixels()
		index := make([]uint32, benchBatch)
		for i := range index {
			index[i] = uint32(i)
		}
		dst := make([]byte, len(src))
		start, idx, val := make([]int32, benchPixels+1), make([]int32, len(src)), make([]float32, len(src))
		reportBytes(b, len(src), func() {
			GatherTranspose(dst, src, benchPixels, 0, benchPixels, index)
			CompactRows(start, idx, val, dst, benchBatch, 1.0/255)
		})
		b.ReportMetric(float64(start[benchPixels]), "entries")
	})
}

func BenchmarkGatherTranspose(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		src, dst := pixels(), make([]byte, benchBatch*benchPixels)
		index := make([]uint32, benchBatch)
		for i := range index {
			index[i] = uint32(i)
		}
		reportBytes(b, len(src), func() {
			GatherTranspose(dst, src, benchPixels, 0, benchPixels, index)
		})
	})
}

// BenchmarkVector is what a batch of 64 samples of 128 units costs, whose bytes are
// counted once.
func BenchmarkVector(b *testing.B) {
	const cols = 128
	x, y, z, bias := random(benchBatch*cols), random(benchBatch*cols), random(benchBatch*cols), random(cols)
	for _, k := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { Add(x, y) }},
		{"AddBias", func() { AddBias(x, bias) }},
		{"BiasReLU", func() { BiasReLU(x, bias) }},
		{"ReLU", func() { ReLU(x) }},
		{"DeltaReLU", func() { DeltaReLU(x, y, z) }},
		{"DeltaSigmoid", func() { DeltaSigmoid(x, y, z) }},
		{"DeltaTanh", func() { DeltaTanh(x, y, z) }},
		{"SGD", func() { SGD(x, y, 1e-9) }},
		{"Momentum", func() { Momentum(x, y, z, 1e-9, 0.5) }},
		{"Exp", func() { copy(x, y); Exp(x) }},
		{"Sigmoid", func() { copy(x, y); Sigmoid(x) }},
		{"Tanh", func() { copy(x, y); Tanh(x) }},
		{"ColumnSum", func() { ColumnSum(bias, x) }},
		{"Dot", func() { Dot(x, y) }},
		{"Softmax10", func() { Softmax(z[:10*benchBatch], 10) }},
		{"Softmax128", func() { Softmax(z, cols) }},
	} {
		b.Run(k.name, func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				n := len(x)
				if k.name == "Softmax10" {
					n = 10 * benchBatch
				}
				reportBytes(b, 4*n, k.f)
			})
		})
	}
}
