package judge

import (
	"math"
	"testing"

	"shadegrad/compute"
)

func TestRulesByHand(t *testing.T) {
	one := func(v float64) *grid { return gridOf(1, 1, v) }
	args := compute.Args{LearningRate: 0.25, Momentum: 0.5, Step: 1}
	for _, c := range []struct {
		name       string
		o          compute.Update
		w, v, s, g float64
		want       []float64 // W, V, S
	}{
		{"nesterov", compute.Update{Rule: compute.Nesterov}, 1, 4, 0, 2, []float64{1 - 0.25*(2+0.5*4), 4, 0}},
		{"rmsprop", compute.Update{Rule: compute.RMSProp, Rho: 0.75, Epsilon: 1}, 1, 0, 4, 2, []float64{1 - 0.25*2/(2+1), 0, 4}},
		// t is 2: the corrections are 1/(1 − ¼) and 1/(1 − 9/16).
		{"adam", compute.Update{Rule: compute.Adam, Rho: 0.75, Epsilon: 0.5}, 1, 4, 8, 2,
			[]float64{1 - 0.25*(3/0.75)/(math.Sqrt(7/(1-0.5625))+0.5), 3, 7}},
		{"l2 and l1", compute.Update{L2: 0.5, L1: 0.25}, -2, 0, 0, 3, []float64{-2 - 0.25*(3-1-0.25), 0, 0}},
		{"l1 at 0", compute.Update{L1: 0.25}, 0, 0, 0, 3, []float64{-0.75, 0, 0}},
		{"decay", compute.Update{Decay: 0.5}, 4, 0, 0, 2, []float64{4 - 0.5 - 0.25*0.5*4, 0, 0}},
	} {
		var v, s *grid
		if c.o.Rule == compute.Nesterov || c.o.Rule == compute.Adam {
			v = one(c.v)
		}
		if c.o.Rule == compute.RMSProp || c.o.Rule == compute.Adam {
			s = one(c.s)
		}
		newW, newV, newS := update(c.o, args, one(c.w), v, s, one(c.g), nil)
		wantValues(t, c.name+": W", newW, c.want[0])
		if v != nil {
			wantValues(t, c.name+": V", newV, c.want[1])
		}
		if s != nil {
			wantValues(t, c.name+": S", newS, c.want[2])
		}
	}
}

func TestClippingByHand(t *testing.T) {
	args := compute.Args{LearningRate: 1}
	w, g := gridOf(1, 2, 0, 0), gridOf(1, 2, 3, -4)
	for _, c := range []struct {
		clip  float32
		norms []float64
		by    float64
	}{{2.5, []float64{9, 16}, 0.5}, {10, []float64{9, 16}, 1}, {2.5, []float64{0, 0}, 1}, {5, []float64{25}, 1},
		{5, []float64{9, math.Inf(1)}, math.NaN()}, {5, []float64{2e38, 2e38}, math.NaN()}} {
		newW, _, _ := update(compute.Update{Clip: c.clip}, args, w, nil, nil, g, gridOf(1, len(c.norms), c.norms...))
		wantValues(t, "W", newW, -3*c.by, 4*c.by)
	}
}

