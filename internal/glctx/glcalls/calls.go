//go:build cgo && !nogl && !darwin && linux && amd64

package glcalls

// #include "calls.h"
import "C"

import (
	"testing"
	"unsafe"

	"shadegrad/internal/glctx"
)

// Calls counts the calls of OpenGL's functions, whatever code makes them.
type Calls struct {
	slots map[string]int // by function
	from  map[string]int // counts at the last call of Reset
	wrong int
}

// Count counts the calls of the contexts that the test opens from now on. No context may be open, and
// contexts of the test must be closed when it ends.
func Count(t testing.TB) *Calls {
	c := &Calls{slots: map[string]int{}}
	glctx.Intercept = c.stub
	t.Cleanup(func() { glctx.Intercept = nil })
	return c
}

// stub returns code that counts a call of a function and does it.
func (c *Calls) stub(name string, function unsafe.Pointer) unsafe.Pointer {
	slot, known := c.slots[name]
	if !known {
		slot = len(c.slots)
		c.slots[name] = slot
	}
	switch name {
	case "glGetBufferParameteriv":
		*(*unsafe.Pointer)(unsafe.Pointer(&C.glcalls_reads.parameter)) = function
	case "glGetBufferSubData":
		*(*unsafe.Pointer)(unsafe.Pointer(&C.glcalls_reads.data)) = function
		function = C.glcalls_read
	}
	C.glcalls_functions[slot] = function
	return C.glcalls_stub(C.int(slot))
}

// Reset begins to count from 0. No call may be under way.
func (c *Calls) Reset() { c.from, c.wrong = c.total(), int(C.glcalls_reads.wrong) }

// Counts returns the number of calls since Reset, by function, without functions that were not called.
func (c *Calls) Counts() map[string]int {
	counts := c.total()
	for name := range counts {
		if counts[name] -= c.from[name]; counts[name] == 0 {
			delete(counts, name)
		}
	}
	return counts
}

// WrongReads returns the number of calls of glGetBufferSubData since Reset for buffers that were not made
// to be read, whose usage is not GL_STREAM_READ.
func (c *Calls) WrongReads() int { return int(C.glcalls_reads.wrong) - c.wrong }

func (c *Calls) total() map[string]int {
	counts := map[string]int{}
	for name, slot := range c.slots {
		counts[name] = int(C.glcalls_calls[slot])
	}
	return counts
}
