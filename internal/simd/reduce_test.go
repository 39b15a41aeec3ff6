package simd

import (
	"math"
	"testing"
)

func TestDot(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 40)
		for _, n := range lengths() {
			x, y := normals(a, n), normals(a, n)
			want, size := 0.0, 0.0
			for i := range x {
				p := float64(x[i]) * float64(y[i])
				want += p
				size += math.Abs(p)
			}
			if got := Dot(x, y); !near(got, want, float64(n+2)*unit*size) {
				t.Fatalf("n = %d: %g, want %g", n, got, want)
			}
			// The products are powers of two, whose sum is exact and shows a missing one.
			for i := range min(n, 24) {
				clear(x)
				k := a.rng.IntN(n)
				x[k], y[k] = 1, float32(int(1)<<i)
				if got := Dot(x, y); got != y[k] {
					t.Fatalf("n = %d: only product %d is not 0: %g, want %g", n, k, got, y[k])
				}
			}
			a.check(t, "n = %d", n)
		}
	})
}

func TestColumnSum(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 41)
		for _, cols := range lengths()[1:] {
			for _, rows := range []int{0, 1, 2, 15, 16, 17, 33, 64} {
				if rows*cols > 60000 {
					continue
				}
				checkColumnSum(t, a, rows, cols, func(int) float32 { return float32(a.rng.NormFloat64()) })
			}
		}
	})
}

// TestColumnSumLong sums so many equal numbers that a naive sum would be far off.
func TestColumnSumLong(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 42)
		for name, value := range map[string]func(i int) float32{
			"alike":  func(int) float32 { return 0.1 },
			"thirds": func(i int) float32 { return 1 / float32(i%3+1) },
			"random": func(int) float32 { return float32(a.rng.NormFloat64()) },
			"mean":   func(int) float32 { return 5 + float32(a.rng.NormFloat64()) },
		} {
			t.Run(name, func(t *testing.T) { checkColumnSum(t, a, 60000, 1, value) })
		}
		checkColumnSum(t, a, 3000, 19, func(i int) float32 { return 0.1 })
	})
}

// checkColumnSum fails unless the error is below 16·2⁻²⁴ of the terms' magnitudes.
func checkColumnSum(t *testing.T, a *arena, rows, cols int, value func(i int) float32) {
	t.Helper()
	src, dst := alloc[float32](a, rows*cols), alloc[float32](a, cols)
	for i := range src {
		src[i] = value(i)
	}
	for j := range dst {
		dst[j] = float32(math.NaN())
	}
	ColumnSum(dst, src)
	for j, got := range dst {
		want, size := 0.0, 0.0
		for i := range rows {
			v := float64(src[i*cols+j])
			want += v
			size += math.Abs(v)
		}
		if !near(got, want, 16*unit*size) {
			t.Fatalf("%d×%d: column %d is %g, want %g: error %.1f·2⁻²⁴ of the magnitudes", rows, cols, j, got, want, math.Abs(float64(got)-want)/size/unit)
		}
	}
	a.check(t, "%d×%d", rows, cols)
}

func TestColumnSumInfinite(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		src := make([]float32, 40*17)
		src[20*17+3] = float32(math.Inf(1))
		src[39*17+16] = float32(math.NaN())
		dst := make([]float32, 17)
		ColumnSum(dst, src)
		for j, v := range dst {
			if want := map[int]float32{3: float32(math.Inf(1)), 16: float32(math.NaN())}[j]; !same(v, want) {
				t.Errorf("column %d is %g, want %g", j, v, want)
			}
		}
	})
}
