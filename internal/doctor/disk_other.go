//go:build !(linux || darwin || freebsd || windows)

package doctor

// freeSpace reports that the free space is not known.
func freeSpace(string) (free int64, known bool) { return 0, false }
