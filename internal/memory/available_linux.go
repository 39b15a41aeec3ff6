package memory

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
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
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return n
	}
	for _, line := range strings.Split(string(text), "\n") {
		// hierarchy:controllers:path; version 2 has no controllers.
		parts := strings.SplitN(line, ":", 3)
		if len(parts) < 3 {
			continue
		}
		switch {
		case parts[0] == "0" && parts[1] == "":
			n = least(n, group(root, "sys/fs/cgroup", parts[2], "memory.max", "memory.current", "inactive_file"))
		case parts[1] == "memory":
			n = least(n, group(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return n
}

// group returns what a control group and its parents allow, or −1 without a limit.
// In a container the path is often that of the host, and only the mount's root
// exists.
func group(root fs.FS, mount, name, limitFile, usageFile, cacheField string) int64 {
	n := int64(-1)
	for dir := path.Join(mount, name); strings.HasPrefix(dir, mount); dir = path.Dir(dir) {
		limit, ok := number(root, path.Join(dir, limitFile))
		if !ok {
			continue // no such group, or "max"
		}
		usage, ok := number(root, path.Join(dir, usageFile))
		if !ok {
			continue
		}
		// The page cache counts as used, but the kernel frees it on demand.
		cache, _ := number(root, path.Join(dir, "memory.stat"), cacheField)
		n = least(n, max(0, limit-usage+cache))
	}
	return n
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

// number reads a file with one number, or its line that begins with key.
func number(root fs.FS, name string, key ...string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) == len(key)+1 && (len(key) == 0 || f[0] == key[0]) {
			n, err := strconv.ParseInt(f[len(key)], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
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
