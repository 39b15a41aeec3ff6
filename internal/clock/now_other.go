//go:build !windows

package clock

import "time"

var start = time.Now()

// Now returns the time since an arbitrary moment, by the system's monotonic clock. It does not allocate.
func Now() time.Duration { return time.Since(start) }
