package opengl

import "shadegrad/shaders"

// Options are what may be chosen when a backend is opened. The zero Options are
// the usual choice.
type Options struct {
	// Shaders are the kernels. With nil they are those that
	// shaders.FromEnvironment returns: the embedded ones, if SHADEGRAD_SHADERS
	// is not set.
	Shaders *shaders.Set
	// Plain has each op done by itself, by the plain kernel that carries its name:
	// the definitions, written down. It is for comparing with.
	Plain bool
	// Tune has Compile time the ways to do the larger parts of a program on the
	// device, for no more than about a second in all, and choose the fastest. Choices
	// are remembered in CacheDir, by renderer, driver and shapes. Without Tune each
	// part is done in a way that is good on some devices and not bad on any.
	Tune bool
	// CacheDir is where choices are remembered. With "" it is cache.Dir's.
	CacheDir string
}

// Counts says what a backend has done since it was opened, and what OpenGL objects
// it holds now.
type Counts struct {
	Runs       uint64 // programs run
	Dispatches uint64
	Barriers   uint64
	Batches    uint64 // ended by a fence
	Waits      uint64 // calls that made the caller wait for the context's thread

	Buffers, Programs, Fences int64 // held now
}
