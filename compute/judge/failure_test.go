package judge

import (
	"errors"
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
)

func TestFailureText(t *testing.T) {
	cause := errors.New("out of memory")
	for _, c := range []struct {
		f           Failure
		full, brief string
	}{
		{Failure{Case: "matmul_tn/m=5,n=7,k=3", Kernel: "matmul_tn", Detail: "Dst (2,4) is 0.51, want 0.48", Err: 0.03, Bound: 1e-5},
			"matmul_tn/m=5,n=7,k=3: Dst (2,4) is 0.51, want 0.48: err 3e-2 > 1e-5", "matmul_tn err 3e-2 > 1e-5"},
		{Failure{Case: "fill/m=1", Kernel: "fill", Detail: "Dst (0,0) is 2, want 0", Err: 2},
			"fill/m=1: Dst (0,0) is 2, want 0: err 2 > 0", "fill err 2 > 0"},
		{Failure{Case: "fill/m=1", Kernel: "fill", Detail: "Dst (0,0) is NaN, want 0", Err: math.NaN(), Bound: 12},
			"fill/m=1: Dst (0,0) is NaN, want 0: err NaN > 1e+1", "fill err NaN > 1e+1"},
		{Failure{Case: "fill/m=1", Kernel: "fill", Detail: "alloc: out of memory", Cause: cause},
			"fill/m=1: alloc: out of memory", "fill: alloc: out of memory"},
	} {
		if got := c.f.Error(); got != c.full {
			t.Errorf("Error() = %q, want %q", got, c.full)
		}
		if got := c.f.Short(); got != c.brief {
			t.Errorf("Short() = %q, want %q", got, c.brief)
		}
		if c.f.Cause != nil && !errors.Is(&c.f, cause) {
			t.Error("a failure hides its cause")
		}
	}
}

// twoByTwo returns a problem with one result of 2×2, which has bounds of 0.5, the values
// 10, 20, 30, 40 and one guard element on each side.
func twoByTwo() *Problem {
	f := &floats{init: []float32{-1, 0, 0, 0, 0, -2}, written: []bool{false, true, true, true, true, false},
		val: []float64{-1, 10, 20, 30, 40, -2}, tol: []float64{0, .5, .5, .5, .5, 0}, mag: []float64{1, 10, 20, 30, 40, 1}}
	return &Problem{floats: []*floats{f}, views: []view{{"Dst", compute.Mat{Buf: f, Off: 1, Rows: 2, Cols: 2}}}}
}

func TestVerdict(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		what string
		got  []float32
		want string // in the failure, "" for none
	}{
		{"right", []float32{-1, 10, 20, 30, 40, -2}, ""},
		{"a little off", []float32{-1, 10, 20.0001, 30, 40, -2}, ""},
		{"off by less than the bound, but a large mean error", []float32{-1, 10, 20.4, 30, 40, -2}, "mean square"},
		{"two elements wrong", []float32{-1, 10, 21, 30, 44, -2}, "Dst (1,1) is 44, want 40"},
		{"NaN", []float32{-1, 10, 44, nan, 40, -2}, "Dst (1,0) is NaN, want 30"},
		{"infinite", []float32{-1, float32(math.Inf(1)), 20, 30, 40, -2}, "Dst (0,0) is +Inf"},
		{"guard element before", []float32{-1.5, 10, 20, 30, 40, -2}, "1 before Dst, now -1.5, was -1"},
		{"guard element after", []float32{-1, 10, 20, 30, 40, 0}, "1 after Dst"},
		{"both guards", []float32{0, 10, 20, 30, 40, 0}, "wrote 2 elements"},
	} {
		text := ""
		if f := twoByTwo().verdict([][]float32{c.got}); f != nil {
			text = f.Error()
		}
		if (c.want == "") != (text == "") || !strings.Contains(text, c.want) {
			t.Errorf("%s: %q, want %q", c.what, text, c.want)
		}
	}
}

// TestVerdictAtTheEdges requires NaN where the reference is NaN, and exact values where the bound is 0. If the
// reference is all zero, only the bounds of single elements apply.
func TestVerdictAtTheEdges(t *testing.T) {
	p := twoByTwo()
	f := p.floats[0]
	f.val[2] = math.NaN()
	if p.verdict([][]float32{{-1, 10, 20, 30, 40, -2}}) == nil {
		t.Error("20 is accepted for NaN")
	}
	if fail := p.verdict([][]float32{{-1, 10, float32(math.NaN()), 30, 40, -2}}); fail != nil {
		t.Errorf("NaN is refused for NaN: %v", fail)
	}
	p = twoByTwo()
	p.floats[0].tol[3] = 0
	if p.verdict([][]float32{{-1, 10, 20, math.Nextafter32(30, 31), 40, -2}}) == nil {
		t.Error("an exact element may be one bit off")
	}
	p = twoByTwo()
	clear(p.floats[0].val[1:5])
	if fail := p.verdict([][]float32{{-1, 0.4, 0, 0, -0.4, -2}}); fail != nil {
		t.Errorf("zeros within their bounds: %v", fail)
	}
	p = twoByTwo()
	copy(p.floats[0].val[1:5], []float64{0.01, -0.02, 0.01, 0.02}) // small compared with terms of 10 to 40
	if fail := p.verdict([][]float32{{-1, 0.4, 0, 0, -0.4, -2}}); fail != nil {
		t.Errorf("small sums of large terms: %v", fail)
	}
}

func TestSameBits(t *testing.T) {
	p := twoByTwo()
	one := [][]float32{{-1, 10, 20, 30, 40, -2}}
	two := [][]float32{{-1, 10, 20, math.Nextafter32(30, 31), 40, -2}}
	if fail := p.same(one, one); fail != nil {
		t.Error(fail)
	}
	if fail := p.same(one, two); fail == nil || !strings.Contains(fail.Detail, "Dst (1,0)") {
		t.Errorf("a bit differs: %v", fail)
	}
}
