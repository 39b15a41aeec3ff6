package judge

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// slope is the derivative of f at x by central differences of two widths,
// combined so that their errors of second order cancel.
func slope(f func(float64) float64, x float64) float64 {
	const h = 1e-3
	wide := (f(x+2*h) - f(x-2*h)) / (4 * h)
	narrow := (f(x+h) - f(x-h)) / (2 * h)
	return (4*narrow - wide) / 3
}

func TestDerivativesAreDifferences(t *testing.T) {
	draws := philox.Stream{Seed: 3, ID: 1}
	for _, f := range elementwise {
		for i := range 50 {
			z := 2 * draws.Normal(uint64(i))
			if (f == compute.ReLU || f == compute.LeakyReLU) && math.Abs(z) < 0.01 {
				continue // the corner
			}
			got, _ := derivative(f, Function(f, z), 0)
			want := slope(func(x float64) float64 { return Function(f, x) }, z)
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s′(%g) = %g, by differences %g", f, z, got, want)
			}
		}
	}
}

func TestLossGradientsAreDifferences(t *testing.T) {
	for turn, form := range lossForms {
		for _, n := range []int{1, 2, 5} {
			if form.f == compute.Softmax && n == 1 {
				continue
			}
			draws := philox.Stream{Seed: 4, ID: uint64(10*turn + n)}
			op := compute.Loss{Z: compute.Mat{Rows: 3, Cols: n}, F: form.f, Kind: form.kind, On: 0.9, Off: 0.05, Weight: 0.75, Scale: 1.5}
			z, bias := newGrid(3, n), newGrid(1, n)
			for e := range z.val {
				z.val[e] = draws.Normal(uint64(e))
			}
			for e := range bias.val {
				bias.val[e] = draws.Normal(uint64(100 + e))
			}
			targets := newGrid(3, n)
			for e := range targets.val {
				targets.val[e] = draws.Uniform(uint64(200 + e))
			}
			for _, want := range []goal{
				{labels: []byte{1, 0, byte(max(n, 2) - 1), 1}, index: []uint32{3, 2, 0, 1}},
				{targets: targets},
			} {
				at := func(e int) func(float64) float64 {
					return func(x float64) float64 {
						moved := gridOf(3, n, z.val...)
						moved.val[e] = x
						_, stats := loss(op, compute.Args{Row: 1}, moved, bias, want)
						return 1.5 * stats.val[2*(e/n)]
					}
				}
				gradient, _ := loss(op, compute.Args{Row: 1}, z, bias, want)
				for e, got := range gradient.val {
					if want := slope(at(e), z.val[e]); math.Abs(got-want) > 1e-9 {
						t.Errorf("%s, %s, %d outputs: the gradient by z[%d] is %.9g, by differences %.9g", form.f, form.kind, n, e, got, want)
					}
				}
			}
		}
	}
}
