//go:build !windows

package atomicfile

// blocked reports whether another program can be the cause of a failed rename. Outside Windows it cannot.
func blocked(error) bool { return false }
