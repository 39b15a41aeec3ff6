package bounded

import (
	"time"

	"golang.org/x/sys/windows"
)

// used returns the CPU time of the process.
func used() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user) != nil {
		return 0
	}
	// The unit is 100 ns. Filetime.Nanoseconds subtracts the years from 1601 to 1970.
	ticks := func(f windows.Filetime) int64 { return int64(f.HighDateTime)<<32 | int64(f.LowDateTime) }
	return time.Duration(100 * (ticks(kernel) + ticks(user)))
}