func TestNormsByHand(t *testing.T) {
	s := squareSum(gridOf(2, 2, 1, -2, 3, 0))
	wantValues(t, "square sum", s, 14)
	wantValues(t, "square sum beyond float32", squareSum(gridOf(1, 2, 1e19, -2e19)), math.Inf(1))
	w := maxNorm(compute.MaxNorm{Limit: 25}, gridOf(3, 2, 3, 4, 6, -8, 1, 1))
	wantValues(t, "max norm", w, 3, 4, 3, -4, 1, 1)
	if w.tol[4] != 0 || w.tol[2] == 0 {
		t.Errorf("a row within the limit has the bound %g, one beyond %g", w.tol[4], w.tol[2])
	}
	wantValues(t, "max norm of a row beyond float32", maxNorm(compute.MaxNorm{Limit: 25}, gridOf(2, 1, 1e20, 10)), math.NaN(), 5)
	loose := gridOf(1, 2, 6, -8)
	loose.tol[0] = 1e200 // whatever its bound, the value is what the equation says
	wantValues(t, "max norm of what may be anything", maxNorm(compute.MaxNorm{Limit: 25}, loose), 3, -4)
	// At step 1 β is 2/11, at step 10,000 it is what Decay says.
	dst, src := gridOf(1, 1, 11), gridOf(1, 1, 22)
	wantValues(t, "average at the start", average(compute.Average{Decay: 0.5}, compute.Args{Step: 1}, dst, src), 20)
	wantValues(t, "average", average(compute.Average{Decay: 0.5}, compute.Args{Step: 10000}, dst, src), 16.5)
}

func TestTakeByHand(t *testing.T) {
	op := compute.Take{Dst: compute.Mat{Rows: 2, Cols: 2}, Src: compute.Mat{Rows: 4, Cols: 2}}
	src := gridOf(4, 2, 0, 1, 2, 3, 4, 5, 6, 7)
	wantValues(t, "natural order", take(op, compute.Args{Row: 1}, src, nil), 2, 3, 4, 5)
	wantValues(t, "index", take(op, compute.Args{Row: 1}, src, []uint32{9, 3, 0}), 6, 7, 0, 1)
}

// TestDropoutByHand leaves out the share it should, and makes up for it.
func TestDropoutByHand(t *testing.T) {
	src := newGrid(100, 100)
	for e := range src.val {
		src.val[e] = 3
	}
	out := dropout(compute.Dropout{Rate: 0.25, Stream: 2}, compute.Args{Seed: 5, Step: 9}, src)
	left := 0
	for e, v := range out.val {
		switch v {
		case 0:
		case 4:
			left++
		default:
			t.Fatalf("element %d is %g", e, v)
		}
		if out.tol[e] != 0 {
			t.Fatalf("element %d is not exact", e)
		}
	}
	if math.Abs(float64(left)-7500) > 5*math.Sqrt(10000*0.25*0.75) {
		t.Errorf("%d of 10000 are left, of three quarters", left)
	}
	// Of 2¹⁶ numbers 65,470 are below the threshold: the others make up for just as many.
	left = 0
	for _, v := range dropout(compute.Dropout{Rate: 0.999}, compute.Args{Seed: 5}, src).val {
		if v == 0 {
			continue
		}
		if left++; math.Abs(v-3*65536./66) > 1e-3 {
			t.Fatalf("what is left is %g, want 3·65536/66", v)
		}
	}
	if left == 0 {
		t.Error("nothing is left of 10000, at a rate of 0.999")
	}
	wantValues(t, "of nothing left", dropout(compute.Dropout{Rate: 0.9999999}, compute.Args{}, src), make([]float64, 10000)...)
	whole := dropout(compute.Dropout{}, compute.Args{}, src)
	wantValues(t, "without a rate", whole, src.val...)
}

func TestTargetsByHand(t *testing.T) {
	op := compute.Loss{Z: compute.Mat{Rows: 1, Cols: 2}, Kind: compute.SquaredError, On: 1, Weight: 0.5, Scale: 3}
	g, s := loss(op, compute.Args{Row: 7}, gridOf(1, 2, 3, -1), nil, goal{targets: gridOf(1, 2, 1, 1)})
	wantValues(t, "half of the squared error", s, 4, 0)
	wantValues(t, "its gradient", g, 6, -6)
	if s.tol[1] != 0 {
		t.Error("that targets are no classes is not sure")
	}
}

