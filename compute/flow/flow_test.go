package flow_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A buffer of 100 elements.
type buffer struct{ name string }

func (*buffer) Elems() int { return 100 }

// mat returns a 2×2 matrix at an offset of a buffer.
func mat(b *buffer, off int) compute.Mat { return compute.Mat{Buf: b, Off: off, Rows: 2, Cols: 2} }

func TestOverlap(t *testing.T) {
	a, b := &buffer{"a"}, &buffer{"b"}
	m := mat(a, 10)
	for _, c := range []struct {
		o    compute.Mat
		want bool
	}{
		{mat(a, 10), true}, {mat(a, 7), true}, {mat(a, 13), true}, {mat(a, 6), false}, {mat(a, 14), false},
		{mat(b, 10), false}, {compute.Mat{}, false},
		{compute.Mat{Buf: a, Off: 0, Rows: 10, Cols: 10}, true}, {compute.Mat{Buf: a, Off: 11, Rows: 1, Cols: 1}, true},
	} {
		if flow.Overlap(m, c.o) != c.want || flow.Overlap(c.o, m) != c.want {
			t.Errorf("%v and %v overlap: want %t", m, c.o, c.want)
		}
	}
	if flow.Overlap(compute.Mat{}, compute.Mat{}) || flow.Overlap(m) {
		t.Error("the zero Mat overlaps, or a matrix overlaps with an empty list")
	}
	if !flow.Overlap(m, mat(b, 10), mat(a, 12)) || flow.Overlap(m, mat(b, 10), mat(a, 20)) {
		t.Error("Overlap with several matrices is wrong")
	}
	if !flow.OverlapAny([]compute.Mat{mat(b, 0), m}, []compute.Mat{mat(a, 12)}) || flow.OverlapAny([]compute.Mat{mat(b, 0), m}, []compute.Mat{mat(a, 30)}) {
		t.Error("OverlapAny is wrong")
	}
}

func TestOf(t *testing.T) {
	a, b, c := mat(&buffer{"a"}, 0), mat(&buffer{"b"}, 0), mat(&buffer{"c"}, 0)
	for _, v := range []struct {
		op            compute.Op
		reads, writes []compute.Mat
	}{
		{compute.MatMul{Dst: a, A: b, B: c}, []compute.Mat{b, c}, []compute.Mat{a}},
		{compute.Update{W: a, G: b, V: c}, []compute.Mat{a, c, b}, []compute.Mat{a, c}},
		{compute.Gather{Dst: a, Src: compute.Bytes{Buf: &buffer{"d"}, Rows: 2, Cols: 2}}, nil, []compute.Mat{a}},
		{compute.Activate{Dst: a, Src: a}, []compute.Mat{a}, []compute.Mat{a}},
	} {
		if got := flow.Of(v.op); !slices.Equal(got.Reads, v.reads) || !slices.Equal(got.Writes, v.writes) {
			t.Errorf("%s reads %v and writes %v", v.op.Name(), got.Reads, got.Writes)
		}
	}
}

func TestConflicts(t *testing.T) {
	a, b, c := mat(&buffer{"a"}, 0), mat(&buffer{"b"}, 0), mat(&buffer{"c"}, 0)
	reads := func(m compute.Mat) *flow.Access { return &flow.Access{Reads: []compute.Mat{c, m}} }
	writes := func(m compute.Mat) *flow.Access { return &flow.Access{Writes: []compute.Mat{b, m}} }
	for _, v := range []struct {
		x, y *flow.Access
		want bool
	}{
		{reads(a), reads(a), false}, {writes(a), reads(a), true}, {reads(a), writes(a), true},
		{writes(a), writes(mat(&buffer{"d"}, 0)), true}, // both write b
		{reads(a), &flow.Access{Writes: []compute.Mat{b}}, false},
	} {
		if v.x.Conflicts(v.y) != v.want {
			t.Errorf("%v and %v conflict: want %t", v.x, v.y, v.want)
		}
	}
	if !reads(a).Touches(a) || !writes(a).Touches(a) || reads(a).Touches(b) || writes(a).Touches(c) {
		t.Error("Touches is wrong")
	}
}

// step is a training step of one layer, with the names of its matrices.
func step() ([]compute.Op, map[string]compute.Mat) {
	m := map[string]compute.Mat{}
	for _, name := range strings.Fields("x z y back dz g w sum") {
		m[name] = mat(&buffer{name}, 0)
	}
	return []compute.Op{
		compute.MatMul{Dst: m["z"], A: m["x"], B: m["w"]},       // 0
		compute.Activate{Dst: m["y"], Src: m["z"]},              // 1
		compute.Delta{Dst: m["dz"], Back: m["back"], Y: m["y"]}, // 2
		compute.MatMul{Dst: m["g"], A: m["dz"], B: m["x"]},      // 3
		compute.SquareSum{Dst: m["sum"], Src: m["g"]},           // 4
		compute.Update{W: m["w"], G: m["g"]},                    // 5
	}, m
}

