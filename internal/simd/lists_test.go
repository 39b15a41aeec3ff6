package simd

import (
	"fmt"
	"testing"
)

// randomLists makes lists of rows below limit, some of them empty, with entries that
// belong to none between them if step is above 1.
func randomLists(a *arena, count, step, limit int) Lists {
	l := Lists{Step: step, Start: alloc[int32](a, max(1, (count-1)*step+2))}
	n := 0
	for i := range l.Start {
		l.Start[i] = int32(n)
		n += a.rng.IntN(2) * a.rng.IntN(20)
	}
	n = int(l.Start[len(l.Start)-1])
	if count == 0 {
		l.Start = l.Start[:1]
	}
	l.Idx, l.Val = alloc[int32](a, n), normals(a, n)
	for t := range l.Idx {
		l.Idx[t] = int32(a.rng.IntN(limit))
	}
	return l
}

// TestEach checks that the functions of many lists are those of one, in turn, and
// that what lies between their results stays.
func TestEach(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 50)
		for _, n := range lengths() {
			for _, count := range []int{0, 1, 2, 9} {
				step, ld, ldo := 1+a.rng.IntN(3), n+a.rng.IntN(9), n+a.rng.IntN(9)
				const rows = 12
				l := randomLists(a, count, step, rows)
				matrix := normals(a, (rows-1)*ld+n)
				size := max(0, (count-1)*ldo+n)
				sum, more, plain, w, v := normals(a, size), normals(a, size), normals(a, size), normals(a, size), normals(a, size)
				all := [][]float32{sum, more, plain, w, v}
				var want [][]float32
				for _, x := range all {
					want = append(want, append([]float32{}, x...))
				}
				if got := l.Len(); got != count {
					t.Fatalf("Len() = %d of %d lists, step %d", got, count, step)
				}
				for i := range count {
					idx, val := l.at(i)
					from, to := i*ldo, i*ldo+n
					SumRows(want[0][from:to], matrix, ld, idx, val)
					SumRowsAdd(want[1][from:to], matrix, ld, idx, val)
					SumRowsSGD(want[2][from:to], matrix, ld, idx, val, testRate)
					SumRowsMomentum(want[3][from:to], want[4][from:to], matrix, ld, idx, val, testRate, testMu)
				}
				SumRowsEach(sum, n, ldo, matrix, ld, l)
				SumRowsAddEach(more, n, ldo, matrix, ld, l)
				SumRowsSGDEach(plain, n, ldo, matrix, ld, l, testRate)
				SumRowsMomentumEach(w, v, n, ldo, matrix, ld, l, testRate, testMu)
				for k, x := range all {
					for j := range x {
						if !same(x[j], want[k][j]) {
							t.Fatalf("%d lists, step %d, of rows of %d: result %d: element %d is %g, want %g", count, step, n, k, j, x[j], want[k][j])
						}
					}
				}
				a.check(t, "%d lists of rows of %d", count, n)
			}
		}
	})
}

// TestEachOutside names the entry among those of all lists.
func TestEachOutside(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		x := make([]float32, 40)
		l := Lists{Start: []int32{0, 2, 2, 5}, Step: 1, Idx: []int32{0, 1, 3, 4, 0}, Val: make([]float32, 5)}
		want := fmt.Sprintf("idx[%d] = %d", 3, 4)
		wantPanic(t, want, func() { SumRowsEach(x, 10, 10, x, 10, l) })
		wantPanic(t, want, func() { SumRowsAddEach(x, 10, 10, x, 10, l) })
		wantPanic(t, want, func() { SumRowsSGDEach(x, 10, 10, x, 10, l, 1) })
		wantPanic(t, want, func() { SumRowsMomentumEach(x, make([]float32, 40), 10, 10, x, 10, l, 1, 1) })
	})
}

// TestNoAllocation calls what a step calls.
func TestNoAllocation(t *testing.T) {
	x, y, z := make([]float32, 64), make([]float32, 64), make([]float32, 64)
	idx, val, src, dst := make([]int32, 64), make([]float32, 64), make([]byte, 64), make([]byte, 64)
	start, index := make([]int32, 9), make([]uint32, 8)
	eachLevel(t, func(t *testing.T) {
		allocations := testing.AllocsPerRun(10, func() {
			Add(x, y)
			AddBias(x, y[:8])
			BiasReLU(x, y[:8])
			ReLU(x)
			Exp(x)
			Sigmoid(x)
			Tanh(x)
			Softmax(x, 8)
			DeltaReLU(x, y, z)
			DeltaSigmoid(x, y, z)
			DeltaTanh(x, y, z)
			SGD(x, y, 1)
			Momentum(x, y, z, 1, 1)
			ColumnSum(x[:8], y)
			x[0] = Dot(y, z)
			Compact(idx, val, src, 1)
			CompactRows(start, idx, val, src, 8, 1)
			GatherTranspose(dst, src, 8, 0, 8, index)
			l := Lists{start, 1, idx, val}
			SumRows(x[:8], y, 8, idx[:5], val[:5])
			SumRowsAdd(x[:8], y, 8, idx[:5], val[:5])
			SumRowsSGD(x[:8], y, 8, idx[:5], val[:5], 1)
			SumRowsMomentum(x[:8], z[:8], y, 8, idx[:5], val[:5], 1, 1)
			SumRowsEach(x, 8, 8, y, 8, l)
			SumRowsAddEach(x, 8, 8, y, 8, l)
			SumRowsSGDEach(x, 8, 8, y, 8, l, 1)
			SumRowsMomentumEach(x, z, 8, 8, y, 8, l, 1, 1)
			AddScaledRows(x, 8, idx[:5], val[:5], y[:8], 1)
		})
		if allocations != 0 {
			t.Errorf("%g allocations", allocations)
		}
	})
}
