package sgemm

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

type shape struct {
	form    string
	m, n, k int
}

func (s shape) product() *Product {
	p := &Product{M: s.m, N: s.n, K: s.k, Alpha: 1, LDA: s.k, LDB: s.n, LDC: s.n}
	switch s.form {
	case "NT":
		p.TransB, p.LDB = true, s.k
	case "TN":
		p.TransA, p.LDA = true, s.m
	}
	p.A, p.B, p.C = make([]float32, s.m*s.k), make([]float32, s.n*s.k), make([]float32, s.m*s.n)
	for i := range p.A {
		p.A[i] = float32(i%17) - 8
	}
	for i := range p.B {
		p.B[i] = float32(i%13) - 6
	}
	return p
}

// peak is what one core can do now, in FLOP/s.
func peak() float64 {
	best := 0.0
	for range 10 {
		t := time.Now()
		f := simd.PeakFlops(20000)
		best = max(best, f/time.Since(t).Seconds())
	}
	return best
}

// rates times f, which takes flops operations, over and over, and returns the best
// and the median rate in FLOP/s. Others may use the machine at the same time: the
// best is what the code can do.
func rates(b *testing.B, flops float64, f func()) (best, median float64) {
	batch := max(1, int(2e6/flops))
	var all []float64
	for n := 0; n < b.N || n < 20*batch; n += batch {
		t := time.Now()
		for range batch {
			f()
		}
		all = append(all, flops*float64(batch)/time.Since(t).Seconds())
	}
	slices.Sort(all)
	return all[len(all)-1], all[len(all)/2]
}

var benchShapes = []shape{
	{"NT", 64, 128, 784}, {"NT", 64, 10, 128}, {"NN", 64, 128, 10}, {"TN", 10, 128, 64}, {"TN", 128, 784, 64},
	{"NT", 128, 800, 784}, {"NT", 128, 10, 800}, {"NN", 128, 800, 10}, {"TN", 10, 800, 128}, {"TN", 800, 784, 128},
	{"NT", 100, 2500, 841}, {"NT", 100, 2000, 2500}, {"NN", 100, 2500, 2000}, {"TN", 2000, 2500, 100},
	{"NT", 100, 500, 1000}, {"NN", 100, 1000, 500}, {"TN", 500, 1000, 100},
	{"NT", 1000, 800, 784}, {"NT", 1000, 10, 800}, {"NT", 1000, 128, 784}, {"NN", 1000, 1000, 1000},
	{"NT", 1, 200, 784}, {"NN", 1, 784, 200}, {"TN", 200, 784, 1}, {"NT", 1, 2500, 2000}, {"NN", 1, 2500, 2000},
}

