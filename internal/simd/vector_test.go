package simd

import (
	"math"
	"testing"
)

// An elementKernel is a function of elements: its equation in float64, and how to
// call it. The equation returns the results and, for each, the sum of its terms'
// magnitudes, which the error is measured by.
type elementKernel struct {
	name    string
	arrays  int // how many arrays it has
	results int // the first of them are results
	run     func(a [][]float32)
	want    func(x []float64) (y, size []float64)
	exact   bool // the levels agree in every bit
}

const (
	testRate = 0.05
	testMu   = 0.9
)

const (
	testA = 1.7159
	testB = 0.6666
)

var elementKernels = append(stepKernels(), []elementKernel{
	{"Add", 2, 1, func(a [][]float32) { Add(a[0], a[1]) }, func(x []float64) ([]float64, []float64) {
		return []float64{x[0] + x[1]}, []float64{math.Abs(x[0]) + math.Abs(x[1])}
	}, true},
	{"ReLU", 1, 1, func(a [][]float32) { ReLU(a[0]) }, func(x []float64) ([]float64, []float64) {
		return []float64{math.Max(0, x[0])}, []float64{0}
	}, true},
	{"DeltaReLU", 3, 1, func(a [][]float32) { DeltaReLU(a[0], a[1], a[2]) }, func(x []float64) ([]float64, []float64) {
		if x[2] > 0 {
			return []float64{x[1]}, []float64{0}
		}
		return []float64{0}, []float64{0}
	}, true},
	{"DeltaSigmoid", 3, 1, func(a [][]float32) { DeltaSigmoid(a[0], a[1], a[2]) }, func(x []float64) ([]float64, []float64) {
		d := x[1] * x[2] * (1 - x[2])
		return []float64{d}, []float64{math.Abs(d)}
	}, true},
	{"DeltaTanh", 3, 1, func(a [][]float32) { DeltaTanh(a[0], a[1], a[2]) }, func(x []float64) ([]float64, []float64) {
		d := x[1] * (1 - x[2]*x[2])
		return []float64{d}, []float64{math.Abs(d)}
	}, true},
	{"SGD", 2, 1, func(a [][]float32) { SGD(a[0], a[1], testRate) }, func(x []float64) ([]float64, []float64) {
		d := float64(float32(testRate)) * x[1]
		return []float64{x[0] - d}, []float64{math.Abs(x[0]) + math.Abs(d)}
	}, false},
	{"Momentum", 3, 2, func(a [][]float32) { Momentum(a[0], a[1], a[2], testRate, testMu) }, func(x []float64) ([]float64, []float64) {
		rate, mu := float64(float32(testRate)), float64(float32(testMu))
		v := mu*x[1] + x[2]
		size := math.Abs(mu*x[1]) + math.Abs(x[2])
		return []float64{x[0] - rate*v, v}, []float64{math.Abs(x[0]) + rate*size, size}
	}, false},
	{"Exp", 1, 1, func(a [][]float32) { Exp(a[0]) }, func(x []float64) ([]float64, []float64) {
		y := math.Exp(x[0])
		return []float64{y}, []float64{y}
	}, false},
	{"Sigmoid", 1, 1, func(a [][]float32) { Sigmoid(a[0]) }, func(x []float64) ([]float64, []float64) {
		y := 1 / (1 + math.Exp(-x[0]))
		return []float64{y}, []float64{y}
	}, false},
	{"Tanh", 1, 1, func(a [][]float32) { Tanh(a[0]) }, func(x []float64) ([]float64, []float64) {
		y := math.Tanh(x[0])
		return []float64{y}, []float64{math.Abs(y)}
	}, false},
	{"ScaledTanh", 1, 1, func(a [][]float32) { ScaledTanh(a[0], testA, testB) }, func(x []float64) ([]float64, []float64) {
		y := float64(float32(testA)) * math.Tanh(float64(float32(testB))*x[0])
		return []float64{y}, []float64{math.Abs(y)}
	}, false},
	{"DeltaScaledTanh", 3, 1, func(a [][]float32) { DeltaScaledTanh(a[0], a[1], a[2], testA, testB) }, func(x []float64) ([]float64, []float64) {
		a, b := float64(float32(testA)), float64(float32(testB))
		d := x[1] * (a - x[2]) * (a + x[2]) * b / a
		return []float64{d}, []float64{math.Abs(d)}
	}, true},
	{"LeakyReLU", 1, 1, func(a [][]float32) { LeakyReLU(a[0], 0.01) }, func(x []float64) ([]float64, []float64) {
		y := max(x[0], float64(float32(0.01))*x[0])
		return []float64{y}, []float64{math.Abs(y)}
	}, true},
	{"DeltaLeakyReLU", 3, 1, func(a [][]float32) { DeltaLeakyReLU(a[0], a[1], a[2], 0.01) }, func(x []float64) ([]float64, []float64) {
		if x[2] > 0 {
			return []float64{x[1]}, []float64{0}
		}
		d := float64(float32(0.01)) * x[1]
		return []float64{d}, []float64{math.Abs(d)}
	}, true},
	{"Average", 2, 1, func(a [][]float32) { Average(a[0], a[1], 0.1) }, func(x []float64) ([]float64, []float64) {
		d := float64(float32(0.1)) * (x[1] - x[0])
		return []float64{x[0] + d}, []float64{math.Abs(x[0]) + 0.1*(math.Abs(x[0])+math.Abs(x[1]))}
	}, false},
	{"Scale", 1, 1, func(a [][]float32) { Scale(a[0], 0.3) }, func(x []float64) ([]float64, []float64) {
		y := float64(float32(0.3)) * x[0]
		return []float64{y}, []float64{math.Abs(y)}
	}, true},
}...)

