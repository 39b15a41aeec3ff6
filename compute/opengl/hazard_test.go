//go:build cgo && !nogl

package opengl

import (
	"testing"

	"shadegrad/compute"
)

func TestHazards(t *testing.T) {
	read := func(buffer uint32, lo, hi int) access { return access{buffer, lo, hi, false} }
	write := func(buffer uint32, lo, hi int) access { return access{buffer, lo, hi, true} }
	for _, c := range []struct {
		name    string
		earlier []access
		later   []access
		want    bool
	}{
		{"nothing before", nil, []access{write(1, 0, 9)}, false},
		{"read after read", []access{read(1, 0, 9)}, []access{read(1, 0, 9)}, false},
		{"read after write", []access{write(1, 0, 9)}, []access{read(1, 8, 12)}, true},
		{"write after read", []access{read(1, 0, 9)}, []access{write(1, 3, 4)}, true},
		{"write after write", []access{write(1, 0, 9)}, []access{write(1, 0, 9)}, true},
		{"another buffer", []access{write(1, 0, 9)}, []access{write(2, 0, 9), read(3, 0, 9)}, false},
		{"the next range", []access{write(1, 0, 9)}, []access{read(1, 9, 12)}, false},
		{"one of several", []access{read(2, 0, 9), write(1, 0, 9)}, []access{read(3, 0, 9), write(2, 5, 6)}, true},
	} {
		var h hazardList
		h.add(c.earlier)
		if got := h.add(c.later); got != c.want {
			t.Errorf("%s: barrier %v, want %v", c.name, got, c.want)
		}
	}

	var h hazardList
	h.add([]access{write(1, 0, 9)})
	if !h.add([]access{read(1, 0, 9)}) || h.add([]access{read(1, 0, 9)}) {
		t.Error("after a barrier what was before it still counts")
	}
	if !h.settle() || h.settle() {
		t.Error("calls that read buffers need one barrier after shaders wrote, and only one")
	}
	h.add([]access{read(1, 0, 9)})
	if h.settle() {
		t.Error("calls that read buffers need no barrier after shaders read")
	}
	barriers := 0
	for i := range 10 * maxPending {
		if h.add([]access{write(1, i, i+1)}) {
			barriers++
		}
		if len(h.pending) > maxPending {
			t.Fatalf("the list has %d entries", len(h.pending))
		}
	}
	if barriers > 11 {
		t.Errorf("%d barriers between independent dispatches", barriers)
	}
}

// barriers returns how many barriers a run of ops takes after a barrier.
func barriers(t *testing.T, b *Backend, runs int, ops ...compute.Op) int {
	t.Helper()
	e := mustCompile(t, b, "barriers", ops...)
	defer e.Release()
	if err := b.call((*worker).settle); err != nil {
		t.Fatal(err)
	}
	before := b.Counts().Barriers
	for range runs {
		e.Run(compute.Args{})
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	return int(b.Counts().Barriers - before)
}

func TestBarriersOnlyWhereNeeded(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(6, 4)
	if err != nil {
		t.Fatal(err)
	}
	top, bottom, other := m.RowRange(0, 3), m.RowRange(3, 3), compute.Mat{}
	if other, err = b.Alloc(3, 4); err != nil {
		t.Fatal(err)
	}
	copyTo := func(dst, src compute.Mat) compute.Op { return compute.Activate{Dst: dst, Src: src} }
	for _, c := range []struct {
		name string
		runs int
		ops  []compute.Op
		want int
	}{
		{"independent", 1, []compute.Op{compute.Fill{Dst: top}, compute.Fill{Dst: bottom}, compute.Fill{Dst: other}}, 0},
		{"a chain", 1, []compute.Op{compute.Fill{Dst: top}, copyTo(bottom, top), copyTo(other, bottom)}, 2},
		{"two readers", 1, []compute.Op{compute.Fill{Dst: top}, copyTo(bottom, top), copyTo(other, top)}, 1},
		{"from run to run", 3, []compute.Op{compute.Fill{Dst: top}}, 2},
		{"readers from run to run", 2, []compute.Op{compute.Fill{Dst: top}, copyTo(other, top)}, 3},
	} {
		if got := barriers(t, b, c.runs, c.ops...); got != c.want {
			t.Errorf("%s: %d barriers, want %d", c.name, got, c.want)
		}
	}
}
