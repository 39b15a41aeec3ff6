package sgemm

import (
	"fmt"
	"syscall"
	"testing"
	"unsafe"

	"shadegrad/internal/workers"
)

func huge(n int) []float32 {
	size := (n*4 + 4<<20) &^ (2<<20 - 1)
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	if err := syscall.Madvise(b, 14); err != nil {
		panic(err)
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), n)
}

func BenchmarkHuge(b *testing.B) {
	pool := workers.New(1)
	e := NewEngine(pool)
	for _, s := range bigShapes {
		for _, h := range []bool{false, true} {
			b.Run(fmt.Sprintf("huge=%v/%s-%dx%dx%d", h, s.form, s.m, s.n, s.k), func(b *testing.B) {
				p := s.product()
				if h {
					x := huge(len(p.B))
					copy(x, p.B)
					p.B = x
				}
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
}
