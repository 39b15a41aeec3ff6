package memory

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"shadegrad/internal/cgroup"
)

func available() int64 {
	n := availableIn(os.DirFS("/"))
	// The rest of the limits of ulimit -v and -d.
	for resource, used := range map[int]string{syscall.RLIMIT_AS: "VmSize:", syscall.RLIMIT_DATA: "VmData:"} {
		var limit syscall.Rlimit
		if err := syscall.Getrlimit(resource, &limit); err != nil || limit.Cur > math.MaxInt64 {
			continue
		}
		if size, ok := field(os.DirFS("/"), "proc/self/status", used); ok {
			n = least(n, max(0, int64(limit.Cur)-size))
		}
	}
	return n
}

// availableIn returns the least of what the machine has and what each control group
// of the process allows. The files are those below Linux's root.
func availableIn(root fs.FS) int64 {
	n := int64(-1)
	if free, ok := field(root, "proc/meminfo", "MemAvailable:"); ok {
		swap, _ := field(root, "proc/meminfo", "SwapFree:")
		n = free + swap
	}
	for _, g := range cgroup.Groups(root, "memory") {
		if g.Unified {
			n = least(n, group(root, g.Dir, "memory.max", "memory.current", "inactive_file"))
		} else {
			n = least(n, group(root, g.Dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return n
}

// group returns what a control group allows, or −1 without a limit.
func group(root fs.FS, dir, limitFile, usageFile, cacheField string) int64 {
	limit, ok := cgroup.Number(root, path.Join(dir, limitFile))
	if !ok {
		return -1 // no such group, or "max"
	}
	usage, ok := cgroup.Number(root, path.Join(dir, usageFile))
	if !ok {
		return -1
	}
	// The page cache counts as used, but the kernel frees it on demand.
	cache, _ := cgroup.Number(root, path.Join(dir, "memory.stat"), cacheField)
	return max(0, limit-usage+cache)
}

// least returns the smaller of two numbers; −1 means not known.
func least(a, b int64) int64 {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}

// field reads a number of KiB, as in /proc/meminfo, and returns bytes.
func field(root fs.FS, name, key string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == key && f[2] == "kB" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n * 1024, err == nil && n >= 0 && n <= math.MaxInt64/1024
		}
	}
	return 0, false
}
