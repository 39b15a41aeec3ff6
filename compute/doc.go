// Package compute defines backends: matrices in a device's memory, the ops on them, programs of
// ops, and the rules of shape. It has no arithmetic. Packages cpu and compute/opengl implement
// backends, and package compute/computetest tests them.
//
// # A step is a program
//
// A caller allocates matrices on a [Backend] and describes work as a [Program], a list of ops on
// those matrices. The backend compiles the program, and the caller runs the [Executable] any
// number of times. A training step is one program. What changes between runs, as the rows of the
// batch and the learning rate, is in [Args]. Everything else is fixed by Compile, so that a
// backend can specialise kernels and fuse ops. The result is always that of the ops done one
// after another.
//
// # Nothing waits
//
// [Executable.Run] queues work and returns. The backend does all work in the order of the queue,
// including Write and Read. Only Read, Sync and Fetch.Wait wait.
//
// # Errors
//
// If the shapes of a program do not fit, or a buffer belongs to another backend, Compile returns
// an [*OpError] that names the op and the shapes. After the first failure in the queue, later runs
// do nothing, and every Read, Sync and Fetch returns that failure.
//
// # Goroutines
//
// Only one goroutine at a time may use a Backend, its executables and its fetches.
package compute
