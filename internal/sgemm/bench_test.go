package sgemm

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// A shape is a product: forward (NT), backward (NN) or gradient (TN).
type shape struct {
	form    string
	m, n, k int
}

var shapes = []shape{
	// 784-128-10, batch 64
	{"NT", 64, 128, 784}, {"NT", 64, 10, 128}, {"NN", 64, 128, 10}, {"TN", 10, 128, 64}, {"TN", 128, 784, 64},
	// 784-800-10, batch 128
	{"NT", 128, 800, 784}, {"NT", 128, 10, 800}, {"NN", 128, 800, 10}, {"TN", 10, 800, 128}, {"TN", 800, 784, 128},
	// 841-2500-2000-1500-1000-500-10, batch 100
	{"NT", 100, 2500, 841}, {"TN", 2500, 841, 100},
	{"NT", 100, 2000, 2500}, {"NN", 100, 2500, 2000}, {"TN", 2000, 2500, 100},
	{"NT", 100, 1500, 2000}, {"NN", 100, 2000, 1500}, {"TN", 1500, 2000, 100},
	{"NT", 100, 500, 1000}, {"NN", 100, 1000, 500}, {"TN", 500, 1000, 100},
	// smaller batches, evaluation, and a square
	{"NT", 32, 256, 784}, {"NN", 32, 256, 100}, {"TN", 256, 784, 32},
	{"NT", 1000, 128, 784}, {"NT", 1000, 10, 800}, {"NT", 1000, 800, 784}, {"NN", 1000, 1000, 1000},
	// 784-200-10, one at a time, and a large layer
	{"NT", 1, 200, 784}, {"NN", 1, 784, 200}, {"TN", 200, 784, 1}, {"NT", 1, 2000, 2500}, {"NN", 1, 2500, 2000},
}

func (s shape) String() string { return fmt.Sprintf("%s-%dx%dx%d", s.form, s.m, s.n, s.k) }

func (s shape) flops() float64 { return 2 * float64(s.m) * float64(s.n) * float64(s.k) }

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

// peak measures the peak rate of one core, in FLOP/s.
func peak() float64 {
	best := 0.0
	for range 10 {
		t := time.Now()
		f := simd.PeakFlops(20000)
		best = max(best, f/time.Since(t).Seconds())
	}
	return best
}

// share times f, which does flops operations, repeatedly. It reports the best and the median rate, and
// both as percentages of the peak of the given number of cores. On a busy machine the best rate shows
// what the code can reach.
func share(b *testing.B, flops float64, threads int, f func()) {
	f()
	top := peak()
	batch := max(1, int(2e6/flops))
	var all []float64
	b.ResetTimer()
	for n := 0; n < b.N || n < 20*batch; n += batch {
		t := time.Now()
		for range batch {
			f()
		}
		all = append(all, flops*float64(batch)/time.Since(t).Seconds())
	}
	b.StopTimer()
	top = max(top, peak()) * float64(threads)
	slices.Sort(all)
	best, median := all[len(all)-1], all[len(all)/2]
	b.ReportMetric(best/1e9, "GFLOP/s")
	b.ReportMetric(100*best/top, "%peak")
	b.ReportMetric(100*median/top, "%median")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkRun(b *testing.B) {
	for _, threads := range []int{1, 2} {
		pool := workers.New(threads)
		defer pool.Close()
		e := NewEngine(pool)
		for _, s := range shapes {
			b.Run(fmt.Sprintf("threads=%d/%v", threads, s), func(b *testing.B) {
				p := s.product()
				share(b, s.flops(), threads, func() { e.Run(p) })
			})
		}
	}
}

// BenchmarkGonum runs gonum's Sgemm on as many threads as Go uses.
func BenchmarkGonum(b *testing.B) {
	for _, s := range shapes {
		b.Run(s.String(), func(b *testing.B) {
			p := s.product()
			tA, tB := blas.NoTrans, blas.NoTrans
			if p.TransA {
				tA = blas.Trans
			}
			if p.TransB {
				tB = blas.Trans
			}
			share(b, s.flops(), 2, func() {
				gonum.Implementation{}.Sgemm(tA, tB, p.M, p.N, p.K, 1, p.A, p.LDA, p.B, p.LDB, 0, p.C, p.LDC)
			})
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

// BenchmarkUpdate computes a gradient alone, adds it to the weights by α and β, and updates the
// weights in an epilogue.
func BenchmarkUpdate(b *testing.B) {
	for _, threads := range []int{1, 2} {
		pool := workers.New(threads)
		defer pool.Close()
		e := NewEngine(pool)
		for _, s := range []shape{{"TN", 128, 784, 64}, {"TN", 800, 784, 128}, {"TN", 2000, 2500, 100}} {
			for _, kind := range []string{"gradient", "alpha-beta", "sgd", "sgd-near", "momentum", "momentum-near"} {
				b.Run(fmt.Sprintf("threads=%d/%v/%s", threads, s, kind), func(b *testing.B) {
					p := s.product()
					u := &update{w: make([]float32, s.m*s.n), ld: s.n}
					if kind == "alpha-beta" {
						p.Alpha, p.Beta = -1e-9, 1
					} else if kind != "gradient" {
						p.C, p.Epilogue = nil, u
					}
					if kind == "momentum" || kind == "momentum-near" {
						u.v = make([]float32, s.m*s.n)
					}
					if kind == "sgd-near" || kind == "momentum-near" {
						p.Prefetch = [2]Prefetch{{u.w, u.ld}, {u.v, u.ld}}
					}
					share(b, s.flops(), threads, func() { e.Run(p) })
				})
			}
		}
	}
}

// BenchmarkPack reports the packed elements per nanosecond.
func BenchmarkPack(b *testing.B) {
	for _, l := range simd.Levels() {
		k := kernelsFor(l)
		if k == nil {
			continue
		}
		const rows, cols, terms = 128, 784, 196
		src, dst := make([]float32, rows*cols), make([]float32, rows*cols)
		pack := func(name string, f func()) {
			b.Run(name+"/"+k.name, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(rows*cols)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "elements/ns")
			})
		}
		pack("transposed", func() {
			for c := 0; c < cols; c += terms {
				for r := 0; r < rows; r += k.lanes {
					k.packTransposed(&dst[r/k.panel()*k.panel()*terms+r%k.panel()], k.panel(), &src[r*cols+c], cols, k.lanes, terms)
				}
			}
		})
		pack("rows", func() {
			for c := 0; c+k.panel() <= cols; c += k.panel() {
				k.packRows(&dst[c*rows], k.panel(), &src[c], cols, k.panel(), rows)
			}
		})
	}
}
