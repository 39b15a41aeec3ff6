package fuse

// An Access is what a dispatch does with a range of a buffer's elements.
type Access struct {
	Buffer uint32
	Lo, Hi int
	Write  bool
}

// conflicts tells whether two accesses must stay in order: they share memory and
// one of them writes.
func (a Access) conflicts(b Access) bool {
	return (a.Write || b.Write) && a.Buffer == b.Buffer && a.Lo < b.Hi && b.Lo < a.Hi
}

// A Hazards is what dispatches have done since the last memory barrier. OpenGL
// lets shaders that follow one another overlap, so one that touches what an
// earlier one wrote, or writes what it reads, needs a barrier in between.
type Hazards struct {
	pending []Access
	stored  bool // shaders wrote something that API calls may not see yet
}

// maxPending bounds the list, and with it the time to search it.
const maxPending = 256

// Add tells whether a dispatch needs a barrier before it, and notes what it does.
func (h *Hazards) Add(list []Access) (barrier bool) {
	barrier = len(h.pending)+len(list) > maxPending
	for _, a := range list {
		for _, p := range h.pending {
			barrier = barrier || a.conflicts(p)
		}
		h.stored = h.stored || a.Write
	}
	if barrier {
		h.pending = h.pending[:0]
	}
	for _, a := range list {
		if !h.has(a) {
			h.pending = append(h.pending, a)
		}
	}
	return barrier
}

func (h *Hazards) has(a Access) bool {
	for _, p := range h.pending {
		if p == a {
			return true
		}
	}
	return false
}

// Settle tells whether a call that reads or writes buffers needs a barrier before
// it, and forgets everything, since that barrier orders all there was.
func (h *Hazards) Settle() (barrier bool) {
	barrier = h.stored
	if barrier {
		h.pending, h.stored = h.pending[:0], false
	}
	return barrier
}
