package judge

import (
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
)

func newBounded(rows, cols int, values ...float64) *bounded {
	n := rows * cols
	b := &bounded{reference.NewMatrix(rows, cols), make([]float64, n), make([]float64, n)}
	copy(b.Val, values)
	return b
}

// evaluated evaluates one op. operand makes a matrix of the op from values and bounds, or none from nil; build
// returns the op and its results.
func evaluated(args compute.Args, build func(p *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat)) []*bounded {
	p := &Problem{}
	op, results := build(p, func(b *bounded) compute.Mat { return addBounded(p, b) })
	p.Evaluate(op, args)
	var list []*bounded
	for _, m := range results {
		list = append(list, p.load(m))
	}
	return list
}

// addBounded adds a matrix with the values and bounds of b, or none if b is nil.
func addBounded(p *Problem, b *bounded) compute.Mat {
	if b == nil {
		return compute.Mat{}
	}
	m := p.Output("m", b.Rows, b.Cols)
	f := m.Buf.(*floats)
	n := len(f.init)
	f.val, f.tol, f.mag, f.written = make([]float64, n), make([]float64, n), make([]float64, n), make([]bool, n)
	copy(f.val, b.Val)
	copy(f.tol, b.tol)
	return m
}

// TestBoundsFollowInputs computes each op with exact inputs and again with the inputs moved within their bounds. The results
// must not move by more than the bounds that the op gives them.
func TestBoundsFollowInputs(t *testing.T) {
	draws, drawn := philox.Stream{Seed: 5, ID: 2}, uint64(0)
	random := func(rows, cols int, tol float64) (exact, moved *bounded) {
		exact, moved = newBounded(rows, cols), newBounded(rows, cols)
		for e := range exact.Val {
			exact.Val[e], exact.tol[e] = draws.Normal(drawn), tol
			moved.Val[e] = exact.Val[e] + tol*(2*draws.Uniform(drawn+1)-1)
			drawn += 2
		}
		return exact, moved
	}
	for _, tol := range []float64{0, 1e-6, 1e-3, 0.1} {
		// try evaluates an op with the exact and with the moved operands.
		try := func(what string, args compute.Args, exact, moved []*bounded, build func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat)) {
			t.Helper()
			with := func(operands []*bounded) []*bounded {
				return evaluated(args, func(p *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat) {
					var list []compute.Mat
					for _, b := range operands {
						list = append(list, operand(b))
					}
					return build(p, list)
				})
			}
			one, two := with(exact), with(moved)
			for k, r := range one {
				for e, v := range r.Val {
					if d := math.Abs(v - two[k].Val[e]); !(d <= r.tol[e]) {
						t.Errorf("%s with inputs off by %g: element %d of result %d moves by %g, bound %g", what, tol, e, k, d, r.tol[e])
					}
					// A bound must not be so wide that it allows anything.
					if what != "relu" && what != "leaky-relu" && r.tol[e] > 1e3*tol+1e-3*math.Max(1, math.Abs(v)) {
						t.Errorf("%s with inputs off by %g: element %d of result %d has the bound %g", what, tol, e, k, r.tol[e])
					}
				}
			}
		}
		out := func(p *Problem, rows, cols int) compute.Mat { return addBounded(p, newBounded(rows, cols)) }
		a, a2 := random(7, 11, tol)
		b, b2 := random(11, 5, tol)
		try("matmul", compute.Args{}, []*bounded{a, b}, []*bounded{a2, b2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
			dst := out(p, 7, 5)
			return compute.MatMul{Dst: dst, A: m[0], B: m[1]}, []compute.Mat{dst}
		})
		try("column_sum", compute.Args{}, []*bounded{a}, []*bounded{a2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
			dst := out(p, 1, 11)
			return compute.ColumnSum{Dst: dst, Src: m[0]}, []compute.Mat{dst}
		})
		bias, bias2 := random(1, 11, tol)
		for _, f := range compute.Activations() {
			try(f.String(), compute.Args{}, []*bounded{a, bias}, []*bounded{a2, bias2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
				dst := out(p, 7, 11)
				return compute.Activate{Dst: dst, Src: m[0], Bias: m[1], F: f}, []compute.Mat{dst}
			})
		}
		c, c2 := random(7, 11, tol)
		for _, f := range elementwise {
			try("delta", compute.Args{}, []*bounded{c, a}, []*bounded{c2, a2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
				dst := out(p, 7, 11)
				return compute.Delta{Dst: dst, Back: m[0], Y: m[1], F: f}, []compute.Mat{dst}
			})
		}
		w, w2 := random(7, 11, tol)
		args := compute.Args{LearningRate: 0.3, Momentum: 0.9}
		squares, squares2 := random(7, 11, tol)
		for e := range squares.Val {
			squares.Val[e], squares2.Val[e] = math.Abs(squares.Val[e])+2*tol, math.Abs(squares2.Val[e])+2*tol
		}
		for _, o := range boundedRules() {
			v, v2, s, s2 := c, c2, squares, squares2
			if o.Rule == compute.RMSProp {
				v, v2 = nil, nil
			}
			if o.Rule != compute.RMSProp && o.Rule != compute.Adam {
				s, s2 = nil, nil
			}
			try("update_"+o.Rule.String(), args, []*bounded{w, v, s, a, squares}, []*bounded{w2, v2, s2, a2, squares2},
				func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
					o.W, o.V, o.S, o.G, o.Norms = m[0], m[1], m[2], m[3], m[4]
					return o, slices.DeleteFunc(m[:3], compute.Mat.IsZero)
				})
		}
		try("square_sum", compute.Args{}, []*bounded{a}, []*bounded{a2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
			dst := out(p, 1, 1)
			return compute.SquareSum{Dst: dst, Src: m[0]}, []compute.Mat{dst}
		})
		for _, limit := range []float32{0.1, 11, 100} {
			try("max_norm", compute.Args{}, []*bounded{a}, []*bounded{a2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
				return compute.MaxNorm{W: m[0], Limit: limit}, m
			})
		}
		try("average", args, []*bounded{a, w}, []*bounded{a2, w2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
			return compute.Average{Dst: m[0], Src: m[1], Decay: 0.9}, m[:1]
		})
		try("dropout", args, []*bounded{a}, []*bounded{a2}, func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
			return compute.Dropout{Dst: m[0], Src: m[0], Rate: 0.4}, m
		})
		targets, targets2 := random(7, 11, tol)
		for _, form := range lossForms {
			for _, byTargets := range []bool{false, true} {
				try("loss "+form.f.String()+" "+form.kind.String(), compute.Args{}, []*bounded{a, bias, targets}, []*bounded{a2, bias2, targets2},
					func(p *Problem, m []compute.Mat) (compute.Op, []compute.Mat) {
						op := compute.Loss{Z: m[0], Bias: m[1], Delta: out(p, 7, 11), Stats: out(p, 7, 2), F: form.f, Kind: form.kind, On: 1, Weight: 0.5, Scale: 2}
						if byTargets {
							op.Targets = m[2]
						} else {
							op.Labels = compute.Bytes{Buf: &octets{[]byte{0, 1, 2, 3, 4, 5, 10}}, Rows: 7, Cols: 1}
						}
						return op, []compute.Mat{op.Delta, op.Stats}
					})
			}
		}
	}
}

