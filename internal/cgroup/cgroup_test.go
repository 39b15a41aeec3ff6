package cgroup

import (
	"testing"
	"testing/fstest"
)

func TestCPUs(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  float64
	}{
		{"nothing", nil, 0},
		{"damaged", map[string]string{"proc/self/cgroup": "0\n\n::\n0::/a\n", "sys/fs/cgroup/a/cpu.max": "many few\n", "sys/fs/cgroup/cpu.max": "1\n"}, 0},
		{"version 2, no limit", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, 0},
		{"version 2, half a CPU", map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n"}, 0.5},
		{"version 2, the limit of a group above", map[string]string{"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "300000 100000\n",
			"sys/fs/cgroup/a/cpu.max": "150000 100000\n"}, 1.5},
		{"version 2, the host's path in a container", map[string]string{"proc/self/cgroup": "0::/docker/1234\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2},
		{"version 1", map[string]string{"proc/self/cgroup": "4:memory:/m\n3:cpu,cpuacct:/a\n0::/\n", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "25000\n",
			"sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "50000\n"}, 0.5},
		{"version 1 without a link", map[string]string{"proc/self/cgroup": "3:cpu,cpuacct:/\n", "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n"}, 1},
		{"version 1, no limit", map[string]string{"proc/self/cgroup": "3:cpu:/a\n", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1\n",
			"sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000\n"}, 0},
		{"version 1, damaged", map[string]string{"proc/self/cgroup": "3:cpu:/a\n", "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "1\n",
			"sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "0\n"}, 0},
	} {
		root := fstest.MapFS{}
		for name, text := range c.files {
			root[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := CPUs(root); got != c.want {
			t.Errorf("%s: %v CPUs, want %v", c.name, got, c.want)
		}
	}
}
