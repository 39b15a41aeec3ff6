package fuse

import "testing"

func TestHazards(t *testing.T) {
	read := func(buffer uint32, lo, hi int) Access { return Access{buffer, lo, hi, false} }
	write := func(buffer uint32, lo, hi int) Access { return Access{buffer, lo, hi, true} }
	for _, c := range []struct {
		name    string
		earlier []Access
		later   []Access
		want    bool
	}{
		{"nothing before", nil, []Access{write(1, 0, 9)}, false},
		{"read after read", []Access{read(1, 0, 9)}, []Access{read(1, 0, 9)}, false},
		{"read after write", []Access{write(1, 0, 9)}, []Access{read(1, 8, 12)}, true},
		{"write after read", []Access{read(1, 0, 9)}, []Access{write(1, 3, 4)}, true},
		{"write after write", []Access{write(1, 0, 9)}, []Access{write(1, 0, 9)}, true},
		{"another buffer", []Access{write(1, 0, 9)}, []Access{write(2, 0, 9), read(3, 0, 9)}, false},
		{"the next range", []Access{write(1, 0, 9)}, []Access{read(1, 9, 12)}, false},
		{"one of several", []Access{read(2, 0, 9), write(1, 0, 9)}, []Access{read(3, 0, 9), write(2, 5, 6)}, true},
	} {
		var h Hazards
		h.Add(c.earlier)
		if got := h.Add(c.later); got != c.want {
			t.Errorf("%s: barrier %v, want %v", c.name, got, c.want)
		}
	}

	var h Hazards
	h.Add([]Access{write(1, 0, 9)})
	if !h.Add([]Access{read(1, 0, 9)}) || h.Add([]Access{read(1, 0, 9)}) {
		t.Error("after a barrier what was before it still counts")
	}
	if !h.Settle() || h.Settle() {
		t.Error("calls that read buffers need one barrier after shaders wrote, and only one")
	}
	h.Add([]Access{read(1, 0, 9)})
	if h.Settle() {
		t.Error("calls that read buffers need no barrier after shaders read")
	}
	barriers := 0
	for i := range 10 * maxPending {
		if h.Add([]Access{write(1, i, i+1)}) {
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