func TestElements(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 1)
		for _, k := range elementKernels {
			for _, n := range lengths() {
				arrays, before := k.input(a, n, func(int, int) float32 { return float32(a.rng.NormFloat64()) })
				k.run(arrays)
				for i := range n {
					want, size := k.want(column(before, i))
					for r := range want {
						if !near(arrays[r][i], want[r], 7*unit*size[r]) {
							t.Fatalf("%s: n = %d: element %d of array %d is %g, want %g", k.name, n, i, r, arrays[r][i], want[r])
						}
					}
				}
				k.checkOperands(t, arrays, before)
				a.check(t, "%s: n = %d", k.name, n)
			}
		}
	})
}

// input makes the arrays of a kernel, and copies of them.
func (k elementKernel) input(a *arena, n int, value func(array, i int) float32) (arrays, before [][]float32) {
	for j := range k.arrays {
		x := alloc[float32](a, n)
		for i := range x {
			x[i] = value(j, i)
		}
		arrays = append(arrays, x)
		before = append(before, append([]float32{}, x...))
	}
	return arrays, before
}

// checkOperands fails unless the arrays that are not results are as before.
func (k elementKernel) checkOperands(t *testing.T, arrays, before [][]float32) {
	t.Helper()
	for j := k.results; j < k.arrays; j++ {
		for i, v := range before[j] {
			if !same(arrays[j][i], v) {
				t.Fatalf("%s: element %d of operand %d was changed", k.name, i, j)
			}
		}
	}
}

func column(arrays [][]float32, i int) []float64 {
	var x []float64
	for _, a := range arrays {
		x = append(x, float64(a[i]))
	}
	return x
}

// TestElementsSpecial combines special values at every position in a vector.
func TestElementsSpecial(t *testing.T) {
	before := Current()
	defer Set(before)
	for _, k := range elementKernels {
		// As many arrays as fit in a region go through all combinations at once.
		n, rounds := 1, 1
		for j := range k.arrays {
			if j < 3 {
				n *= len(specials)
			} else {
				rounds *= len(specials)
			}
		}
		for round := range rounds {
			k.special(t, n, func(array, i int) float32 {
				i += n * round
				for range array {
					i /= len(specials)
				}
				return specials[i%len(specials)]
			})
		}
	}
}

