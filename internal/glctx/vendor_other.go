//go:build cgo && !nogl && !darwin && (freebsd || netbsd || openbsd)

package glctx

// addNVIDIA does nothing: containers with NVIDIA's driver run Linux.
func addNVIDIA() error { return nil }
