// Package opengl is the GPU backend: the ops of package compute as OpenGL 4.3
// compute shaders.
//
//	b, err := opengl.Open(opengl.Options{})
//
// OpenGL wants its calls on one thread, and GLFW wants the process's main one, so
// the program's main must run glctx.Main. The methods of a [Backend] put commands
// in a queue and the context's thread takes them out, in order; only Alloc,
// Compile, Read, Sync, Close and Fetch.Wait wait for it.
//
// # How a program runs
//
// Compile makes of each op one dispatch of a kernel from package shaders (or
// several, for a product of very long sums): which specialisation, which buffers
// at which binding, how many groups, and a uniform block with sizes, offsets and
// constants. A run binds them and dispatches. Two dispatches are ordered by a
// memory barrier only where one touches what the other writes; which do is seen
// from the ops' operands, across runs too.
//
// Every 64 runs, or sooner when they are large, a fence ends a batch of work. At
// most three batches are on their way to the device, so a caller that never
// waits cannot fill the driver's memory; Run blocks instead, once the queue is
// full.
//
// # When something goes wrong
//
// A device failure sticks, as package compute says. It is a [*ContextLostError]
// when the driver reports that it reset the GPU, a [*StallError] when for ten
// seconds of waiting no batch was finished, or a [*GLError]. A software renderer
// has ten minutes: it computes on the processor, cannot be lost, and may well
// need that long. A kernel that the driver refuses is a [*CompileError].
//
// Built without cgo, or with the tag nogl, the package has the same functions, and
// Open returns glctx.ErrNoSupport.
package opengl
