package compute

// A Describer is an Executable that can describe its compiled program.
type Describer interface {
	Describe() Description
}

// A Tuner is a Backend that chooses kernels by timing them.
type Tuner interface {
	// Kernels returns what the backend has chosen since it was opened, by shape, and a digest of
	// the sources. It also reports whether all choices are final: otherwise there was no time to
	// try all kernels.
	Kernels() (chosen map[string]string, final bool)
	// Chooses reports whether the backend would choose these kernels.
	Chooses(kernels map[string]string) bool
}

// A Description describes a compiled program, for display.
type Description struct {
	// Dispatches are the parts of a run in the order in which the device gets them.
	Dispatches []Dispatch
	// Barriers is the number of dispatches of a run that wait for earlier ones, if runs
	// follow each other.
	Barriers int
	// Retuned means that some kernels are not those of the last run, since the backend has timed
	// more of them. Results may differ from that run's in rounding.
	Retuned bool
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
