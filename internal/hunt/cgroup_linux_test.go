package hunt

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A group is a new control group for processes, of version 1 or 2.
type group struct {
	t   *testing.T
	dir string
	v2  bool
}

// newGroup makes a control group with a controller. It skips the test where that is not possible.
func newGroup(t *testing.T, controller string) group {
	t.Helper()
	g := group{t: t, dir: filepath.Join("/sys/fs/cgroup", controller), v2: false}
	if _, err := os.Stat(g.dir); errors.Is(err, fs.ErrNotExist) {
		g.dir, g.v2 = "/sys/fs/cgroup", true
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("shadegrad-hunt-%d", os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Skipf("no control group can be made: %v", err) // usually because this needs root
	}
	t.Cleanup(func() {
		if err := os.Remove(g.dir); err != nil {
			t.Error(err)
		}
	})
	return g
}

// file returns the path of a file, whose name depends on the version.
func (g group) file(v1, v2 string) string {
	if g.v2 {
		return filepath.Join(g.dir, v2)
	}
	return filepath.Join(g.dir, v1)
}

// limit writes a limit. It skips the test if the kernel has no such file.
func (g group) limit(v1, v2, value string) {
	g.t.Helper()
	f, err := os.OpenFile(g.file(v1, v2), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		g.t.Skipf("the control group cannot be limited: %v", err)
	}
	if err == nil {
		_, err = f.WriteString(value)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		g.t.Fatal(err)
	}
}

// applied fails if a counter is 0: the kernel never applied the limit. In a file of several lines the counter has a name.
func (g group) applied(v1, v2, name string) {
	g.t.Helper()
	text, err := os.ReadFile(g.file(v1, v2))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 1 && f[0] != "0" || len(f) == 2 && f[0] == name && f[1] != "0" {
			return
		}
	}
	g.t.Errorf("the limit was never reached: %s", text)
}

// prefix begins a command line that runs in the group.
func (g group) prefix() []string {
	return []string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(g.dir, "cgroup.procs")}
}

// TestQuotas trains with CPU quotas; the network must be bit-identical.
func TestQuotas(t *testing.T) {
	want := reference(t)
	g := newGroup(t, "cpu")
	trials(t, 0.05, 3, func(random *rand.Rand) {
		percent := 10 + random.IntN(90)
		g.limit("cpu.cfs_quota_us", "cpu.max", strconv.Itoa(percent*1000))
		r := newRun(t)
		args := append(begin[:len(begin):len(begin)], "-threads=2")
		if out, err := r.command(g.prefix(), args...).CombinedOutput(); err != nil {
			t.Errorf("with a quota of %d%%: %v: %s", percent, err, out)
		}
		if !bytes.Equal(r.read(network), want) {
			t.Errorf("with a quota of %d%% the network differs", percent)
		}
	})
	if *minutes > 0 { // few short runs may stay below their quotas
		g.applied("cpu.stat", "cpu.stat", "nr_throttled")
	}
}

// TestMemoryLimits trains with little memory. A run completes, or reports that its memory is too small, or the kernel
// kills it; its files are whole, and the resumed run has the same network.
func TestMemoryLimits(t *testing.T) {
	want := reference(t)
	g := newGroup(t, "memory")
	ends := map[string]int{}
	trials(t, 0.05, 3, func(random *rand.Rand) {
		limit := 3<<20 + len(ends)*random.IntN(5<<20) // the first one is too small
		g.limit("memory.limit_in_bytes", "memory.max", strconv.Itoa(limit))
		r := newRun(t)
		cmd := r.command(g.prefix(), begin...)
		out, err := cmd.CombinedOutput()
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		switch {
		case err == nil:
			ends["complete"]++
		case status.Signaled() && status.Signal() == syscall.SIGKILL:
			ends["killed"]++
		case status.ExitStatus() == 1 && bytes.Contains(out, []byte("memory")):
			ends["refused"]++
		default:
			t.Errorf("with %d bytes: %v: %s", limit, err, out)
		}
		r.finish(want, fmt.Sprintf("after a run with %d bytes", limit))
	})
	t.Logf("ends: %v", ends)
	if *minutes > 0 && ends["killed"]+ends["refused"] == 0 {
		t.Error("every run had enough memory")
	}
}