// elementwise lists the activations that work on single elements.
var elementwise = slices.DeleteFunc(compute.Activations(), func(f compute.Activation) bool { return f == compute.Softmax })

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

// boundedRules lists updates with each rule, without and with all terms.
func boundedRules() (list []compute.Update) {
	for _, rule := range compute.Rules() {
		o := compute.Update{Rule: rule, Rho: 0.9, Epsilon: 0.01}
		list = append(list, o)
		o.L2, o.L1, o.Decay, o.Clip = 0.1, 0.2, 0.3, 2
		list = append(list, o)
	}
	return list
}

// TestWarpBounds moves a field within its bounds: no pixel may change by more than its own bound.
func TestWarpBounds(t *testing.T) {
	draws := philox.Stream{Seed: 8, ID: 1}
	img := make([]byte, 400)
	for e := range img {
		img[e] = byte(draws.Uint64(uint64(e)))
	}
	warped := func(field *bounded) *bounded {
		return evaluated(compute.Args{}, func(p *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat) {
			o := compute.Warp{Dst: operand(newBounded(1, 400)), Field: operand(field), Src: compute.Bytes{Buf: &octets{img}, Rows: 1, Cols: 400},
				Width: 20, Height: 20, Scale: 1, Rotation: 0.3, Scaling: 0.2, Shear: 0.1, Translation: 2, Alpha: [2]float32{3, 5}}
			return o, []compute.Mat{o.Dst}
		})[0]
	}
	for _, tol := range []float64{0, 1e-6, 1e-4, 1e-2} {
		field, moved := newBounded(20, 40), newBounded(20, 40)
		for e := range field.Val {
			field.Val[e], field.tol[e] = draws.Normal(uint64(1000+e)), tol
			moved.Val[e] = field.Val[e] + tol*(2*draws.Uniform(uint64(5000+e))-1)
		}
		one, two := warped(field), warped(moved)
		either := 0
		for e := range one.Val {
			if d := math.Abs(one.Val[e] - two.Val[e]); d > one.tol[e] {
				t.Errorf("a field off by %g moves element %d by %g, bound %g", tol, e, d, one.tol[e])
			}
			if one.tol[e] > 0 {
				either++
			}
		}
		if tol < 1e-5 && either > 40 {
			t.Errorf("a field off by %g leaves %d of 400 elements with a bound above 0", tol, either)
		}
	}
}

