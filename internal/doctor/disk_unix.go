//go:build linux || darwin || freebsd

package doctor

import "golang.org/x/sys/unix"

// freeSpace returns the bytes available to the user in a directory.
func freeSpace(dir string) (free int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
