//go:build !linux

package simd

// newRegion returns memory.
func newRegion(size int) []byte { return make([]byte, size) }
