//go:build linux

package hunt

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// traced returns the prefix that runs a command under strace.
func traced(t *testing.T, args ...string) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil && os.Getenv("SHADEGRAD_REQUIRE_GPU") == "1" { // where .ci/setup.sh has installed all that tests need
		t.Fatal("strace is not installed")
	}
	if err != nil {
		t.Skip("strace is not installed")
	}
	return append([]string{path, "-f", "-o", "trace"}, args...)
}

// faults are the system calls of a save and the errors with which they can fail.
var faults = map[string]string{"fsync": "EIO ENOSPC EDQUOT", "renameat": "EIO ENOSPC EPERM EXDEV", "fchmod": "EPERM EIO", "unlinkat": "EIO EPERM",
	"write": "EIO ENOSPC", "close": "EIO ENOSPC", "openat": "EIO ENOSPC EMFILE EPERM", "flock": "EINTR ENOLCK"}

// TestFailingCalls makes one system call of a run fail, or kills the run there.
func TestFailingCalls(t *testing.T) {
	want := reference(t)
	r := newRun(t)
	if out, err := r.command(traced(t), begin...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	// strace counts the calls of each thread.
	counts, most := map[string]int{}, map[string]int{}
	for _, call := range regexp.MustCompile(`(?m)^\d+ +\w+`).FindAllString(string(r.read("trace")), -1) {
		counts[call]++
		name := call[strings.LastIndex(call, " ")+1:]
		most[name] = max(most[name], counts[call])
	}
	var list [][2]string
	for call, errs := range faults {
		if most[call] == 0 && call != "fchmod" { // of a network that is replaced
			t.Errorf("the run has no call %s", call)
		}
		list = append(list, [2]string{call, "signal=KILL"})
		for _, e := range strings.Fields(errs) {
			list = append(list, [2]string{call, "error=" + e})
		}
	}
	injected := 0
	trials(t, 0.3, 20, func(random *rand.Rand) {
		f := list[random.IntN(len(list))]
		inject := fmt.Sprintf("inject=%s:%s:when=%d", f[0], f[1], 1+random.IntN(max(1, most[f[0]])))
		r := newRun(t)
		cmd := r.command(traced(t, "-e", "trace="+f[0], "-e", inject), begin...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		err := cmd.Run()
		if trace := string(r.read("trace")); strings.Contains(trace, "INJECTED") || strings.Contains(trace, "killed by SIGKILL") {
			injected++
		}
		if err == nil && string(r.read(network)) != string(want) {
			t.Errorf("%s: exit status 0, but the network is another: %s", inject, stderr.String())
		}
		r.whole(inject)
		r.finish(want, inject)
	})
	t.Logf("%d faults injected", injected)
	if injected == 0 {
		t.Error("no fault was injected")
	}
}
