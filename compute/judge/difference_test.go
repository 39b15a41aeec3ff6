package judge

import (
	"math"
	"slices"
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
	for _, f := range elementwise() {
		for i := range 50 {
			z := 2 * draws.Normal(uint64(i))
			if (f == compute.ReLU || f == compute.LeakyReLU) && math.Abs(z) < 0.01 {
				continue // the corner
			}
			got, _ := derivative(f, function(f, z), 0)
			want := slope(func(x float64) float64 { return function(f, x) }, z)
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s′(%g) = %g, by differences %g", f, z, got, want)
			}
		}
	}
}

func TestLossGradientsAreDifferences(t *testing.T) {
	for turn, form := range lossForms() {
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
			labels, index := []byte{1, 0, byte(max(n, 2) - 1), 1}, []uint32{3, 2, 0, 1}
			at := func(e int) func(float64) float64 {
				return func(x float64) float64 {
					moved := gridOf(3, n, z.val...)
					moved.val[e] = x
					_, stats := loss(op, compute.Args{Row: 1}, moved, bias, goal{labels: labels, index: index})
					return 1.5 * stats.val[2*(e/n)]
				}
			}
			gradient, _ := loss(op, compute.Args{Row: 1}, z, bias, goal{labels: labels, index: index})
			for e, got := range gradient.val {
				if want := slope(at(e), z.val[e]); math.Abs(got-want) > 1e-9 {
					t.Errorf("%s, %s, %d outputs: the gradient by z[%d] is %.9g, by differences %.9g", form.f, form.kind, n, e, got, want)
				}
			}
		}
	}
}

// The gradients of whole networks, in the reference's own arithmetic: this holds
// newStep to the chain rule far more closely than float32 could.
func TestNetworkGradientsAreDifferences(t *testing.T) {
	for _, n := range keptNetworks() {
		if n.sizes[0] > 100 {
			continue // all of their weights would take too long
		}
		n.runs, n.inPlace = 1, false
		p := newProblem(n.String())
		s := newStep(p, n)
		s.forward(true)
		s.backward(false)
		p.run(compute.Args{})
		p.solve()
		var gradients [][]float64 // copies, since each difference computes anew
		for _, l := range s.layers {
			gradients = append(gradients, slices.Clone(p.load(l.dw).val))
		}
		for i, l := range s.layers {
			for e, got := range gradients[i] {
				if want := s.difference(l.w, e); math.Abs(got-want) > 1e-7*max(1, math.Abs(want)) { // Scale is a float32
					t.Errorf("%s, layer %d: the gradient by weight %d is %.9g, by differences %.9g", n, i+1, e, got, want)
				}
			}
		}
	}
}

// The bounds that follow a program must hold for what moves within them: each
// op once with exact inputs, and again with the inputs anywhere within bounds.
func TestBoundsFollowInputs(t *testing.T) {
	draws, drawn := philox.Stream{Seed: 5, ID: 2}, uint64(0)
	random := func(rows, cols int, tol float64) (exact, moved *grid) {
		exact, moved = newGrid(rows, cols), newGrid(rows, cols)
		for e := range exact.val {
			exact.val[e], exact.tol[e] = draws.Normal(drawn), tol
			moved.val[e] = exact.val[e] + tol*(2*draws.Uniform(drawn+1)-1)
			drawn += 2
		}
		return exact, moved
	}
	within := func(what string, tol float64, exact, moved *grid) {
		t.Helper()
		for e := range exact.val {
			if d := math.Abs(exact.val[e] - moved.val[e]); !(d <= exact.tol[e]) {
				t.Errorf("%s with inputs off by %g: element %d moves by %g, bound %g", what, tol, e, d, exact.tol[e])
			}
			// A bound that bounds nothing is no bound.
			if what != "relu" && exact.tol[e] > 1e3*tol+1e-3 {
				t.Errorf("%s with inputs off by %g: element %d has the bound %g", what, tol, e, exact.tol[e])
			}
		}
	}
	for _, tol := range []float64{0, 1e-6, 1e-3, 0.1} {
		a, a2 := random(7, 11, tol)
		b, b2 := random(11, 5, tol)
		within("matmul", tol, matmul(a, b, false, false), matmul(a2, b2, false, false))
		within("column_sum", tol, columnSum(a), columnSum(a2))
		bias, bias2 := random(1, 11, tol)
		for _, f := range compute.Activations() {
			within(f.String(), tol, activate(a, bias, f), activate(a2, bias2, f))
		}
		c, c2 := random(7, 11, tol)
		for _, f := range elementwise() {
			within("delta", tol, delta(c, a, f), delta(c2, a2, f))
		}
		w, w2 := random(7, 11, tol)
		args := compute.Args{LearningRate: 0.3, Momentum: 0.9}
		nw, nv, _ := update(compute.Update{}, args, w, c, nil, a, nil)
		nw2, nv2, _ := update(compute.Update{}, args, w2, c2, nil, a2, nil)
		within("update of W", tol, nw, nw2)
		within("update of V", tol, nv, nv2)
		for _, form := range lossForms() {
			op := compute.Loss{Z: compute.Mat{Rows: 7, Cols: 11}, F: form.f, Kind: form.kind, On: 1, Weight: 0.5, Scale: 2}
			labels := []byte{0, 1, 2, 3, 4, 5, 10}
			g, s := loss(op, compute.Args{}, a, bias, goal{labels: labels})
			g2, s2 := loss(op, compute.Args{}, a2, bias2, goal{labels: labels})
			within("gradient of "+suffix("loss", form.f, form.kind), tol, g, g2)
			within(suffix("loss", form.f, form.kind), tol, s, s2)
		}
	}
}
