//go:build cgo && !nogl

package opengl

import (
	"testing"

	"shadegrad/compute"
)

// barriers returns the number of barriers that runs of ops take after a barrier.
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
