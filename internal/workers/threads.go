package workers

import (
	"io/fs"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"shadegrad/internal/cgroup"
)

// Threads is the number of threads for which the process has CPUs.
type Threads struct {
	N     int
	Of    int    // CPUs of the machine
	Limit string // why N is below Of: "CPU quota" or "CPU affinity"; else empty
}

// Available returns the number of threads that a process should start by default: the least of the CPUs, those to which
// it is bound (its affinity), and the CPU quota of its control groups, rounded up. With more threads, running
// threads would wait for others that the kernel does not run.
var Available = sync.OnceValue(func() Threads { return available(os.DirFS("/"), runtime.NumCPU()) })

// available is Available for the files below Linux's root and the number of CPUs in the affinity.
func available(root fs.FS, bound int) Threads {
	t := Threads{N: bound, Of: max(bound, online(root))}
	if t.N < t.Of {
		t.Limit = "CPU affinity"
	}
	if quota := cgroup.CPUs(root); quota > 0 && math.Ceil(quota) < float64(t.N) {
		t.N, t.Limit = int(math.Ceil(quota)), "CPU quota"
	}
	return t
}

// online returns the number of CPUs that Linux uses, or 0 if it is not known. The file has ranges: "0-3,8".
func online(root fs.FS) int {
	text, err := fs.ReadFile(root, "sys/devices/system/cpu/online")
	if err != nil {
		return 0
	}
	n := 0
	for _, part := range strings.Split(strings.TrimSpace(string(text)), ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		a, err1 := strconv.Atoi(from)
		b, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || b < a {
			return 0
		}
		n += b - a + 1
	}
	return n
}
