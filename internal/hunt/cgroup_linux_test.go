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
	"syscall"
	"testing"
)

// A group is a new control group for processes, of version 1 or 2.
type group struct {
	t   *testing.T
	dir string
	v2  bool
}

// newGroup makes a control group with a controller. It skips the test where that is not possible, mostly because it
// needs root.
func newGroup(t *testing.T, controller string) group {
	t.Helper()
	g := group{t: t, dir: filepath.Join("/sys/fs/cgroup", controller), v2: false}
	if _, err := os.Stat(g.dir); errors.Is(err, fs.ErrNotExist) {
		g.dir, g.v2 = "/sys/fs/cgroup", true
	}
	g.dir = filepath.Join(g.dir, fmt.Sprintf("shadegrad-hunt-%d", os.Getpid()))
	if err := os.Mkdir(g.dir, 0o755); err != nil {
		t.Skipf("no control group can be made: %v", err)
	}
	t.Cleanup(func() {
		if err := os.Remove(g.dir); err != nil {
			t.Error(err)
		}
	})
	return g
}

// set writes the value of a file, whose name depends on the version. It skips the test if the file does not exist.
func (g group) set(v1, v2, value string) {
	g.t.Helper()
	name := v1
	if g.v2 {
		name = v2
	}
	if err := os.WriteFile(filepath.Join(g.dir, name), []byte(value), 0); err != nil {
		g.t.Skipf("the control group cannot be limited: %v", err)
	}
}

// prefix begins a command line that runs in the group.
func (g group) prefix() []string {
	return []string{"sh", "-c", `echo $$ >"$0" && exec "$@"`, filepath.Join(g.dir, "cgroup.procs")}
}

// TestQuotas trains with quotas of the CPU, which change no bit.
func TestQuotas(t *testing.T) {
	want := reference(t)
	g := newGroup(t, "cpu")
	trials(t, 0.05, 3, func(random *rand.Rand) {
		percent := 20 + random.IntN(150)
		g.set("cpu.cfs_quota_us", "cpu.max", strconv.Itoa(percent*1000))
		r := newRun(t)
		args := append(begin[:len(begin):len(begin)], "-threads=2")
		if out, err := r.command(g.prefix(), args...).CombinedOutput(); err != nil {
			t.Errorf("with a quota of %d%%: %v: %s", percent, err, out)
		}
		if !bytes.Equal(r.read(network), want) {
			t.Errorf("with a quota of %d%% another network comes out", percent)
		}
	})
}

// TestMemoryLimits trains with little memory. A run completes, or reports that its memory is too small, or the kernel
// kills it; its files are whole, and the resumed run has the same network.
func TestMemoryLimits(t *testing.T) {
	want := reference(t)
	g := newGroup(t, "memory")
	ends := map[string]int{}
	trials(t, 0.05, 3, func(random *rand.Rand) {
		limit := 3<<20 + random.IntN(5<<20)
		g.set("memory.limit_in_bytes", "memory.max", strconv.Itoa(limit))
		r := newRun(t)
		cmd := r.command(g.prefix(), begin...)
		out, err := cmd.CombinedOutput()
		status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
		switch {
		case err == nil:
			ends["complete"]++
		case status.Signaled() && status.Signal() == syscall.SIGKILL:
			ends["killed"]++
		case status.ExitStatus() == 1 && bytes.Contains(out, []byte("shadegrad: ")) || status.ExitStatus() == 137:
			ends["refused"]++
		default:
			t.Errorf("with %d bytes: %v: %s", limit, err, out)
		}
		r.finish(want, fmt.Sprintf("after a run with %d bytes", limit))
	})
	t.Logf("ends: %v", ends)
}