func TestUses(t *testing.T) {
	ops, m := step()
	list := flow.Accesses(ops)
	for _, c := range []struct {
		name   string
		before int
		writer int
		users  []int
	}{
		{"x", 6, -1, []int{0, 3}}, {"z", 6, 0, []int{0, 1}}, {"z", 0, -1, []int{0, 1}}, {"y", 2, 1, []int{1, 2}},
		{"g", 5, 3, []int{3, 4, 5}}, {"g", 3, -1, []int{3, 4, 5}}, {"w", 6, 5, []int{0, 5}}, {"w", 5, -1, []int{0, 5}},
	} {
		if got := flow.LastWriter(list, m[c.name], c.before); got != c.writer {
			t.Errorf("the last writer of %s before %d is %d, want %d", c.name, c.before, got, c.writer)
		}
		if got := flow.Users(list, m[c.name]); !slices.Equal(got, c.users) {
			t.Errorf("%s is used by %v, want %v", c.name, got, c.users)
		}
		if !flow.OnlyUsedBy(list, m[c.name], c.users...) || flow.OnlyUsedBy(list, m[c.name], c.users[1:]...) {
			t.Errorf("OnlyUsedBy of %s is wrong", c.name)
		}
	}
	// A part of a matrix counts.
	part := m["g"]
	part.Off, part.Rows, part.Cols = 3, 1, 1
	if flow.LastWriter(list, part, 6) != 3 || !slices.Equal(flow.Users(list, part), []int{3, 4, 5}) {
		t.Error("uses of a part of a matrix are wrong")
	}
	if flow.Users(list, compute.Mat{}) != nil {
		t.Error("the zero Mat has users")
	}
}

func TestUnchanged(t *testing.T) {
	ops, m := step()
	list := flow.Accesses(ops)
	for _, c := range []struct {
		i, j int
		name string
		want bool
	}{
		{0, 6, "x", true}, {0, 6, "w", false}, {0, 5, "w", true}, {5, 6, "w", false}, {4, 6, "g", true}, {3, 6, "g", false}, {6, 6, "w", true},
	} {
		if got := flow.Unchanged(list, c.i, c.j, m["back"], m[c.name]); got != c.want {
			t.Errorf("%s unchanged from %d to %d: %t", c.name, c.i, c.j, got)
		}
	}
}

func TestMovable(t *testing.T) {
	ops, _ := step()
	list := flow.Accesses(ops)
	for _, c := range []struct {
		i, j  int
		fused []int
		want  bool
	}{
		{3, 5, nil, false},     // the sum reads the gradient
		{3, 5, []int{4}, true}, // unless it moves as well
		{0, 1, nil, true},      // no node in between
		{0, 2, nil, false},     // the activation reads its result
		{5, 1, nil, false},     // node 3 writes the gradient that the update reads
		{4, 2, nil, false},     // the same backwards
		{2, 0, nil, false},     // the delta reads the activation's result
		{0, 2, []int{1}, true}, // fused with it
	} {
		if got := flow.Movable(list, c.i, c.j, c.fused...); got != c.want {
			t.Errorf("move %d to %d except past %v: %t", c.i, c.j, c.fused, got)
		}
	}
	// An update must not move past an op that reads its weights.
	swapped := flow.Accesses([]compute.Op{ops[0], ops[1], ops[5]})
	if flow.Movable(swapped, 2, -1) {
		t.Error("an update moves past a product that reads its weights")
	}
}

func TestGuard(t *testing.T) {
	data, order, x := &buffer{"data"}, &buffer{"order"}, &buffer{"x"}
	p := compute.Program{Name: "p", Ops: []compute.Op{
		compute.Gather{Dst: mat(x, 0), Src: compute.Bytes{Buf: data, Rows: 50, Cols: 2}, Index: compute.Index{Buf: order, Len: 10, Limit: 50}},
		compute.Fill{Dst: mat(x, 4)},
	}}
	g := flow.NewGuard(p)
	if got := g.Buffers(); !slices.Equal(got, []compute.Buffer{x, data, order}) {
		t.Errorf("the buffers are %v", got)
	}
	var freed compute.Buffer
	live := func(b compute.Buffer) bool { return b != freed }
	if err := g.Check(compute.Args{Row: 8}, live); err != nil {
		t.Errorf("a run that is possible: %v", err)
	}
	var op *compute.OpError
	if err := g.Check(compute.Args{Row: 9}, live); !errors.As(err, &op) || op.Index != 0 {
		t.Errorf("a batch of 2 rows at row 9 of 10: %v", err)
	}
	for _, b := range g.Buffers() {
		freed = b
		if err := g.Check(compute.Args{}, live); err == nil || !strings.Contains(err.Error(), "freed") {
			t.Errorf("a run without buffer %v: %v", b, err)
		}
	}
	freed = nil
	if n := testing.AllocsPerRun(10, func() { _ = g.Check(compute.Args{}, live) }); n != 0 {
		t.Errorf("Check allocates %v times", n)
	}
	if !g.Release() || g.Release() {
		t.Error("Release does not report its first call")
	}
	if err := g.Check(compute.Args{}, live); err == nil || !strings.Contains(err.Error(), "release") {
		t.Errorf("a run after release: %v", err)
	}
}