// TestWarpHalfWay checks an image with one pixel half-way between two levels.
func TestWarpHalfWay(t *testing.T) {
	warped := func(field *bounded) *bounded {
		return evaluated(compute.Args{Seed: 3}, func(p *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat) {
			o := compute.Warp{Dst: operand(newBounded(1, 9)), Field: operand(field), Width: 3, Height: 3, Scale: 1, Alpha: [2]float32{1, 1},
				Src: compute.Bytes{Buf: &octets{[]byte{0, 10, 20, 30, 40, 50, 60, 70, 80}}, Rows: 1, Cols: 9}}
			return o, []compute.Mat{o.Dst}
		})[0]
	}
	f := newBounded(3, 6)
	f.Val[0], f.Val[1], f.Val[2] = 0.05+1e-8, 0.06, 1e-3 // with slopes of 10 the values are 0.5, 10.6 and 20 − 0.02
	g := warped(f)
	if g.tol[0] != 1 || g.mag[0] != 0 {
		t.Errorf("half-way between 0 and 1 the bound is %g, the magnitude %g", g.tol[0], g.mag[0])
	}
	if g.Val[1] != 11 || g.Val[2] != 20 || g.tol[1] != 0 || g.tol[2] != 0 {
		t.Errorf("pixels far from a half are %g ± %g and %g ± %g, want 11 and 20", g.Val[1], g.tol[1], g.Val[2], g.tol[2])
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e300} {
		f.Val[0] = v
		if g := warped(f); !math.IsInf(g.tol[0], 1) && g.Val[0] != 0 {
			t.Errorf("a field of %g gives %g ± %g", v, g.Val[0], g.tol[0])
		}
	}
}

