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
// Compile fuses ops: a gather, a product and an activation are one layer; a product
// with the loss, and with the product and the delta that send it back, the head of a
// network; a product and a delta; gradients and the changes of parameters that
// they are for, by any rule, of several layers at once; and dropout with what is before
// it, on either way. It knows ops, and nothing of networks:
// what depends on what it sees from their operands, and what need not be stored
// from the program's Scratch (fuse, in node.go). So a training step of a network with
// one hidden layer is three dispatches.
//
// Each part of a program there are several ways to do (stage.go): tiles of several
// sizes, through shared memory or without; sums made in one piece or in slots. With
// Options.Tune the large parts are timed on the device, and the fastest way is
// remembered.
//
// A dispatch is a specialisation of a kernel from package shaders, the buffers at
// its bindings, how many groups, and a uniform block with sizes, offsets and
// constants. Two dispatches are ordered by a memory barrier only where one touches
// what the other writes, across runs too. Matrices share buffers (arena.go), since
// OpenGL guarantees a kernel no more than eight.
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
