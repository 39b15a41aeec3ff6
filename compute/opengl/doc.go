// Package opengl is the GPU backend: the ops of package compute as OpenGL 4.3
// compute shaders.
//
//	b, err := opengl.Open(opengl.Options{})
//
// OpenGL calls must come from one thread. The methods of a [Backend] put commands in a queue,
// and the context's thread executes them in order. Only Alloc, Compile, Read, Sync,
// Close and Fetch.Wait wait for it.
//
// # How a program runs
//
// Compile has package fuse plan the dispatches. Fusion joins ops: gather, product and
// activation to a layer; product, loss and the way back to the head of a network; product and
// delta; the gradients and updates of several layers; and dropout with the op before it. A
// training step of a network with one hidden layer is three dispatches.
//
// There are several ways to do a part of a program: tiles of several sizes, with or without
// shared memory, and sums made in one piece or in slots. With Options.Tune, Compile times the
// large parts on the device (tune.go), searches for the fastest ways (tuner.go) and remembers them
// (remember.go).
//
// A dispatch is a specialised kernel of package shaders, the buffers at its bindings, the
// number of groups, and a uniform block with sizes, offsets and constants. A memory barrier
// separates two dispatches only where one uses what the other writes, also across runs.
// Matrices share buffers (arena.go), since OpenGL guarantees only eight for a kernel.
//
// After 64 runs, or fewer if they are large, a fence ends a batch of work. At most three
// batches are in flight, so a caller that never waits cannot fill the driver's memory: Run
// blocks once the queue is full.
//
// # Failures
//
// A device failure is permanent, as package compute says. It is a [*ContextLostError] if the
// driver reports that it reset the GPU, a [*StallError] if no batch finishes within ten
// seconds of waiting, or a [*GLError]. A software renderer has ten minutes: it computes on the
// processor, which may take that long. A kernel that the driver refuses is a
// [*CompileError].
//
// Built without cgo or with the tag nogl, the package has the same API, and Open returns
// [ErrNoSupport]; on macOS it returns a [*VersionError].
package opengl
