package opengl

import (
	"time"

	"shadegrad/shaders"
)

// Options configure a backend. The zero Options are the usual choice.
type Options struct {
	// Shaders are the kernels. If nil, shaders.FromEnvironment returns them: the embedded
	// kernels unless SHADEGRAD_SHADERS is set.
	Shaders *shaders.Set
	// Plain runs each op separately, by the plain kernel that has its name. The plain kernels
	// follow the definitions and serve for comparisons.
	Plain bool
	// Tune makes Compile time the ways to do the larger parts of a program on the device, and
	// choose the fastest. Timing takes at most 0.6 s in total, compiling for it at most 6 s; the
	// next backend continues from there. Choices are stored in CacheDir by renderer, driver and
	// shape. Without Tune, Compile chooses ways that are good on most GPUs, or on software OpenGL.
	Tune bool
	// Repeat keeps stored choices, even if not all were timed, so that a run that repeats or
	// resumes an earlier one rounds as it did.
	Repeat bool
	// CacheDir is the directory for choices; "" means the one that SHADEGRAD_CACHE names, or shadegrad in the user's cache
	// directory.
	CacheDir string
	// Timeout is the longest time for the device to finish a batch of work, and for a call of the
	// driver to return. 0 means 10 seconds, or 10 minutes with software OpenGL. Six times as much
	// is allowed while the driver compiles.
	Timeout time.Duration
}

// Counts are the numbers of things that a backend has done since it was opened, and of the OpenGL
// objects that it holds.
type Counts struct {
	Runs       uint64 // programs run
	Dispatches uint64
	Barriers   uint64
	Batches    uint64 // ended by a fence
	Waits      uint64 // calls that made the caller wait for the context's thread

	Buffers, Programs, Fences int64 // held now
}
