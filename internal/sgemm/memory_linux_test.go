package sgemm

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// BenchmarkMemory measures the fraction of a deep network's step that waits for memory. It runs the
// products of a step of 841-2500-2000-1500-1000-500-10, batch 100, one after another as a step does,
// with two kinds of weights: 48 MB of memory, and the same addresses mapped to a few pages, which stay
// in the second-level cache. The difference in time is spent waiting for memory:
//
//	%memory  = 1 − time with weights in the cache / time
//	GB/s     = bytes of weights, 4 for each read and each written, / time
//
// The best of many rounds counts for each product. The streams at the end show the bandwidth of
// loops that only access memory.
func BenchmarkMemory(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) { memory(b, threads) })
	}
}

func memory(b *testing.B, threads int) {
	const batch, rounds = 100, 100
	sizes := []int{841, 2500, 2000, 1500, 1000, 500, 10}
	pool := workers.New(threads)
	defer pool.Close()
	e := NewEngine(pool)
	kinds := []weightKind{heapWeights, aliasedWeights}
	steps := make([][]timedProduct, len(kinds))
	for k, weights := range kinds {
		steps[k] = deepStep(b, sizes, batch, weights)
	}
	top := peak()
	for range rounds {
		for _, step := range steps {
			for i := range step {
				step[i].run(e)
			}
		}
	}
	top = max(top, peak()) * float64(threads)

	report := func(name string, pick func(shape) bool) {
		var best [2]float64
		flops, bytes := 0., 0.
		for i, p := range steps[0] {
			if !pick(p.shape) {
				continue
			}
			for k := range kinds {
				best[k] += steps[k][i].best.Seconds()
			}
			flops += p.flops()
			bytes += p.bytes
		}
		b.Run(name, func(b *testing.B) {
			for range b.N {
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(best[0]*1e3, "ms")
			b.ReportMetric(100*flops/best[0]/top, "%peak")
			b.ReportMetric(100*flops/best[1]/top, "%peak-in-cache")
			b.ReportMetric(100*(1-best[1]/best[0]), "%memory")
			b.ReportMetric(bytes/best[0]/1e9, "GB/s")
		})
	}
	for _, p := range steps[0] {
		report(fmt.Sprintf("%v", p.shape), func(s shape) bool { return s == p.shape })
	}
	for _, form := range []string{"NT", "NN", "TN", ""} {
		report(map[string]string{"NT": "forward", "NN": "deltas", "TN": "updates", "": "step"}[form], func(s shape) bool { return form == "" || s.form == form })
	}
	streams(b, pool, e)
}

// A timedProduct is a product of a step, the bytes of weights that it moves, and its best
// time.
type timedProduct struct {
	shape
	product *Product
	bytes   float64
	best    time.Duration
}

func (p *timedProduct) run(e *Engine) {
	begin := time.Now()
	e.Run(p.product)
	if d := time.Since(begin); p.best == 0 || d < p.best {
		p.best = d
	}
}

// deepStep lists the products of a step in their order.
func deepStep(b *testing.B, sizes []int, batch int, weights weightKind) []timedProduct {
	var x, w [][]float32
	for l, n := range sizes {
		x = append(x, make([]float32, batch*n))
		for i := range x[l] {
			x[l][i] = float32(i%17) - 8
		}
		if l > 0 {
			w = append(w, weights(b, sizes[l-1]*n))
		}
	}
	var step []timedProduct
	add := func(form string, m, n, k int, a []float32, lda int, bb []float32, ldb int, c []float32, passes int, weights int) {
		p := &Product{M: m, N: n, K: k, TransA: form == "TN", TransB: form == "NT",
			A: a, LDA: lda, B: bb, LDB: ldb, C: c, LDC: n, Alpha: 1}
		if form == "TN" {
			p.Alpha, p.Beta = -1e-9, 1
		}
		step = append(step, timedProduct{shape: shape{form, m, n, k}, product: p, bytes: 4 * float64(passes*weights)})
	}
	for l := range w {
		in, out := sizes[l], sizes[l+1]
		add("NT", batch, out, in, x[l], in, w[l], in, make([]float32, batch*out), 1, in*out)
	}
	for l := len(w) - 1; l >= 0; l-- {
		in, out := sizes[l], sizes[l+1]
		if l > 0 {
			add("NN", batch, in, out, x[l+1], out, w[l], in, make([]float32, batch*in), 1, in*out)
		}
		add("TN", out, in, batch, x[l+1], out, x[l], in, w[l], 2, in*out)
	}
	return step
}

// A weightKind makes n weights.
type weightKind func(b *testing.B, n int) []float32

func heapWeights(_ *testing.B, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(i%13) - 6
	}
	return x
}

// aliasedWeights are in memory that repeats itself after 128 KiB in each half of the rows:
// there are two pieces of it, lest two workers write to the same.
func aliasedWeights(b *testing.B, n int) []float32 {
	page := unix.Getpagesize()
	size := (4*n + 2*page - 1) / (2 * page) * (2 * page)
	period := min(128<<10, size/2)
	fd, err := unix.MemfdCreate("weights", unix.MFD_CLOEXEC)
	if err != nil {
		b.Fatal("memfd: ", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(2*period)); err != nil {
		b.Fatal("ftruncate: ", err)
	}
	region, err := unix.MmapPtr(-1, 0, nil, uintptr(size), unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		b.Fatal("mmap: ", err)
	}
	b.Cleanup(func() {
		if err := unix.MunmapPtr(region, uintptr(size)); err != nil {
			b.Error("munmap: ", err)
		}
	})
	for half := range 2 {
		for at := 0; at < size/2; at += period {
			where := unsafe.Add(region, half*size/2+at)
			part := uintptr(min(period, size/2-at))
			if _, err := unix.MmapPtr(fd, int64(half*period), where, part, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED); err != nil {
				b.Fatal("mmap: ", err)
			}
		}
	}
	x := unsafe.Slice((*float32)(region), n)
	for i := range x {
		x[i] = float32(i%13) - 6
	}
	return x
}

// streams reports the memory bandwidth of all workers together for dot products, which read one
// stream, for copying, and for y −= a·x, each on more data than the caches hold. It counts bytes read
// and bytes written, without the cache lines that the processor reads before it writes to them.
func streams(b *testing.B, pool *workers.Pool, e *Engine) {
	const n = 32 << 20
	x, y := heapWeights(b, n), heapWeights(b, n)
	row, c := make([]float32, 2048), make([]float32, n/2048)
	dot := &Product{TransB: true, M: 1, N: n / 2048, K: 2048, A: row, LDA: 2048, B: x, LDB: 2048, C: c, LDC: n / 2048, Alpha: 1}
	for _, s := range []struct {
		name  string
		bytes float64
		run   func()
	}{
		{"stream-read", 4 * n, func() { e.Run(dot) }},
		{"stream-copy", 8 * n, func() { pool.Run(stream(func(lo, hi int) { copy(y[lo:hi], x[lo:hi]) })) }},
		{"stream-triad", 12 * n, func() { pool.Run(stream(func(lo, hi int) { simd.SGD(y[lo:hi], x[lo:hi], 1e-9) })) }},
	} {
		b.Run(s.name, func(b *testing.B) {
			var all []float64
			for range 20 {
				begin := time.Now()
				s.run()
				all = append(all, s.bytes/time.Since(begin).Seconds()/1e9)
			}
			for range b.N {
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(slices.Max(all), "GB/s")
		})
	}
}

// A stream is a loop over 32 Mi elements, divided among the workers.
type stream func(lo, hi int)

func (s stream) Work(worker, size int) { s(workers.Share(32<<20, 1024, worker, size)) }
