// Package fuse plans how OpenGL runs a program: which ops share a dispatch, which kernel does them,
// and which buffers and numbers the kernel gets. It does not call OpenGL, so its tests run on every
// machine.
//
// Planning is a pipeline. Each stage is a file, takes the whole list of the stage before and returns
// the whole list of the next:
//
//	Groups       group.go     ops that one dispatch can do together become a group
//	JoinUpdates  update.go    the updates of all layers move to the end and become one group
//	Stages       stage.go     groups become stages: the ways to do a group, the usual one first
//	             (the backend chooses a way for each stage; it may time them, see search.go)
//	Dispatches   dispatch.go  a stage becomes one dispatch or several: kernel, size, named values
//	Kernels      kernel.go    an op that is not fused gets the kernel that has its name
//	Bind         binding.go   named values become buffers, parameters and options of the kernel
//
// operand.go has properties of operands that several stages use. hazard.go is used while programs
// run: it finds the dispatches that need a memory barrier.
//
// # Fusion
//
// Groups uses only the ops, not the structure of a network. It joins two ops if the matrix between
// them is in the program's Scratch and no other op uses it. It moves an op only past ops that do not
// conflict with its reads and writes. So the groups of a program give the same results as its ops one
// after another, except in scratch matrices.
package fuse

// Options determine how a program is planned.
type Options struct {
	// MaxTerms is the largest number of terms that one dispatch adds up to a sum. A product of
	// longer sums takes several dispatches.
	MaxTerms int
	// Plain gives each op its own dispatch of the kernel that has its name.
	Plain bool
	// Software means that OpenGL runs on the CPU, where barriers are slow: no way that has them is
	// a choice. Otherwise the usual choices are those for a GPU.
	Software bool

	// The other fields are for tests, and used only if Tile is set. Tile is the name of the only tile
	// to use, Slots the number of slots wherever slots are possible. Wide makes the head wide.
	Tile  string
	Slots int
	Wide  bool
}
