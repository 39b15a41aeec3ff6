//go:build !amd64

package simd

// best returns Off: there are kernels for amd64 only.
func best() Level { return Off }
