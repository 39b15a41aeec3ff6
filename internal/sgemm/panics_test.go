package sgemm

import (
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"shadegrad/internal/workers"
)

// TestPanicsLikeGonum compares the panics for invalid arguments with gonum's.
func TestPanicsLikeGonum(t *testing.T) {
	type call struct {
		tA, tB                 blas.Transpose
		m, n, k, lda, ldb, ldc int
		a, b, c                int // lengths
	}
	said := func(g blas.Float32Level3, c call) (what any) {
		defer func() { what = recover() }()
		g.Sgemm(c.tA, c.tB, c.m, c.n, c.k, 1, make([]float32, c.a), c.lda, make([]float32, c.b), c.ldb, 0, make([]float32, c.c), c.ldc)
		return nil
	}
	eachKernel(t, func(t *testing.T, k *kernels) {
		pool := workers.New(1)
		defer pool.Close()
		g := newImplementation(pool, k)
		panics := 0
		for _, tA := range transposes {
			for _, tB := range transposes {
				rowsA, colsA, _ := stored(tA, 3, 4)
				rowsB, colsB, _ := stored(tB, 4, 5)
				good := call{tA, tB, 3, 5, 4, colsA, colsB, 5, rowsA * colsA, rowsB * colsB, 15}
				for i, spoil := range []func(c *call){
					func(*call) {},
					func(c *call) { c.tA = 'x' },
					func(c *call) { c.tB = 0 },
					func(c *call) { c.m = -1 },
					func(c *call) { c.n = -1 },
					func(c *call) { c.k = -1 },
					func(c *call) { c.m = 0 },
					func(c *call) { c.n = 0 },
					func(c *call) { c.k = 0 },
					func(c *call) { c.k, c.a, c.b = 0, 0, 0 },
					func(c *call) { c.lda-- },
					func(c *call) { c.ldb-- },
					func(c *call) { c.ldc-- },
					func(c *call) { c.lda = 0 },
					func(c *call) { c.ldb = 0 },
					func(c *call) { c.ldc = 0 },
					func(c *call) { c.a-- },
					func(c *call) { c.b-- },
					func(c *call) { c.c-- },
					func(c *call) { c.a, c.b, c.c = 0, 0, 0 },
				} {
					c := good
					spoil(&c)
					got, want := said(g, c), said(gonum.Implementation{}, c)
					if got != want {
						t.Errorf("case %d, %c%c: panics with %v, gonum with %v", i, tA, tB, got, want)
					}
					if want != nil {
						panics++
					}
				}
			}
		}
		if panics == 0 {
			t.Error("gonum never panics: the test is blind")
		}
	})
}
