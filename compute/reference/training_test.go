package reference

import (
	"math"
	"testing"

	"shadegrad/compute"
)

func TestUpdateByHand(t *testing.T) {
	args := compute.Args{LearningRate: 0.25, Momentum: 0.5}
	op := compute.Update{W: matrix(1, 2, 1, 2), V: matrix(1, 2, 10, -10), G: matrix(1, 2, 4, 4)}
	wantValues(t, "W", result(op, args, op.W), -1.25, 2.25)
	wantValues(t, "V", buffers{}.Load(op.V).Val, 9, -1)
	op = compute.Update{W: matrix(1, 2, 1, 2), G: matrix(1, 2, 4, 4)}
	wantValues(t, "W without V", result(op, args, op.W), 0, 1)
}

func TestRulesByHand(t *testing.T) {
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
		o := c.o
		o.W, o.G = matrix(1, 1, c.w), matrix(1, 1, c.g)
		if o.Rule == compute.Nesterov || o.Rule == compute.Adam {
			o.V = matrix(1, 1, c.v)
		}
		if o.Rule == compute.RMSProp || o.Rule == compute.Adam {
			o.S = matrix(1, 1, c.s)
		}
		wantValues(t, c.name+": W", result(o, args, o.W), c.want[0])
		if !o.V.IsZero() {
			wantValues(t, c.name+": V", buffers{}.Load(o.V).Val, c.want[1])
		}
		if !o.S.IsZero() {
			wantValues(t, c.name+": S", buffers{}.Load(o.S).Val, c.want[2])
		}
	}
}

func TestClippingByHand(t *testing.T) {
	for _, c := range []struct {
		clip  float32
		norms []float64
		by    float64
	}{{2.5, []float64{9, 16}, 0.5}, {10, []float64{9, 16}, 1}, {2.5, []float64{0, 0}, 1}, {5, []float64{25}, 1},
		{5, []float64{9, math.Inf(1)}, math.NaN()}, {5, []float64{2e38, 2e38}, math.NaN()}} {
		o := compute.Update{W: matrix(1, 2), G: matrix(1, 2, 3, -4), Clip: c.clip, Norms: matrix(1, len(c.norms), c.norms...)}
		wantValues(t, "W", result(o, compute.Args{LearningRate: 1}, o.W), -3*c.by, 4*c.by)
	}
}

func TestNormsByHand(t *testing.T) {
	sum := matrix(1, 1)
	wantValues(t, "square sum", result(compute.SquareSum{Dst: sum, Src: matrix(2, 2, 1, -2, 3, 0)}, compute.Args{}, sum), 14)
	w := matrix(3, 2, 3, 4, 6, -8, 1, 1)
	wantValues(t, "max norm", result(compute.MaxNorm{W: w, Limit: 25}, compute.Args{}, w), 3, 4, 3, -4, 1, 1)
	w = matrix(2, 1, 1e20, 10)
	wantValues(t, "max norm of a row beyond float32", result(compute.MaxNorm{W: w, Limit: 25}, compute.Args{}, w), math.NaN(), 5)
	// At step 1 β is 2/11. At step 10,000 it is Decay.
	dst, src := matrix(1, 1, 11), matrix(1, 1, 22)
	average := compute.Average{Dst: dst, Src: src, Decay: 0.5}
	wantValues(t, "average at the start", result(average, compute.Args{Step: 1}, dst), 20)
	average.Dst = matrix(1, 1, 11)
	wantValues(t, "average", result(average, compute.Args{Step: 10000}, average.Dst), 16.5)
}

