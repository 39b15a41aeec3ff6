//go:build !linux && !windows && !darwin

package memory

// available returns −1, because it is not implemented for this system.
func available() int64 { return -1 }
