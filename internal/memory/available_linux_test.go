package memory

import (
	"testing"
	"testing/fstest"
)

func files(list map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range list {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestAvailableIn(t *testing.T) {
	const meminfo = "MemTotal:       24684096 kB\nMemFree:          904380 kB\nMemAvailable:   20000000 kB\nSwapTotal:       4000000 kB\nSwapFree:        1000000 kB\nHugePages_Total:       0\n"
	const machine = 21000000 * 1024
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing", nil, -1},
		{"a machine", map[string]string{"proc/meminfo": meminfo}, machine},
		{"an old kernel", map[string]string{"proc/meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\n"}, -1},
		{"damaged", map[string]string{"proc/meminfo": "MemAvailable: many kB\n", "proc/self/cgroup": "0\n\n::\n"}, -1},
		{"version 2, no limit", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "5000\n"}, machine},
		{"version 2", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "1000000\n", "sys/fs/cgroup/a/b/memory.current": "400000\n",
			"sys/fs/cgroup/a/b/memory.stat": "anon 300000\ninactive_file 50000\nactive_file 1\n"}, 650000},
		{"version 2, the limit of a group above", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/a/b\n",
			"sys/fs/cgroup/a/b/memory.max": "1000000\n", "sys/fs/cgroup/a/b/memory.current": "400000\n",
			"sys/fs/cgroup/a/memory.max": "700000\n", "sys/fs/cgroup/a/memory.current": "450000\n"}, 250000},
		{"version 2, the host's path in a container", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/docker/1234\n",
			"sys/fs/cgroup/memory.max": "2000000\n", "sys/fs/cgroup/memory.current": "500000\n"}, 1500000},
		{"over the limit", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "2000\n"}, 0},
		{"version 1", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "5:cpu:/x\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "3000000\n", "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1000000\n",
			"sys/fs/cgroup/memory/a/memory.stat": "inactive_file 7\ntotal_inactive_file 20000\n"}, 2020000},
		{"version 1, no limit", map[string]string{"proc/meminfo": meminfo, "proc/self/cgroup": "4:memory:/a\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1000000\n"}, machine},
		{"a group alone", map[string]string{"proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "5000\n", "sys/fs/cgroup/memory.current": "2000\n"}, 3000},
	} {
		if got := availableIn(files(c.files)); got != c.want {
			t.Errorf("%s: %d bytes are available, want %d", c.name, got, c.want)
		}
	}
}

// TestAvailable checks that this machine reports its available memory.
func TestAvailable(t *testing.T) {
	if n := Available(); n < 1<<20 {
		t.Errorf("%d bytes are available", n)
	}
}
