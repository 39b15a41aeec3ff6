//go:build cgo && !nogl && !darwin

package opengl

import (
	"slices"
	"testing"

	"shadegrad/compute"
)

func TestSlab(t *testing.T) {
	const a = slabAlignment
	var s slab
	for i, c := range []struct{ give, size, want int64 }{
		{-1, 1, 0}, {-1, a, a}, {-1, a + 1, 2 * a}, {-1, 7 * a, -1}, {-1, 6 * a, 4 * a},
		{a, a + 1, -1}, {-1, a, a}, {2 * a, 1, 2 * a}, {-1, 1, 3 * a}, {0, 2, 0},
	} {
		if c.give >= 0 {
			s.give(c.give)
		}
		if got := s.take(c.size, 10*a); got != c.want {
			t.Errorf("step %d: %d bytes are at %d, want %d; taken are %v", i, c.size, got, c.want, s.used)
		}
	}
	if !slices.IsSortedFunc(s.used, func(x, y extent) int { return int(x.hi - y.lo) }) {
		t.Errorf("parts overlap, or are in no order: %v", s.used)
	}
}

// TestMemoryIsUsedAgain checks that reused memory is zero and that its neighbours stay.
func TestMemoryIsUsedAgain(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	alloc := func(rows int) compute.Mat {
		m, err := b.Alloc(rows, 100)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	holds := func(m compute.Mat, want float32) {
		t.Helper()
		got := make([]float32, m.Len())
		if err := b.Read(got, m); err != nil {
			t.Fatal(err)
		}
		for e, v := range got {
			if v != want {
				t.Fatalf("element %d of %s is %v, want %v", e, m, v, want)
			}
		}
	}
	left, middle, right := alloc(3), alloc(4), alloc(5)
	large := alloc(largestInSlab/400 + 1) // has a separate buffer
	mustCompile(t, b, "fill", compute.Fill{Dst: left, Value: 1}, compute.Fill{Dst: middle, Value: 2},
		compute.Fill{Dst: right, Value: 3}, compute.Fill{Dst: large, Value: 4}).Run(compute.Args{})
	b.Free(middle.Buf)
	again := alloc(4)
	if again.Buf.(*buffer).base != middle.Buf.(*buffer).base || again.Buf.(*buffer).id != left.Buf.(*buffer).id {
		t.Error("memory that was freed is not used again")
	}
	holds(again, 0)
	holds(left, 1)
	holds(right, 3)
	holds(large, 4)
}
