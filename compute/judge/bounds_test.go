package judge

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

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
			if what != "relu" && what != "leaky-relu" && exact.tol[e] > 1e3*tol+1e-3*math.Max(1, math.Abs(exact.val[e])) {
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
		for _, f := range elementwise {
			within("delta", tol, delta(c, a, f), delta(c2, a2, f))
		}
		w, w2 := random(7, 11, tol)
		args := compute.Args{LearningRate: 0.3, Momentum: 0.9}
		squares, squares2 := random(7, 11, tol)
		for e := range squares.val {
			squares.val[e], squares2.val[e] = math.Abs(squares.val[e])+2*tol, math.Abs(squares2.val[e])+2*tol
		}
		norms, norms2 := squares, squares2
		for _, o := range boundedRules() {
			v, v2, s, s2 := c, c2, squares, squares2
			if o.Rule == compute.RMSProp {
				v, v2 = nil, nil
			}
			if o.Rule != compute.RMSProp && o.Rule != compute.Adam {
				s, s2 = nil, nil
			}
			nw, nv, ns := update(o, args, w, v, s, a, norms)
			nw2, nv2, ns2 := update(o, args, w2, v2, s2, a2, norms2)
			within("update_"+o.Rule.String()+" of W", tol, nw, nw2)
			if v != nil {
				within("update of V", tol, nv, nv2)
			}
			if s != nil {
				within("update of S", tol, ns, ns2)
			}
		}
		within("square_sum", tol, squareSum(a), squareSum(a2))
		for _, limit := range []float32{0.1, 11, 100} {
			o := compute.MaxNorm{Limit: limit}
			within("max_norm", tol, maxNorm(o, a), maxNorm(o, a2))
		}
		averaged := compute.Average{Decay: 0.9}
		within("average", tol, average(averaged, args, a, w), average(averaged, args, a2, w2))
		drop := compute.Dropout{Rate: 0.4}
		within("dropout", tol, dropout(drop, args, a), dropout(drop, args, a2))
		for _, form := range lossForms {
			op := compute.Loss{Z: compute.Mat{Rows: 7, Cols: 11}, F: form.f, Kind: form.kind, On: 1, Weight: 0.5, Scale: 2}
			labels := []byte{0, 1, 2, 3, 4, 5, 10}
			g, s := loss(op, compute.Args{}, a, bias, goal{labels: labels})
			g2, s2 := loss(op, compute.Args{}, a2, bias2, goal{labels: labels})
			within("gradient of "+"loss "+form.f.String()+" "+form.kind.String(), tol, g, g2)
			within("loss "+form.f.String()+" "+form.kind.String(), tol, s, s2)
			targets, targets2 := random(7, 11, tol)
			g, s = loss(op, compute.Args{}, a, bias, goal{targets: targets})
			g2, s2 = loss(op, compute.Args{}, a2, bias2, goal{targets: targets2})
			within("gradient by targets of "+"loss "+form.f.String()+" "+form.kind.String(), tol, g, g2)
			within("targets of "+"loss "+form.f.String()+" "+form.kind.String(), tol, s, s2)
		}
	}
}

// boundedRules are updates with each rule and each term.
func boundedRules() (list []compute.Update) {
	for _, rule := range compute.Rules() {
		o := compute.Update{Rule: rule, Rho: 0.9, Epsilon: 0.01}
		list = append(list, o)
		o.L2, o.L1, o.Decay, o.Clip = 0.1, 0.2, 0.3, 2
		list = append(list, o)
	}
	return list
}

// TestWarpBounds moves a field within its bounds: no pixel may change by more than its own.
func TestWarpBounds(t *testing.T) {
	draws := philox.Stream{Seed: 8, ID: 1}
	o := compute.Warp{Dst: compute.Mat{Rows: 1, Cols: 400}, Src: compute.Bytes{Rows: 1, Cols: 400}, Width: 20, Height: 20, Scale: 1,
		Rotation: 0.3, Scaling: 0.2, Shear: 0.1, Translation: 2, Alpha: [2]float32{3, 5}}
	img := make([]byte, 400)
	for e := range img {
		img[e] = byte(draws.Uint64(uint64(e)))
	}
	for _, tol := range []float64{0, 1e-6, 1e-4, 1e-2} {
		field, moved := newGrid(20, 40), newGrid(20, 40)
		for e := range field.val {
			field.val[e], field.tol[e] = draws.Normal(uint64(1000+e)), tol
			moved.val[e] = field.val[e] + tol*(2*draws.Uniform(uint64(5000+e))-1)
		}
		one, two := warp(o, compute.Args{}, img, nil, field, nil), warp(o, compute.Args{}, img, nil, moved, nil)
		either := 0
		for e := range one.val {
			if d := math.Abs(one.val[e] - two.val[e]); d > one.tol[e] {
				t.Errorf("a field off by %g moves element %d by %g, bound %g", tol, e, d, one.tol[e])
			}
			if one.tol[e] > 0 {
				either++
			}
		}
		if tol < 1e-5 && either > 40 {
			t.Errorf("a field off by %g leaves %d of 400 elements open", tol, either)
		}
	}
}

// elementwise lists the activations that work on each element.
var elementwise = []compute.Activation{compute.Identity, compute.Sigmoid, compute.Tanh, compute.ReLU, compute.ScaledTanh, compute.LeakyReLU}

type lossForm struct {
	f    compute.Activation
	kind compute.LossKind
}

// lossForms lists the losses of each activation.
var lossForms = []lossForm{
	{compute.Softmax, compute.CrossEntropy}, {compute.Sigmoid, compute.CrossEntropy},
	{compute.Identity, compute.SquaredError}, {compute.Sigmoid, compute.SquaredError}, {compute.Tanh, compute.SquaredError}, {compute.ReLU, compute.SquaredError},
	{compute.Softmax, compute.SquaredError}, {compute.ScaledTanh, compute.SquaredError}, {compute.LeakyReLU, compute.SquaredError},
}
