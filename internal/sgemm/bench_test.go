package sgemm

import (
	"fmt"
	"testing"
	"time"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

type shape struct {
	form    string
	m, n, k int
}

func (s shape) product(b float32) *Product {
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

func peak() float64 {
	best := 0.0
	for range 5 {
		t := time.Now()
		f := simd.PeakFlops(200000)
		best = max(best, f/time.Since(t).Seconds())
	}
	return best
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
				p := s.product(0)
				e.Run(p)
				top := peak()
				b.ResetTimer()
				for range b.N {
					e.Run(p)
				}
				f := 2 * float64(s.m) * float64(s.n) * float64(s.k) * float64(b.N) / b.Elapsed().Seconds()
				b.ReportMetric(f/1e9, "GFLOP/s")
				b.ReportMetric(100*f/top/float64(threads), "%peak")
			})
		}
	}
}
