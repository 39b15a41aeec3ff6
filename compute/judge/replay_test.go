package judge

import (
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// replayOf returns a replay of a program on the reference whose matrices hold the given values, and the program's ops.
func replayOf(t *testing.T, ops func(mat func(rows, cols int, values ...float32) compute.Mat) []compute.Op) (*Replay, []compute.Op) {
	t.Helper()
	b := reference.New()
	list := ops(func(rows, cols int, values ...float32) compute.Mat {
		m, err := b.Alloc(rows, cols)
		if err == nil && values != nil {
			err = b.Write(m, values)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	})
	g, err := NewReplay(compute.Program{Name: "replay", Ops: list}, compute.Args{LearningRate: 0.5, Momentum: 0.5}, func(m compute.Mat) string { return m.String() })
	if err != nil {
		t.Fatal(err)
	}
	return g, list
}

// compare judges values of the last op's first result; all other results are right.
func compare(t *testing.T, g *Replay, list []compute.Op, got ...float32) *Difference {
	t.Helper()
	results := map[compute.Mat][]float32{}
	for _, r := range g.results(false) {
		m := g.originalOf(r.mat)
		results[m] = make([]float32, m.Len())
		for e, v := range g.solved32(r.mat) {
			results[m][e] = v
		}
	}
	results[compute.Matrices(list[len(list)-1])[0].Mat] = got
	d, err := g.Compare(results)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// solved32 returns the reference's values of a matrix, rounded to float32.
func (g *Replay) solved32(m compute.Mat) []float32 {
	g.solve()
	var list []float32
	for _, v := range g.p.load(m).Val {
		list = append(list, float32(v))
	}
	return list
}

// TestReplayRange accepts any value for a result beyond float32 and for results computed from it, and for nothing
// else.
func TestReplayRange(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	product := func(mat func(int, int, ...float32) compute.Mat) []compute.Op {
		z, y := mat(2, 2), mat(2, 2)
		return []compute.Op{
			compute.MatMul{Dst: z, A: mat(2, 2, 1e30, 0, 1, 2), B: mat(2, 2, 1e30, 3, 4, 5)},
			compute.MatMul{Dst: y, A: z, B: mat(2, 2, 0, 1, 2, 1)},
		}
	}
	// z is (1e60, 3e30; 1e30, 13), and y is (…, …; 26, 1e30).
	g, list := replayOf(t, product)
	for _, row := range [][]float32{{inf, nan}, {nan, 0}, {6e30, 1}} {
		if d := compare(t, g, list, row[0], row[1], 26, 1e30); d != nil {
			t.Errorf("a row made of 1e60: %v", d)
		}
	}
	for _, v := range []float32{nan, inf, 26.1} {
		d := compare(t, g, list, inf, inf, v, 1e30)
		if d == nil || d.Op != 2 || d.Kernel != "matmul_nn" || d.Row != 1 || d.Col != 0 || d.Want != 26 {
			t.Errorf("%v for 26: %v", v, d)
		}
	}
}

// TestReplayZeroTerms lets a device add 0·∞ or omit it.
func TestReplayZeroTerms(t *testing.T) {
	g, list := replayOf(t, func(mat func(int, int, ...float32) compute.Mat) []compute.Op {
		return []compute.Op{compute.MatMul{Dst: mat(2, 1), A: mat(2, 2, 0, 1, 1, 1), B: mat(2, 1, float32(math.Inf(1)), 3)}}
	})
	for _, v := range []float32{3, float32(math.NaN()), float32(math.Inf(1))} {
		if d := compare(t, g, list, v, float32(math.Inf(1))); d != nil {
			t.Error(d)
		}
	}
}

// TestReplaySubnormals lets a device replace subnormal numbers by 0, but not larger ones.
func TestReplaySubnormals(t *testing.T) {
	g, list := replayOf(t, func(mat func(int, int, ...float32) compute.Mat) []compute.Op {
		return []compute.Op{compute.Update{W: mat(1, 3, 0, 1e-30, 1), V: mat(1, 3, 1e-39, 1e-30, 1), G: mat(1, 3, 0, 0, 0)}}
	})
	for _, first := range []float32{-2.5e-40, 0, -2.4e-40} {
		if d := compare(t, g, list, first, 0.75e-30, 0.75); d != nil {
			t.Error(d)
		}
	}
	if d := compare(t, g, list, 0, 0, 0.75); d == nil || d.Col != 1 {
		t.Errorf("0 for 7.5e-31: %v", d)
	}
}

// TestReplayMask requires exact zeros where ReLU's derivative is 0.
func TestReplayMask(t *testing.T) {
	g, list := replayOf(t, func(mat func(int, int, ...float32) compute.Mat) []compute.Op {
		y, d := mat(1, 3), mat(1, 3)
		return []compute.Op{
			compute.Activate{Dst: y, Src: mat(1, 3, -1, 2, -1e-3), F: compute.ReLU},
			compute.Delta{Dst: d, Back: mat(1, 3, 5, 6, 7), Y: y, F: compute.ReLU},
		}
	})
	if d := compare(t, g, list, 0, 6, 0); d != nil {
		t.Error(d)
	}
	for _, wrong := range [][]float32{{5, 6, 0}, {0, 0, 0}, {0, 6, 1e-9}} {
		if d := compare(t, g, list, wrong...); d == nil {
			t.Errorf("%v was accepted", wrong)
		}
	}
}

// TestReplayRefuses checks that invalid programs and missing values are refused.
func TestReplayRefuses(t *testing.T) {
	b := reference.New()
	m, err := b.Alloc(2, 3)
	if err != nil {
		t.Fatal(err)
	}
	fill := compute.Fill{Dst: m, Value: 1}
	name := func(compute.Mat) string { return "the matrix" }
	for _, p := range []compute.Program{
		{Ops: []compute.Op{compute.ColumnSum{Dst: m, Src: m}}},
		{Ops: []compute.Op{compute.Fill{Dst: compute.Mat{Buf: &floats{init: make([]float32, 6)}, Rows: 2, Cols: 3}}}},
	} {
		if _, err := NewReplay(p, compute.Args{}, name); err == nil {
			t.Errorf("%+v was taken", p)
		}
	}
	g, err := NewReplay(compute.Program{Ops: []compute.Op{fill}}, compute.Args{}, name)
	if err != nil {
		t.Fatal(err)
	}
	other := m
	other.Rows, other.Cols = 3, 2
	for _, tt := range []struct {
		results map[compute.Mat][]float32
		want    string
	}{
		{nil, "judge: 0 values given for the matrix, 2×3"},
		{map[compute.Mat][]float32{m: make([]float32, 5)}, "judge: 5 values given for the matrix, 2×3"},
		{map[compute.Mat][]float32{m: {1, 1, 1, 1, 1, 1}, other: nil}, "judge: values given for a matrix that the program does not write"},
	} {
		if _, err := g.Compare(tt.results); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %s", err, tt.want)
		}
	}
}

// wobbly is a backend whose products differ in the last bit in every second run.
type wobbly struct {
	compute.Backend
	runs int
}

func (b *wobbly) Compile(p compute.Program) (compute.Executable, error) {
	x, err := b.Backend.Compile(p)
	return wobblyRun{x, b, p.Ops[0].(compute.MatMul).Dst}, err
}

type wobblyRun struct {
	compute.Executable
	b   *wobbly
	dst compute.Mat
}

func (x wobblyRun) Run(a compute.Args) {
	x.Executable.Run(a)
	if x.b.runs++; x.b.runs%2 == 0 {
		v := make([]float32, x.dst.Len())
		if x.b.Read(v, x.dst) == nil {
			v[1] = math.Nextafter32(v[1], 9)
			_ = x.b.Write(x.dst, v)
		}
	}
}

// TestReplayUnsteady reports a device whose two runs differ in a bit, although
// both are within their bounds.
func TestReplayUnsteady(t *testing.T) {
	g, _ := replayOf(t, func(mat func(int, int, ...float32) compute.Mat) []compute.Op {
		return []compute.Op{compute.MatMul{Dst: mat(1, 2), A: mat(1, 2, 1, 2), B: mat(2, 2, 3, 4, 5, 6)}}
	})
	v, err := g.Check(&wobbly{Backend: reference.New()})
	if err != nil {
		t.Fatal(err)
	}
	if v.Step != nil || v.Op != nil || !strings.HasPrefix(v.Wrong(), "two runs of one program differ: 1×2 (0,1) is 16, then 15.999999") {
		t.Errorf("%+v: %s", v, v.Wrong())
	}
	if v, err = g.Check(reference.New()); err != nil || v.Wrong() != "" || v.First() != nil || v.Limit != nil {
		t.Errorf("%+v, %v", v, err)
	}
}
