package compute

// A Describer is an Executable that can say what its program was compiled to.
type Describer interface {
	Describe() Description
}

// A Description is what a compiled program is made of, for people.
type Description struct {
	// Dispatches are the pieces that a run gives to the device, in their order.
	Dispatches []Dispatch
	// Barriers is how often one of them waits for those before it, where one run
	// follows another.
	Barriers int
	// Memory is how many bytes of the device's memory the program works on, its
	// data set and what it has of its own included.
	Memory int64
}

// A Dispatch is a piece of work that a device is given at once.
type Dispatch struct {
	Kernel string   // with its variant
	Ops    []string // the names of the ops that it does, or has a part in
	Groups int      // it is divided into, of those that run side by side
	Work   float64  // floating-point operations, roughly
}