// warped is op Warp on one image of 3×3 pixels that counts from 0 to 8, ten times each.
func warped(change func(o *compute.Warp), field *grid) *grid {
	o := compute.Warp{Dst: compute.Mat{Rows: 1, Cols: 9}, Src: compute.Bytes{Rows: 1, Cols: 9}, Width: 3, Height: 3, Scale: 1}
	change(&o)
	return warp(o, compute.Args{Seed: 3}, []byte{0, 10, 20, 30, 40, 50, 60, 70, 80}, []byte{1}, field, nil)
}

func TestWarpByHand(t *testing.T) {
	field := func(x, y float64) *grid {
		f := newGrid(3, 6)
		for e := range f.val {
			f.val[e] = x
			if e%6 >= 3 {
				f.val[e] = y
			}
		}
		return f
	}
	whole := func(o *compute.Warp) { o.Alpha = [2]float32{1, 1} }
	wantValues(t, "no distortion", warped(func(*compute.Warp) {}, nil), 0, 10, 20, 30, 40, 50, 60, 70, 80)
	wantValues(t, "from one to the right", warped(whole, field(1, 0)), 10, 20, 0, 40, 50, 0, 70, 80, 0)
	wantValues(t, "from one below", warped(whole, field(0, 1)), 30, 40, 50, 60, 70, 80, 0, 0, 0)
	wantValues(t, "from half-way to the right", warped(whole, field(0.5, 0)), 5, 15, 10, 35, 45, 25, 65, 75, 40)
	wantValues(t, "from half-way to below and the left", warped(whole, field(-0.5, 0.5)), 8, 20, 30, 23, 50, 60, 15, 33, 38)
	wantValues(t, "scaled", warped(func(o *compute.Warp) { o.Scale, o.Shift = 0.5, -1 }, nil), -1, 4, 9, 14, 19, 24, 29, 34, 39)

	// Turned by a quarter, pixel (x, y) comes from (2−y, x).
	a := affinity{sin: 1, a: term{val: 1}, b: term{val: 1}, middle: [2]float64{1, 1}}
	if at := a.place(2, 1, [2]term{}); math.Abs(at[0].val-1) > 1e-12 || math.Abs(at[1].val-2) > 1e-12 {
		t.Errorf("turned by a quarter, (2,1) comes from (%g,%g), not from (1,2)", at[0].val, at[1].val)
	}
	a = affinity{cos: 1, shear: 0.5, a: term{val: 2}, b: term{val: 4}, middle: [2]float64{1, 1}, shift: [2]float64{3, 5}}
	if at := a.place(2, 2, [2]term{}); at[0].val != 1+0.5+0.125+3 || at[1].val != 1+0.25+5 {
		t.Errorf("sheared, scaled and shifted, (2,2) comes from (%g,%g)", at[0].val, at[1].val)
	}
}

// TestWarpHalfWay has a pixel that may be either of two levels, and one that may not.
func TestWarpHalfWay(t *testing.T) {
	f := newGrid(3, 6)
	f.val[0], f.val[1], f.val[2] = 0.05+1e-8, 0.06, 1e-3 // of slopes of 10: 0.5, 10.6 and 20 − 0.02
	g := warped(func(o *compute.Warp) { o.Alpha = [2]float32{1, 1} }, f)
	if g.tol[0] != 1 || g.mag[0] != 0 {
		t.Errorf("half-way between 0 and 1 the bound is %g, the magnitude %g", g.tol[0], g.mag[0])
	}
	wantValues(t, "surely", gridOf(1, 2, g.val[1], g.val[2]), 11, 20)
	if g.tol[1] != 0 || g.tol[2] != 0 {
		t.Errorf("what is far from a half has the bounds %g and %g", g.tol[1], g.tol[2])
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e300} {
		f.val[0] = v
		if g := warped(func(o *compute.Warp) { o.Alpha = [2]float32{1, 1} }, f); !math.IsInf(g.tol[0], 1) && g.val[0] != 0 {
			t.Errorf("a field of %g gives %g ± %g", v, g.val[0], g.tol[0])
		}
	}
}
