package cli

import (
	"regexp"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestThreadsOfAffinity binds a run to one CPU. It then uses one thread, and says why.
func TestThreadsOfAffinity(t *testing.T) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if all.Count() < 2 {
		t.Skip("there is one CPU")
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	p := at(t)
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // and not unlocked, so that the thread ends with the goroutine
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			t.Error(err)
		}
		done <- p.run(trainSmall(t)...)
	}()
	r := <-done
	if !regexp.MustCompile(`(?m)^cpu: .*, 1 of \d+ threads: CPU affinity; chosen`).MatchString(r.stderr) {
		t.Errorf("the limit is not reported:\n%s", r.stderr)
	}
}