func BenchmarkRun(b *testing.B) {
	for _, threads := range []int{1, 2} {
		pool := workers.New(threads)
		defer pool.Close()
		e := NewEngine(pool)
		for _, s := range benchShapes {
			b.Run(fmt.Sprintf("threads=%d/%s-%dx%dx%d", threads, s.form, s.m, s.n, s.k), func(b *testing.B) {
				p := s.product()
				e.Run(p)
				top := peak()
				b.ResetTimer()
				best, median := rates(b, 2*float64(s.m)*float64(s.n)*float64(s.k), func() { e.Run(p) })
				b.StopTimer()
				top = max(top, peak())
				b.ReportMetric(best/1e9, "GFLOP/s")
				b.ReportMetric(100*best/top/float64(threads), "%peak")
				b.ReportMetric(100*median/top/float64(threads), "%median")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkPack reports elements a nanosecond.
func BenchmarkPack(b *testing.B) {
	for _, l := range simd.Levels() {
		k := kernelsFor(l)
		if k == nil {
			continue
		}
		const rows, cols = 128, 784
		src, dst := make([]float32, rows*cols), make([]float32, rows*cols)
		b.Run("transposed/"+k.name, func(b *testing.B) {
			best, _ := rates(b, rows*cols, func() {
				for c := 0; c < cols; c += 196 {
					for r := 0; r < rows; r += k.lanes {
						k.packTransposed(&dst[r/k.panel()*k.panel()*196+r%k.panel()], k.panel(), &src[r*cols+c], cols, k.lanes, 196)
					}
				}
			})
			b.ReportMetric(best/1e9, "elements/ns")
		})
		b.Run("rows/"+k.name, func(b *testing.B) {
			best, _ := rates(b, rows*cols, func() {
				for c := 0; c+k.panel() <= cols; c += k.panel() {
					k.packRows(&dst[c*rows], k.panel(), &src[c], cols, k.panel(), rows)
				}
			})
			b.ReportMetric(best/1e9, "elements/ns")
		})
	}
}

var bigShapes = []shape{
	{"NT", 100, 2500, 841}, {"NT", 100, 2000, 2500}, {"NN", 100, 2500, 2000}, {"NT", 100, 500, 1000}, {"NN", 100, 1000, 500}, {"NT", 128, 800, 784}, {"NT", 100, 128, 784}, {"NT", 200, 2000, 2500}, {"NT", 96, 2000, 2500},
}

func BenchmarkBig(b *testing.B) {
	pool := workers.New(1)
	e := NewEngine(pool)
	for _, s := range bigShapes {
		b.Run(fmt.Sprintf("%s-%dx%dx%d", s.form, s.m, s.n, s.k), func(b *testing.B) {
			p := s.product()
			e.Run(p)
			top := peak()
			b.ResetTimer()
			best, median := rates(b, 2*float64(s.m)*float64(s.n)*float64(s.k), func() { e.Run(p) })
			b.StopTimer()
			top = max(top, peak())
			b.ReportMetric(best/1e9, "GFLOP/s")
			b.ReportMetric(100*best/top, "%peak")
			b.ReportMetric(100*median/top, "%median")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkSmall(b *testing.B) {
	pool := workers.New(2)
	e := NewEngine(pool)
	for _, s := range []shape{{"NT", 64, 10, 128}, {"NT", 64, 32, 64}, {"NT", 64, 64, 64}, {"NT", 64, 64, 128}, {"NT", 64, 128, 128}, {"NT", 128, 10, 800}, {"NN", 64, 128, 10}, {"NN", 128, 800, 10}, {"TN", 10, 800, 128}} {
		b.Run(fmt.Sprintf("%s-%dx%dx%d=%dk", s.form, s.m, s.n, s.k, 2*s.m*s.n*s.k/1000), func(b *testing.B) {
			p := s.product()
			e.Run(p)
			top := peak()
			b.ResetTimer()
			best, median := rates(b, 2*float64(s.m)*float64(s.n)*float64(s.k), func() { e.Run(p) })
			b.StopTimer()
			top = max(top, peak())
			b.ReportMetric(best/1e9, "GFLOP/s")
			b.ReportMetric(100*best/top, "%peak")
			b.ReportMetric(100*median/top, "%median")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// An update is the epilogue of a training step's gradient.
type update struct {
	w, v []float32
	ld   int
}

func (u *update) Block(_, i, j, rows, cols int, g []float32, ld int) {
	for r := range rows {
		at := (i+r)*u.ld + j
		if u.v == nil {
			simd.SGD(u.w[at:at+cols], g[r*ld:r*ld+cols], 1e-9)
		} else {
			simd.Momentum(u.w[at:at+cols], u.v[at:at+cols], g[r*ld:r*ld+cols], 1e-9, 0.5)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, threads := range []int{1, 2} {
		pool := workers.New(threads)
		e := NewEngine(pool)
		for _, s := range []shape{{"TN", 128, 784, 64}, {"TN", 800, 784, 128}, {"TN", 2000, 2500, 100}} {
			for _, kind := range []string{"plain", "add", "nothing", "sgd", "sgd-near", "momentum", "momentum-near"} {
				b.Run(fmt.Sprintf("%s/threads=%d/%s-%dx%dx%d", kind, threads, s.form, s.m, s.n, s.k), func(b *testing.B) {
					p := s.product()
					u := &update{w: make([]float32, s.m*s.n), ld: s.n}
					switch kind {
					case "nothing":
						p.C, p.Epilogue = nil, nothing{}
					case "add":
						p.Alpha, p.Beta = -1e-9, 1
					case "sgd":
						p.C, p.Epilogue = nil, u
					case "sgd-near":
						p.C, p.Epilogue = nil, u
						p.Near[0] = Beside{u.w, u.ld}
					case "momentum", "momentum-near":
						u.v = make([]float32, s.m*s.n)
						p.C, p.Epilogue = nil, u
						if kind == "momentum-near" {
							p.Near = [2]Beside{{u.w, u.ld}, {u.v, u.ld}}
						}
					}
					e.Run(p)
					top := peak()
					b.ResetTimer()
					best, median := rates(b, 2*float64(s.m)*float64(s.n)*float64(s.k), func() { e.Run(p) })
					b.StopTimer()
					top = max(top, peak())
					b.ReportMetric(best/1e9, "GFLOP/s")
					b.ReportMetric(100*best/top/float64(threads), "%peak")
					b.ReportMetric(100*median/top/float64(threads), "%median")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}