// TestDropoutByHand requires that dropout drops the fraction given by its rate, and scales the rest to compensate.
func TestDropoutByHand(t *testing.T) {
	src := matrix(100, 100)
	threes := src.Buf.(*buffer).values
	for e := range threes {
		threes[e] = 3
	}
	dropout := func(o compute.Dropout, args compute.Args) []float64 {
		o.Src, o.Dst = src, matrix(100, 100)
		return result(o, args, o.Dst)
	}
	left := 0
	for e, v := range dropout(compute.Dropout{Rate: 0.25, Stream: 2}, compute.Args{Seed: 5, Step: 9}) {
		switch v {
		case 0:
		case 4:
			left++
		default:
			t.Fatalf("element %d is %g", e, v)
		}
	}
	if math.Abs(float64(left)-7500) > 5*math.Sqrt(10000*0.25*0.75) {
		t.Errorf("%d of 10000 are left, want about three quarters", left)
	}
	// Of 2¹⁶ numbers 65,470 are below the threshold, so K is 2¹⁶/66.
	left = 0
	for _, v := range dropout(compute.Dropout{Rate: 0.999}, compute.Args{Seed: 5}) {
		if v == 0 {
			continue
		}
		if left++; math.Abs(v-3*65536./66) > 1e-3 {
			t.Fatalf("a kept element is %g, want 3·65536/66", v)
		}
	}
	if left == 0 {
		t.Error("none of 10000 elements is kept at a rate of 0.999")
	}
	wantValues(t, "rate near 1", dropout(compute.Dropout{Rate: 0.9999999}, compute.Args{}), make([]float64, 10000)...)
	wantValues(t, "rate 0", dropout(compute.Dropout{}, compute.Args{}), threes...)
}

// TestWarpByHand distorts an image of 3×3 pixels with the values 0, 10, … 80.
func TestWarpByHand(t *testing.T) {
	warp := func(o compute.Warp, field compute.Mat) []float64 {
		o.Dst, o.Src, o.Labels, o.Field, o.Width, o.Height = matrix(1, 9), octets(9, 0, 10, 20, 30, 40, 50, 60, 70, 80), octets(1, 1), field, 3, 3
		return result(o, compute.Args{Seed: 3}, o.Dst)
	}
	field := func(x, y float64) compute.Mat {
		return matrix(3, 6, x, x, x, y, y, y, x, x, x, y, y, y, x, x, x, y, y, y)
	}
	moved := compute.Warp{Scale: 1, Alpha: [2]float32{1, 1}}
	wantValues(t, "no distortion", warp(compute.Warp{Scale: 1}, compute.Mat{}), 0, 10, 20, 30, 40, 50, 60, 70, 80)
	wantValues(t, "from one to the right", warp(moved, field(1, 0)), 10, 20, 0, 40, 50, 0, 70, 80, 0)
	wantValues(t, "from one below", warp(moved, field(0, 1)), 30, 40, 50, 60, 70, 80, 0, 0, 0)
	wantValues(t, "from half-way to the right", warp(moved, field(0.5, 0)), 5, 15, 10, 35, 45, 25, 65, 75, 40)
	wantValues(t, "from half-way to below and the left", warp(moved, field(-0.5, 0.5)), 8, 20, 30, 23, 50, 60, 15, 33, 38)
	wantValues(t, "scaled", warp(compute.Warp{Scale: 0.5, Shift: -1}, compute.Mat{}), -1, 4, 9, 14, 19, 24, 29, 34, 39)

	// Rotated by 90°, pixel (x, y) comes from (2−y, x).
	d := Distortion{Sin: 1, Middle: [2]float64{1, 1}}
	if at := d.Place(2, 1); math.Abs(at[0]-1) > 1e-12 || math.Abs(at[1]-2) > 1e-12 {
		t.Errorf("rotated by 90°, (2,1) comes from %v, want (1,2)", at)
	}
	d = Distortion{Cos: 1, Shear: 0.5, Scale: [2]float64{1, 3}, Middle: [2]float64{1, 1}, Shift: [2]float64{3, 5}}
	if at := d.Place(2, 2); at[0] != 1+0.5+0.125+3 || at[1] != 1+0.25+5 {
		t.Errorf("sheared, scaled and shifted, (2,2) comes from %v", at)
	}
}
