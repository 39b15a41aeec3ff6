package reference

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// slope returns the derivative of f at x by central differences of two widths. They are
// combined so that their errors of second order cancel.
func slope(f func(float64) float64, x float64) float64 {
	const h = 1e-3
	wide := (f(x+2*h) - f(x-2*h)) / (4 * h)
	narrow := (f(x+h) - f(x-h)) / (2 * h)
	return (4*narrow - wide) / 3
}

func TestDerivativesAreDifferences(t *testing.T) {
	draws := philox.Stream{Seed: 3, ID: 1}
	for _, f := range compute.Activations() {
		if f == compute.Softmax {
			continue
		}
		for i := range 50 {
			z := 2 * draws.Normal(uint64(i))
			if (f == compute.ReLU || f == compute.LeakyReLU) && math.Abs(z) < 0.01 {
				continue // the corner
			}
			got, want := Derivative(f, Function(f, z)), slope(func(x float64) float64 { return Function(f, x) }, z)
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s′(%g) = %g, by differences %g", f, z, got, want)
			}
		}
	}
}

func TestLossGradientsAreDifferences(t *testing.T) {
	type form struct {
		f    compute.Activation
		kind compute.LossKind
	}
	forms := []form{{compute.Softmax, compute.CrossEntropy}, {compute.Sigmoid, compute.CrossEntropy}}
	for _, f := range compute.Activations() {
		forms = append(forms, form{f, compute.SquaredError})
	}
	for turn, form := range forms {
		for _, n := range []int{1, 2, 5} {
			if form.f == compute.Softmax && n == 1 {
				continue
			}
			draws := philox.Stream{Seed: 4, ID: uint64(10*turn + n)}
			random := func(rows int, first uint64, draw func(uint64) float64) compute.Mat {
				values := make([]float64, rows*n)
				for e := range values {
					values[e] = draw(first + uint64(e))
				}
				return matrix(rows, n, values...)
			}
			op := compute.Loss{Z: random(3, 0, draws.Normal), Bias: random(1, 100, draws.Normal), Delta: matrix(3, n), Stats: matrix(4, 2),
				F: form.f, Kind: form.kind, On: 0.9, Off: 0.05, Weight: 0.75, Scale: 1.5}
			byLabels, byTargets := op, op
			byLabels.Labels, byLabels.Index = octets(1, 1, 0, byte(max(n, 2)-1), 1), index(3, 2, 0, 1)
			byTargets.Targets = random(3, 200, draws.Uniform)
			for _, op := range []compute.Loss{byLabels, byTargets} {
				args, z := compute.Args{Row: 1}, op.Z.Buf.(*buffer).values
				gradient := append([]float64(nil), result(op, args, op.Delta)...)
				for e, got := range gradient {
					before := z[e]
					want := slope(func(x float64) float64 {
						z[e] = x
						return 1.5 * result(op, args, op.Stats)[2*(1+e/n)]
					}, before)
					z[e] = before
					if math.Abs(got-want) > 1e-9 {
						t.Errorf("%s, %s, %d outputs: the gradient by z[%d] is %.9g, by differences %.9g", form.f, form.kind, n, e, got, want)
					}
				}
			}
		}
	}
}
