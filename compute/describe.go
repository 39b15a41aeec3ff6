package compute

// A Describer is an Executable that can describe its compiled program.
type Describer interface {
	Describe() Description
}

// A Description describes a compiled program, for display.
type Description struct {
	// Dispatches are the parts of a run in the order in which the device gets them.
	Dispatches []Dispatch
	// Barriers is the number of dispatches of a run that wait for earlier ones, if runs
	// follow each other.
	Barriers int
	// Memory is the number of bytes of device memory that the program uses, including
	// its data set and its own buffers.
	Memory int64
}

// A Dispatch is one call of a kernel.
type Dispatch struct {
	Kernel string   // with its variant
	Ops    []string // names of the ops that it does in whole or in part
	Groups int      // work groups, which run in parallel
	Work   float64  // floating-point operations, roughly
}
