package cpu_test

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// TestLongSums multiplies with more terms than one chain of additions has. The terms of a sum are
// equal, so all roundings of a chain have the same direction. A chain of 60000 would have an error
// of 10⁻³.
func TestLongSums(t *testing.T) {
	for _, k := range []int{1023, 1024, 1025, 2048, 5000, 60000} {
		for _, trans := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			t.Run(fmt.Sprintf("k=%d,transA=%t,transB=%t", k, trans[0], trans[1]), func(t *testing.T) {
				longSum(t, k, trans[0], trans[1])
			})
		}
	}
}

func longSum(t *testing.T, k int, transA, transB bool) {
	const m, n = 3, 2
	b := cpu.New()
	defer b.Close()
	av, bv := make([]float32, m*k), make([]float32, k*n)
	for i := range av {
		av[i] = 0.1 * float32(1+i/k)
	}
	for i := range bv {
		bv[i] = 0.7 + float32(i%n)
	}
	a := matrix(t, b, m, k, transA, av)
	c := matrix(t, b, k, n, transB, bv)
	dst := matrix(t, b, m, n, false, make([]float32, m*n))
	x, err := b.Compile(compute.Program{Ops: []compute.Op{
		compute.MatMul{Dst: dst, A: a, B: c, TransA: transA, TransB: transB}}})
	if err != nil {
		t.Fatal(err)
	}
	x.Run(compute.Args{})
	got := make([]float32, m*n)
	if err := b.Read(got, dst); err != nil {
		t.Fatal(err)
	}
	for i := range m {
		for j := range n {
			want := 0.
			for l := range k {
				want += float64(av[i*k+l]) * float64(bv[l*n+j])
			}
			// Each of at most 1024 additions of a chain, each addition that joins
			// chains, and the product rounds by at most half a unit.
			bound := want * float64(1024+k/1024+1) * 0x1p-24
			if diff := math.Abs(float64(got[i*n+j]) - want); !(diff <= bound) {
				t.Errorf("(%d,%d) is %v, want %v: err %.2g > %.2g", i, j, got[i*n+j], want, diff, bound)
			}
		}
	}
}

// matrix allocates a rows×cols matrix, transposed if trans is set.
func matrix(t *testing.T, b compute.Backend, rows, cols int, trans bool, values []float32) compute.Mat {
	t.Helper()
	if trans {
		flipped := make([]float32, len(values))
		for i := range rows {
			for j := range cols {
				flipped[j*rows+i] = values[i*cols+j]
			}
		}
		rows, cols, values = cols, rows, flipped
	}
	m, err := b.Alloc(rows, cols)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(m, values); err != nil {
		t.Fatal(err)
	}
	return m
}
