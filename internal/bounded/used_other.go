//go:build !unix && !windows

package bounded

import "time"

var start = time.Now()

// used returns the time since the start.
func used() time.Duration { return time.Since(start) }
