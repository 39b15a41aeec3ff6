package sgemm

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"

	"shadegrad/internal/sample"
	"shadegrad/internal/workers"
)

// An arena is memory between two pages that end the program when they are touched.
type arena []float32

func newArena(t *testing.T, bytes int) arena {
	t.Helper()
	page := syscall.Getpagesize()
	size := (bytes + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal("mmap: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(b); err != nil {
			t.Error("munmap: ", err)
		}
	})
	for _, p := range [][]byte{b[:page], b[page+size:]} {
		if err := syscall.Mprotect(p, syscall.PROT_NONE); err != nil {
			t.Fatal("mprotect: ", err)
		}
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&b[page])), size/4)
}

// place puts x at the arena's beginning or end.
func (a arena) place(x []float32, end bool) []float32 {
	at := 0
	if end {
		at = len(a) - len(x)
	}
	copy(a[at:], x)
	return a[at : at+len(x)]
}

// TestTouchesNothingElse runs products whose matrices border on memory that must not be
// read, not even into lanes that are never used.
func TestTouchesNothingElse(t *testing.T) {
	const most = 4 << 20
	a, b, c := newArena(t, most), newArena(t, most), newArena(t, most)
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		e := newEngine(pool, k)
		e.cache = smallCache
		r := rand.New(rand.NewPCG(21, 22))
		value := normal(23)
		products := 0
		for _, tA := range transposes[:2] {
			for _, tB := range transposes[:2] {
				for range sample.Count(30, 10) {
					m, n, depth := 1+r.IntN(40), 1+r.IntN(90), 1+r.IntN(40)
					switch r.IntN(8) {
					case 0: // made by panels
						m, n, depth = 25+r.IntN(20), 200+r.IntN(40), 290+r.IntN(20)
					case 1:
						m = 1
					}
					p := newProblem(tA, tB, m, n, depth, r.IntN(3)*r.IntN(9), 1, float32(r.IntN(2)), value)
					for _, end := range []bool{false, true} {
						got := p.c.clone()
						q := p.product(got)
						q.A, q.B, q.C = a.place(q.A, end), b.place(q.B, end), c.place(q.C, end)
						e.Run(q)
						copy(got.data(), q.C)
						p.check(t, got)
						products++
					}
				}
			}
		}
		t.Log(products, "products")
	})
}

// TestBytesTouchNothingElse is like TestTouchesNothingElse for bytes. Their addresses are not multiples of four.
func TestBytesTouchNothingElse(t *testing.T) {
	const most = 1 << 20
	x, other, c := newArena(t, most), newArena(t, 4*most), newArena(t, 4*most)
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
	place := func(b []byte, end bool) []byte {
		at := 0
		if end {
			at = len(bytes) - len(b)
		}
		copy(bytes[at:], b)
		return bytes[at : at+len(b)]
	}
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		e := newEngine(pool, k)
		e.cache = smallCache
		r := rand.New(rand.NewPCG(24, 25))
		for i := range sample.Count(400, 50) {
			m, n, depth := 1+r.IntN(40), 1+r.IntN(90), 1+r.IntN(60)
			switch r.IntN(8) {
			case 0: // made by panels
				m, n, depth = 25+r.IntN(20), 200+r.IntN(40), 290+r.IntN(20)
			case 1:
				m = 1
			}
			q := newByteProblem(i%2 == 0, transposes[i/2%2], m, n, depth, r.IntN(3)*r.IntN(9), 1, float32(r.IntN(2)), i%3 == 0, uint64(i))
			for _, end := range []bool{false, true} {
				got := q.c.clone()
				p := q.product(got)
				p.C = c.place(p.C, end)
				if q.isB {
					p.A, p.BBytes.X = other.place(p.A, end), place(p.BBytes.X, end)
				} else {
					p.B, p.ABytes.X = other.place(p.B, end), place(p.ABytes.X, end)
				}
				e.Run(p)
				copy(got.data(), p.C)
				q.problem.check(t, got)
				rows, cols := q.a.rows, q.a.cols
				if q.isB {
					rows, cols = q.b.rows, q.b.cols
				}
				b := q.bytes
				b.X = place(b.X, end)
				e.Gather(c.place(make([]float32, rows*cols), end), &b, rows, cols)
			}
		}
	})
}
