package sgemm

import (
	"testing"

	"shadegrad/internal/workers"
)

func TestRunTwice(t *testing.T) {
	pool := workers.New(2)
	defer pool.Close()
	e := NewEngine(pool)
	p := &Product{TransB: true, M: 200, N: 3, K: 2, A: make([]float32, 400), LDA: 2, B: []float32{1, 2, 3, 4, 5, 6}, LDB: 2, C: make([]float32, 600), LDC: 3, Alpha: 1}
	for i := range p.A {
		p.A[i] = float32(i)
	}
	for range 2 {
		e.Run(p)
		for i := range p.M {
			for j := range p.N {
				want := p.A[2*i]*p.B[2*j] + p.A[2*i+1]*p.B[2*j+1]
				if got := p.C[3*i+j]; got != want {
					t.Fatalf("row %d, column %d: got %v, want %v", i, j, got, want)
				}
			}
		}
	}
}
