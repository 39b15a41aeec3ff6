package simd

import (
	"fmt"
	"math"
	"testing"
)

// testSteps are a bare step and one with all its parts.
var testSteps = []Step{
	{Rate: 0.05, Clip: 1, Mu: 0.9, NewMu: 0.1, Rho: 0.99, NewRho: 0.01, Grown: 1.5, Epsilon: 1e-3},
	{Rate: 0.05, Clip: 0.7, L2: 0.02, L1: 0.3, Shrink: 0.001, Mu: 0.9, NewMu: 0.1, Rho: 0.99, NewRho: 0.01, Grown: 1.5, Epsilon: 1e-3},
}

// A ruleTest is an update rule in float64. It returns the direction of a step and the new values
// of the matrices besides the weights, with the sizes of their terms.
type ruleTest struct {
	name  string
	state int // how many such matrices there are
	run   func(p *Step, a [][]float32)
	want  func(p *Step, x []float64, g, gSize float64) (direction, size float64, state, sizes []float64)
}

var ruleTests = []ruleTest{
	{"Step.SGD", 0, func(p *Step, a [][]float32) { p.SGD(a[0], a[1]) },
		func(_ *Step, _ []float64, g, size float64) (float64, float64, []float64, []float64) {
			return g, size, nil, nil
		}},
	{"Step.Momentum", 1, func(p *Step, a [][]float32) { p.Momentum(a[0], a[1], a[2]) },
		func(p *Step, x []float64, g, size float64) (float64, float64, []float64, []float64) {
			v, size := velocity(p, x[1], g, size)
			return v, size, []float64{v}, []float64{size}
		}},
	{"Step.Nesterov", 1, func(p *Step, a [][]float32) { p.Nesterov(a[0], a[1], a[2]) },
		func(p *Step, x []float64, g, gSize float64) (float64, float64, []float64, []float64) {
			v, size := velocity(p, x[1], g, gSize)
			return g + float64(p.Mu)*v, gSize + size, []float64{v}, []float64{size}
		}},
	{"Step.RMSProp", 1, func(p *Step, a [][]float32) { positive(a[1]); p.RMSProp(a[0], a[1], a[2]) },
		func(p *Step, x []float64, g, size float64) (float64, float64, []float64, []float64) {
			s, sSize := squares(p, x[1], g, size)
			root := math.Sqrt(s)
			d := g / (root + float64(p.Epsilon))
			return d, math.Abs(d) + size/(root+float64(p.Epsilon)) + excess(d, s, sSize), []float64{s}, []float64{sSize}
		}},
	{"Step.Adam", 2, func(p *Step, a [][]float32) { positive(a[2]); p.Adam(a[0], a[1], a[2], a[3]) },
		func(p *Step, x []float64, g, size float64) (float64, float64, []float64, []float64) {
			s, sSize := squares(p, x[2], g, size)
			v := float64(p.Mu)*x[1] + float64(p.NewMu)*g
			vSize := math.Abs(float64(p.Mu)*x[1]) + float64(p.NewMu)*size
			below := math.Sqrt(float64(p.Grown)*s) + float64(p.Epsilon)
			d := v / below
			return d, math.Abs(d) + vSize/below + excess(d, s, sSize), []float64{v, s}, []float64{vSize, sSize}
		}},
}

func positive(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Abs(float64(v)))
	}
}

func velocity(p *Step, v, g, size float64) (float64, float64) {
	return float64(p.Mu)*v + g, math.Abs(float64(p.Mu)*v) + size
}

// squares returns S. The error of g counts twice as much as it.
func squares(p *Step, s, g, size float64) (float64, float64) {
	new := float64(p.Rho)*math.Abs(s) + float64(p.NewRho)*g*g
	return new, new + 2*float64(p.NewRho)*math.Abs(g)*size
}

// excess is the part of a quotient's size that s has by its terms' being larger than it.
func excess(quotient, s, size float64) float64 {
	if s == 0 || math.IsInf(s, 1) {
		return 0
	}
	return math.Abs(quotient) * (size - s) / s
}

