package fuse

// An Access is a read or a write of a range of a buffer's elements by a dispatch.
type Access struct {
	Buffer uint32
	Lo, Hi int
	Write  bool
}

// conflicts reports whether two accesses must keep their order: they share memory and one of them
// writes.
func (a Access) conflicts(b Access) bool {
	return (a.Write || b.Write) && a.Buffer == b.Buffer && a.Lo < b.Hi && b.Lo < a.Hi
}

// Hazards are the accesses of dispatches since the last memory barrier. OpenGL may run
// consecutive dispatches concurrently. So a dispatch needs a barrier if it uses elements that an
// earlier one wrote, or writes elements that an earlier one reads.
type Hazards struct {
	pending []Access
	stored  bool // shaders wrote memory that API calls may not see yet
}

// maxPending bounds the list and thus the time to search it.
const maxPending = 256

// Add reports whether a dispatch needs a barrier before it, and notes its accesses.
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

// Settle reports whether a call that reads or writes buffers needs a barrier before it. If so, it
// forgets all accesses, since the barrier orders them.
func (h *Hazards) Settle() (barrier bool) {
	barrier = h.stored
	if barrier {
		h.pending, h.stored = h.pending[:0], false
	}
	return barrier
}
