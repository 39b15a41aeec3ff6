//go:build cgo && !nogl && !darwin

package opengl

import (
	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
)

// An instrument is called in place of OpenGL for dispatches and memory barriers, in tests that look
// for missing barriers and undeclared accesses. In production there is none. Its methods run on the
// context's thread.
type instrument interface {
	// dispatch starts a dispatch, immediately or later, by worker.start.
	dispatch(w *worker, d *dispatch, params uint32, args compute.Args)
	// barrier reports whether a memory barrier is made.
	barrier(w *worker) bool
	// deleting is called before a buffer is deleted, which OpenGL delays until no dispatch uses it.
	deleting(w *worker)
}

// barrier makes what shaders wrote visible to the uses that bits name.
func (w *worker) barrier(bits uint32) {
	if w.instrument != nil && !w.instrument.barrier(w) {
		return
	}
	gl.MemoryBarrier(bits)
	w.counts.barriers.Add(1)
}

// dispatch starts a dispatch, or gives it to the instrument.
func (w *worker) dispatch(d *dispatch, params uint32, args compute.Args) {
	if w.instrument != nil {
		w.instrument.dispatch(w, d, params, args)
		return
	}
	w.start(d, params, args)
}
