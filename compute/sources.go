package compute

// A Sourcer is an Executable that can return the sources of its kernels.
type Sourcer interface {
	// Sources returns the source text of each kernel of a run, as the compiler read it,
	// by the kernel's name with its variant.
	Sources() (map[string]string, error)
}
