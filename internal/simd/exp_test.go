package simd

import (
	"math"
	"testing"
)

// TestExpSweep compares a million numbers: about 2,000 for each sign and exponent of float32.
func TestExpSweep(t *testing.T) {
	const (
		stride = 4099 // a prime: the low bits vary too
		block  = 1 << 12
	)
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for _, f := range []struct {
		name     string
		f        func([]float32)
		want     func(float64) float64
		relative float64 // the error allowed where the result is normal
		absolute float64 // and elsewhere
	}{
		{"Exp", Exp, math.Exp, 2e-7, 1e-37},
		{"Sigmoid", Sigmoid, sigmoid, 3e-7, 1e-37},
		{"Tanh", Tanh, math.Tanh, 3e-7, 1e-44},
	} {
		t.Run(f.name, func(t *testing.T) {
			eachLevel(t, func(t *testing.T) {
				x, y := make([]float32, block), make([]float32, block)
				worst, at := 0.0, float32(0)
				for bits := uint64(0); bits < 1<<32; {
					for i := range x {
						x[i] = math.Float32frombits(uint32(bits))
						bits += stride
					}
					copy(y, x)
					f.f(y)
					for i, v := range x {
						want := f.want(float64(v))
						if !near(y[i], want, f.absolute+f.relative*math.Abs(want)) {
							t.Fatalf("%s(%g) is %g, want %g", f.name, v, y[i], want)
						}
						e := math.Abs(float64(y[i])-want) / math.Abs(want)
						if w := math.Abs(want); w > 1.2e-38 && w < math.MaxFloat32 && e > worst {
							worst, at = e, v
						}
					}
				}
				t.Logf("largest relative error %.3g, of %g", worst, at)
			})
		})
	}
}

// TestExpCorners checks special values that TestExpSweep can miss.
func TestExpCorners(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	zero := math.Copysign(0, -1)
	eachLevel(t, func(t *testing.T) {
		for _, c := range []struct {
			name    string
			f       func([]float32)
			x, want float32
		}{
			{"Exp", Exp, 0, 1}, {"Exp", Exp, float32(zero), 1}, {"Exp", Exp, inf, inf}, {"Exp", Exp, -inf, 0},
			{"Exp", Exp, nan, nan}, {"Exp", Exp, 88.73, inf}, {"Exp", Exp, -104.5, 0},
			{"Exp", Exp, math.MaxFloat32, inf}, {"Exp", Exp, -math.MaxFloat32, 0},
			{"Exp", Exp, math.SmallestNonzeroFloat32, 1},
			{"Sigmoid", Sigmoid, 0, 0.5}, {"Sigmoid", Sigmoid, inf, 1}, {"Sigmoid", Sigmoid, -inf, 0}, {"Sigmoid", Sigmoid, nan, nan},
			{"Sigmoid", Sigmoid, 20, 1}, {"Sigmoid", Sigmoid, -math.MaxFloat32, 0},
			{"Tanh", Tanh, 0, 0}, {"Tanh", Tanh, float32(zero), float32(zero)}, {"Tanh", Tanh, inf, 1}, {"Tanh", Tanh, -inf, -1},
			{"Tanh", Tanh, nan, nan}, {"Tanh", Tanh, 1e-30, 1e-30}, {"Tanh", Tanh, -1e-40, -1e-40}, {"Tanh", Tanh, -12, -1},
			{"Tanh", Tanh, math.SmallestNonzeroFloat32, math.SmallestNonzeroFloat32},
		} {
			for _, n := range []int{1, 37} {
				x := make([]float32, n)
				for i := range x {
					x[i] = c.x
				}
				c.f(x)
				for i, y := range x {
					if !same(y, c.want) {
						t.Fatalf("%s(%g) is %g at %d of %d, want %g", c.name, c.x, y, i, n, c.want)
					}
				}
			}
		}
		for i := range 1 << 16 { // tanh(−x) and −tanh(x) must be bit-identical
			x := float32(i) / 4096
			y := []float32{x, -x}
			Tanh(y)
			if !same(y[0], -y[1]) {
				t.Fatalf("Tanh(%g) is %g, of the opposite %g", x, y[0], y[1])
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 30)
		for _, cols := range lengths()[1:] {
			for _, rows := range []int{0, 1, 2, 7} {
				z := normals(a, rows*cols)
				for i := range z {
					z[i] *= 20
				}
				x := append([]float32{}, z...)
				Softmax(z, cols)
				for i := range rows {
					largest, sum := math.Inf(-1), 0.0
					for _, v := range x[i*cols : (i+1)*cols] {
						largest = math.Max(largest, float64(v))
					}
					for _, v := range x[i*cols : (i+1)*cols] {
						sum += math.Exp(float64(v) - largest)
					}
					for j := range cols {
						// z − m is rounded before the exponential.
						d := float64(x[i*cols+j]) - largest
						want := math.Exp(d) / sum
						if got := z[i*cols+j]; !near(got, want, (20+math.Abs(d)+float64(cols)/8)*unit*want+1e-37) {
							t.Fatalf("%d×%d: element %d,%d is %g, want %g", rows, cols, i, j, got, want)
						}
					}
				}
				a.check(t, "%d×%d", rows, cols)
			}
		}
	})
}

func TestSoftmaxCorners(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	eachLevel(t, func(t *testing.T) {
		for _, cols := range []int{3, 10, 16, 17, 40} {
			for at := range cols {
				for _, bad := range []float32{nan, inf} {
					z := make([]float32, 3*cols)
					z[cols+at] = bad
					Softmax(z, cols)
					for i, v := range z {
						if inside := i/cols == 1; inside != (v != v) {
							t.Fatalf("%d columns, row 1 has %g at %d: element %d is %g", cols, bad, at, i, v)
						}
					}
				}
				z := make([]float32, cols)
				for i := range z {
					z[i] = -inf
				}
				z[at] = -math.MaxFloat32
				Softmax(z, cols)
				for i, v := range z {
					if want := map[bool]float32{true: 1}[i == at]; v != want {
						t.Fatalf("%d columns, all −Inf but %d: element %d is %g, want %g", cols, at, i, v, want)
					}
				}
			}
		}
	})
}