// TestBoundsByHand compares bounds and magnitudes with values computed by hand.
func TestBoundsByHand(t *testing.T) {
	one := func(args compute.Args, build func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat)) *bounded {
		return evaluated(args, func(_ *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat) {
			op, m := build(operand)
			return op, []compute.Mat{m}
		})[0]
	}
	inner := one(compute.Args{}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
		dst := operand(newBounded(1, 1))
		return compute.MatMul{Dst: dst, A: operand(newBounded(1, 3, 1, -2, 3)), B: operand(newBounded(3, 1, 4, 5, 6))}, dst
	})
	if inner.mag[0] != 32 || inner.tol[0] != 16*0x1p-24*32 {
		t.Errorf("inner product: Σ|aᵢbᵢ| is %g with bound %g, want 32 and 16·2⁻²⁴·32", inner.mag[0], inner.tol[0])
	}
	sum := one(compute.Args{}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
		dst := operand(newBounded(1, 2))
		return compute.ColumnSum{Dst: dst, Src: operand(newBounded(3, 2, 1, 10, 2, -20, 3, 30))}, dst
	})
	if sum.mag[1] != 60 || sum.tol[1] != sumBound*60 {
		t.Errorf("column sum: Σ|x| is %g with bound %g", sum.mag[1], sum.tol[1])
	}
	relu := one(compute.Args{}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
		dst := operand(newBounded(1, 4))
		return compute.Delta{Dst: dst, Back: operand(newBounded(1, 4, 2, 3, -4, 5)), Y: operand(newBounded(1, 4, 0.5, 0, -0.5, 1)), F: compute.ReLU}, dst
	})
	for e, tol := range relu.tol {
		if tol != 0 {
			t.Errorf("delta of relu: element %d has the bound %g, want 0", e, tol)
		}
	}
	square := one(compute.Args{}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
		dst := operand(newBounded(1, 1))
		return compute.SquareSum{Dst: dst, Src: operand(newBounded(1, 2, 1e19, -2e19))}, dst
	})
	if !math.IsInf(square.Val[0], 1) {
		t.Errorf("square sum beyond float32 is %g, want +Inf", square.Val[0])
	}
	limited := func(w *bounded) *bounded {
		return one(compute.Args{}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
			m := operand(w)
			return compute.MaxNorm{W: m, Limit: 25}, m
		})
	}
	w := limited(newBounded(3, 2, 3, 4, 6, -8, 1, 1))
	if w.tol[4] != 0 || w.tol[2] == 0 {
		t.Errorf("max norm: a row within the limit has the bound %g, one beyond it %g", w.tol[4], w.tol[2])
	}
	if w = limited(newBounded(2, 1, 1e20, 10)); !math.IsNaN(w.Val[0]) || w.Val[1] != 5 {
		t.Errorf("max norm of a row beyond float32: %g", w.Val)
	}
	loose := newBounded(1, 2, 6, -8)
	loose.tol[0] = 1e200 // the value follows the equation whatever its bound
	if w = limited(loose); w.Val[0] != 3 || w.Val[1] != -4 {
		t.Errorf("max norm of a row with a wide bound: %g", w.Val)
	}
	src := newBounded(100, 100)
	for e := range src.Val {
		src.Val[e] = 3
	}
	dropped := one(compute.Args{Seed: 5, Step: 9}, func(operand func(*bounded) compute.Mat) (compute.Op, compute.Mat) {
		m := operand(src)
		return compute.Dropout{Dst: m, Src: m, Rate: 0.25, Stream: 2}, m
	})
	for e, tol := range dropped.tol {
		if tol != 0 {
			t.Fatalf("dropout: element %d has the bound %g, want 0", e, tol)
		}
	}
}

// TestHitBounds requires that a hit is exact unless rounding decides it.
func TestHitBounds(t *testing.T) {
	hit := func(f compute.Activation, label byte, targets *bounded, z ...float64) (hit, tol float64) {
		stats := evaluated(compute.Args{}, func(_ *Problem, operand func(*bounded) compute.Mat) (compute.Op, []compute.Mat) {
			op := compute.Loss{Z: operand(newBounded(1, len(z), z...)), Stats: operand(newBounded(1, 2)), Targets: operand(targets), F: f,
				Kind: compute.SquaredError, On: 1, Weight: 1, Scale: 1}
			if targets == nil {
				op.Labels = compute.Bytes{Buf: &octets{[]byte{label}}, Rows: 1, Cols: 1}
			}
			return op, []compute.Mat{op.Stats}
		})[0]
		return stats.Val[1], stats.tol[1]
	}
	for label := range byte(3) {
		if _, tol := hit(compute.Identity, label, nil, 1, 2, 2); tol != 0 {
			t.Errorf("identity, label %d: the hit has the bound %g", label, tol)
		}
		if _, tol := hit(compute.ReLU, label, nil, -3, -2, -1); tol != 0 {
			t.Errorf("relu, label %d: the hit has the bound %g", label, tol)
		}
	}
	// Sigmoid rounds both outputs to 1.
	if _, tol := hit(compute.Sigmoid, 1, nil, 30, 31); tol != 1 {
		t.Errorf("a hit that rounding decides has the bound %g, want 1", tol)
	}
	if v, tol := hit(compute.Identity, 0, newBounded(1, 2, 1, 1), 3, -1); v != 0 || tol != 0 {
		t.Errorf("with targets the hit is %g ± %g, want 0 ± 0", v, tol)
	}
}
