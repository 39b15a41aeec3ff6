package simd

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"
)

// The shapes are those of MNIST: batches of 64 images of 784 pixels, a fifth of them nonzero.
const (
	benchBatch  = 64
	benchPixels = 784
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

// fastest runs f as the benchmark does and returns the shortest time in seconds, which other load on
// the core affects least.
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

// batch returns the pixels of a batch as rows, and transposed, with their bitmaps, and
// how many bits are set.
func batch() (rows, columns Sparse, set int) {
	src := pixels()
	index := make([]uint32, benchBatch)
	var value [256]float32
	for b := range value {
		value[b] = float32(b) / 255
	}
	words := (benchPixels + WordBits - 1) / WordBits
	rows = Sparse{Rows: benchBatch, Words: words, Stride: words * WordBits,
		Bytes: make([]byte, benchBatch*words*WordBits), Bits: make([]uint64, benchBatch*words), Value: &value}
	for i := range index {
		index[i] = uint32(i)
		copy(rows.Bytes[i*rows.Stride:], src[i*benchPixels:][:benchPixels])
	}
	columns = Sparse{Rows: benchPixels, Words: 1, Stride: WordBits,
		Bytes: make([]byte, benchPixels*WordBits), Bits: make([]uint64, benchPixels), Value: &value}
	GatherTranspose(columns.Bytes, WordBits, src, benchPixels, 0, benchPixels, index)
	Bitmap(rows.Bits, rows.Bytes)
	Bitmap(columns.Bits, columns.Bytes)
	for _, w := range columns.Bits {
		set += bits.OnesCount64(w)
	}
	return rows, columns, set
}

func BenchmarkPeakFlops(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		reportFlops(b, PeakFlops(1000), func() { PeakFlops(1000) })
	})
}

// BenchmarkSparseMul processes the bitmaps with different numbers of words per call.
func BenchmarkSparseMul(b *testing.B) {
	for _, units := range benchUnits {
		for _, words := range []int{1, 2, 3, 4, 13} {
			b.Run(fmt.Sprintf("units=%d/words=%d", units, words), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					x, _, set := batch()
					w, z := random(benchPixels*units), make([]float32, benchBatch*units)
					reportFlops(b, float64(2*units*set), func() {
						for k := 0; k < x.Words; k += words {
							part := x.Part(0, x.Rows, k, min(words, x.Words-k))
							if k == 0 {
								SparseMul(z, units, units, part, w, units)
							} else {
								SparseMulAdd(z, units, units, part, w[k*WordBits*units:], units)
							}
						}
					})
				})
			})
		}
	}
}

func BenchmarkSparseUpdate(b *testing.B) {
	for _, update := range []string{"sgd", "momentum"} {
		for _, units := range benchUnits {
			b.Run(fmt.Sprintf("%s/units=%d", update, units), func(b *testing.B) {
				eachLevelBench(b, func(b *testing.B) {
					_, x, set := batch()
					w, v, d := random(benchPixels*units), random(benchPixels*units), random(benchBatch*units)
					reportFlops(b, float64(2*units*set), func() {
						if update == "sgd" {
							SparseSGD(w, units, units, x, d, units, 1e-9)
						} else {
							SparseMomentum(w, v, units, units, x, d, units, 1e-9, 0.5)
						}
					})
				})
			})
		}
	}
}

func BenchmarkSparseRank1(b *testing.B) {
	for _, units := range []int{10, 128, 200} {
		b.Run(fmt.Sprintf("units=%d", units), func(b *testing.B) {
			eachLevelBench(b, func(b *testing.B) {
				rows, _, set := batch()
				w, x := random(benchPixels*units), random(units)
				i := 0
				reportFlops(b, float64(2*units*set)/benchBatch, func() {
					SparseRank1(w, units, rows.Part(i%benchBatch, 1, 0, rows.Words), x, 1e-9)
					i++
				})
			})
		})
	}
}

// pixels returns a batch of bytes. One in five is nonzero, in runs.
func pixels() []byte {
	src := make([]byte, benchBatch*benchPixels)
	for i := range src {
		if i%28 > 10+rand.IntN(4) && i%28 < 17+rand.IntN(4) && i%784 > 100 && i%784 < 700 {
			src[i] = byte(1 + rand.IntN(255))
		}
	}
	return src
}

// BenchmarkBitmap makes the bitmap of a batch.
func BenchmarkBitmap(b *testing.B) {
	eachLevelBench(b, func(b *testing.B) {
		rows, _, _ := batch()
		reportBytes(b, len(rows.Bytes), func() { Bitmap(rows.Bits, rows.Bytes) })
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
			GatherTranspose(dst, benchBatch, src, benchPixels, 0, benchPixels, index)
		})
	})
}

// BenchmarkVector runs each kernel on a batch of 64 samples of 128 units. Each byte counts
// once.
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
