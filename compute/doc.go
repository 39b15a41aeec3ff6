// Package compute says what a backend is: matrices in its memory, the ops it
// can do on them, programs made of ops, and the rules of shape that a program
// must keep. It holds no arithmetic and no device; packages cpu and
// compute/opengl do, and package compute/computetest judges them.
//
// # A step is a program
//
// Nothing is computed by calling a function here. A caller allocates matrices
// on a [Backend], describes a piece of work once as a [Program], which is a
// list of ops on those matrices, has the backend compile it, and then runs the
// [Executable] as often as it likes. A training step is one such program. What
// changes between runs (which rows of the data set, which learning rate) is in
// [Args]; everything else, shapes included, is fixed when it is compiled, so
// that a backend may specialise and fuse. A backend that knows nothing better
// runs the ops one after another: the meaning of a program is always that.
//
// # Nothing waits
//
// [Executable.Run] puts work in the backend's queue and returns. Work is done in
// the order in which it was queued, Write and Read included. Only Read, Sync and
// Fetch.Wait wait.
//
// # Errors
//
// A program whose shapes do not fit, or with a buffer of another backend, is a
// mistake in the caller: Compile returns an [*OpError] that names the op and
// the shapes. Whatever goes wrong later, in the queue, sticks: later runs do
// nothing, and every Read, Sync and Fetch returns that first error from then on.
//
// # Goroutines
//
// A Backend and what comes from it are for one goroutine at a time.
package compute
