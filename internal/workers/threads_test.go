package workers

import (
	"testing"
	"testing/fstest"
)

func TestAvailable(t *testing.T) {
	for _, c := range []struct {
		name, online, quota string
		bound               int
		want                Threads
	}{
		{"no files", "", "", 4, Threads{4, 4, ""}},
		{"all", "0-3", "max 100000", 4, Threads{4, 4, ""}},
		{"affinity", "0-3,8", "", 2, Threads{2, 5, "CPU affinity"}},
		{"half a CPU", "0-1", "50000 100000", 2, Threads{1, 2, "CPU quota"}},
		{"a CPU", "0-1", "100000 100000", 2, Threads{1, 2, "CPU quota"}},
		{"a CPU and a half", "0-3", "150000 100000", 4, Threads{2, 4, "CPU quota"}},
		{"more than there are", "0-1", "250000 100000", 2, Threads{2, 2, ""}},
		{"affinity below the quota", "0-7", "300000 100000", 2, Threads{2, 8, "CPU affinity"}},
		{"damaged", "0-x", "", 2, Threads{2, 2, ""}},
	} {
		root := fstest.MapFS{"proc/self/cgroup": {Data: []byte("0::/\n")}}
		if c.online != "" {
			root["sys/devices/system/cpu/online"] = &fstest.MapFile{Data: []byte(c.online + "\n")}
		}
		if c.quota != "" {
			root["sys/fs/cgroup/cpu.max"] = &fstest.MapFile{Data: []byte(c.quota + "\n")}
		}
		if got := available(root, c.bound); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
