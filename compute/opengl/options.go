package opengl

import "shadegrad/shaders"

// Options are what may be chosen when a backend is opened. The zero Options are
// the usual choice.
type Options struct {
	// Shaders are the kernels. With nil they are those that
	// shaders.FromEnvironment returns: the embedded ones, if SHADEGRAD_SHADERS
	// is not set.
	Shaders *shaders.Set
	// MatMul chooses the kernel of op MatMul.
	MatMul MatMulKernel
}

// A MatMulKernel is one of the kernels that do op MatMul.
type MatMulKernel int

// The kernels of op MatMul. Blocked reads each value from memory once for eight
// uses, and is about ten times faster on llvmpipe for the products of a network
// 784-128-10; Naive is the definition, written down.
const (
	Blocked MatMulKernel = iota
	Naive
)

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