// kernel returns a rule with a step as a function of elements.
func (r ruleTest) kernel(which int) elementKernel {
	p := &testSteps[which]
	return elementKernel{fmt.Sprintf("%s, step %d", r.name, which), r.state + 2, r.state + 1,
		func(a [][]float32) { r.run(p, a) },
		func(x []float64) (y, size []float64) {
			w, g := x[0], float64(p.Clip)*x[len(x)-1]
			gSize := math.Abs(g)
			if which > 0 {
				sign := 0.
				switch {
				case w > 0:
					sign = 1
				case w < 0:
					sign = -1
				}
				g += float64(p.L2)*w + float64(p.L1)*sign
				gSize += math.Abs(float64(p.L2)*w) + float64(p.L1)
			}
			d, dSize, state, sizes := r.want(p, x, g, gSize)
			next := w - float64(p.Rate)*d
			if which > 0 {
				next -= float64(p.Shrink) * w
			}
			return append([]float64{next}, state...), append([]float64{math.Abs(w) + math.Abs(next) + float64(p.Rate)*dSize}, sizes...)
		}, false}
}

func stepKernels() (list []elementKernel) {
	for _, r := range ruleTests {
		for which := range testSteps {
			list = append(list, r.kernel(which))
		}
	}
	return list
}

// TestStepRest checks that weights keep their bits, infinite ones too, if the gradient and the
// matrices of the rule are zero.
func TestStepRest(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 6)
		for _, r := range ruleTests {
			for _, n := range lengths() {
				arrays := [][]float32{normals(a, n)}
				if n > 0 {
					arrays[0][n/2] = float32(math.Inf(1))
				}
				before := append([]float32{}, arrays[0]...)
				for range r.state + 1 {
					x := alloc[float32](a, n)
					clear(x)
					arrays = append(arrays, x)
				}
				r.run(&testSteps[0], arrays)
				for j, x := range arrays {
					for i, v := range x {
						want := float32(0)
						if j == 0 {
							want = before[i]
						}
						if !same(v, want) {
							t.Fatalf("%s: n = %d: element %d of array %d is %g, want %g", r.name, n, i, j, v, want)
						}
					}
				}
				a.check(t, "%s: n = %d", r.name, n)
			}
		}
	})
}

// TestMulRows multiplies rows by the factors of their columns. The result must be exact.
func TestMulRows(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 7)
		for _, cols := range lengths()[1:] {
			for _, rows := range []int{0, 1, 2, 5} {
				dst, factors := normals(a, rows*cols), normals(a, cols)
				want := append([]float32{}, dst...)
				for i := range want {
					want[i] *= factors[i%cols]
				}
				MulRows(dst, factors)
				for i, w := range want {
					if !same(dst[i], w) {
						t.Fatalf("%d×%d: element %d is %g, want %g", rows, cols, i, dst[i], w)
					}
				}
				a.check(t, "%d×%d", rows, cols)
			}
		}
	})
}

// TestSquares sums squares by column and in total. A column's sum must not depend on the
// neighbouring columns.
func TestSquares(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 8)
		for _, cols := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 130} {
			for _, rows := range []int{0, 1, 2, 15, 16, 17, 40, 200} {
				src, dst := normals(a, rows*cols), alloc[float32](a, cols)
				ColumnSquares(dst, src)
				total := 0.
				for j := range dst {
					want, one := 0., make([]float32, rows)
					for i := range rows {
						one[i] = src[i*cols+j]
						want += float64(one[i]) * float64(one[i])
					}
					total += want
					// Blocks of 16 in float32.
					if !near(dst[j], want, 17*unit*want) {
						t.Fatalf("%d×%d: column %d is %g, want %g", rows, cols, j, dst[j], want)
					}
					var alone [1]float32
					ColumnSquares(alone[:], one)
					if !same(dst[j], alone[0]) {
						t.Fatalf("%d×%d: column %d is %g, alone %g", rows, cols, j, dst[j], alone[0])
					}
				}
				// At most 1024/32 terms and the 5 additions that join a vector's lanes and sums.
				if got := SquareSum(src); math.Abs(got-total) > 40*unit*total {
					t.Fatalf("%d×%d: the squares add up to %g, want %g", rows, cols, got, total)
				}
				a.check(t, "%d×%d", rows, cols)
			}
		}
	})
}
