//go:build !amd64 && !arm64

package simd

// vectorLevels returns nil: there are kernels for amd64 and arm64 only.
func vectorLevels() []Level { return nil }
