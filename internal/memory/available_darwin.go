package memory

import (
	"math"

	"golang.org/x/sys/unix"
)

// available returns the physical memory. macOS compresses and swaps before it runs out, and does not say how much it can
// still provide.
func available() int64 {
	n, err := unix.SysctlUint64("hw.memsize")
	if err != nil {
		return -1
	}
	return int64(min(n, math.MaxInt64))
}
