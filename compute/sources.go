package compute

// A Sourcer is an Executable that was compiled from the sources of kernels.
type Sourcer interface {
	// Sources returns the text of each kernel that a run starts, as its compiler was
	// given it, by the kernel's name with its variant.
	Sources() (map[string]string, error)
}