// special compares each level with plain Go and with the equation, for n values.
func (k elementKernel) special(t *testing.T, n int, value func(array, i int) float32) {
	a := newArena(t, 2)
	var want [][]float32
	for _, l := range Levels() { // Off first
		Set(l)
		got, operands := k.input(a, n, value)
		k.run(got)
		if l == Off {
			want = got
			continue
		}
		for r := range k.results {
			for i, w := range want[r] {
				g := got[r][i]
				ok := same(g, w)
				if !k.exact && !ok {
					y, size := k.want(column(operands, i))
					ok = near(g, y[r], 8*unit*size[r]+1e-37)
				}
				// A fused sum may stay finite, or just not, where the other does not.
				if !ok && !k.exact && (math.Abs(float64(g)) > 3.4e38 || math.Abs(float64(w)) > 3.4e38) && (g > 0) == (w > 0) && g == g && w == w {
					ok = true
				}
				if !ok {
					t.Fatalf("%s at %v: result %d of element %d, of %v, is %g, want %g", k.name, l, r, i, column(operands, i), g, w)
				}
			}
		}
	}
}

// TestElementsDivided checks that a result depends only on its element: not on its position,
// nor on where an array is divided.
func TestElementsDivided(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 3)
		for _, k := range elementKernels {
			const n = 1037
			whole, before := k.input(a, n, func(int, int) float32 { return float32(a.rng.NormFloat64()) })
			k.run(whole)
			for range 20 {
				pieces, _ := k.input(a, n, func(j, i int) float32 { return before[j][i] })
				for from := 0; from < n; {
					to := min(n, from+a.rng.IntN(1+a.rng.IntN(100)))
					var piece [][]float32
					for _, p := range pieces {
						piece = append(piece, p[from:to])
					}
					k.run(piece)
					from = to
				}
				for r := range k.results {
					for i := range n {
						if !same(whole[r][i], pieces[r][i]) {
							t.Fatalf("%s: element %d is %g in pieces, %g in one", k.name, i, pieces[r][i], whole[r][i])
						}
					}
				}
				a.used = k.arrays // the whole stays
			}
			a.check(t, "%s", k.name)
		}
	})
}

// TestDeltaInPlace checks Delta with the same array as dst and back.
func TestDeltaInPlace(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for name, f := range map[string]func(dst, back, y []float32){
			"DeltaReLU": DeltaReLU, "DeltaSigmoid": DeltaSigmoid, "DeltaTanh": DeltaTanh,
			"DeltaLeakyReLU":  func(dst, back, y []float32) { DeltaLeakyReLU(dst, back, y, 0.01) },
			"DeltaScaledTanh": func(dst, back, y []float32) { DeltaScaledTanh(dst, back, y, testA, testB) },
		} {
			a := newArena(t, 4)
			for _, n := range lengths() {
				back, y, dst := normals(a, n), normals(a, n), alloc[float32](a, n)
				f(dst, back, y)
				f(back, back, y)
				for i := range dst {
					if !same(dst[i], back[i]) {
						t.Fatalf("%s: n = %d: element %d is %g in place, else %g", name, n, i, back[i], dst[i])
					}
				}
				a.check(t, "%s: n = %d", name, n)
			}
		}
	})
}

func TestBias(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 5)
		for _, cols := range lengths()[1:] {
			for _, rows := range []int{0, 1, 2, 5} {
				dst, bias := normals(a, rows*cols), normals(a, cols)
				if cols > 2 && rows > 1 {
					dst[cols], bias[1] = float32(math.NaN()), float32(math.Inf(-1))
				}
				rectified := copyOf(a, dst)
				want := append([]float32{}, dst...)
				for i := range want {
					want[i] += bias[i%cols]
				}
				AddBias(dst, bias)
				BiasReLU(rectified, bias)
				for i, w := range want {
					if !same(dst[i], w) {
						t.Fatalf("AddBias: %d×%d: element %d is %g, want %g", rows, cols, i, dst[i], w)
					}
					if w < 0 {
						w = 0
					}
					if !same(rectified[i], w) {
						t.Fatalf("BiasReLU: %d×%d: element %d is %g, want %g", rows, cols, i, rectified[i], w)
					}
				}
				a.check(t, "%d×%d", rows, cols)
			}
		}
	})
}
