//go:build unix

package hunt

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSignals ends runs at random moments, up to five times each. Their files are whole at any time, and the last one
// ends with the network of the uninterrupted run.
func TestSignals(t *testing.T) {
	want := reference(t)
	statuses := map[syscall.Signal]int{syscall.SIGKILL: -1, syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129}
	sent := map[string]int{}
	trials(t, 0.4, 40, func(random *rand.Rand) {
		r := newRun(t)
		for range 1 + random.IntN(5) {
			args := r.next(want, "between two runs")
			if args == nil {
				break
			}
			signal := []syscall.Signal{syscall.SIGKILL, syscall.SIGKILL, syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGSTOP}[random.IntN(7)]
			after := time.Duration(random.Int64N(int64(250 * time.Millisecond)))
			cmd := r.command(nil, args...)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			exited := make(chan error, 1)
			go func() { exited <- cmd.Wait() }()
			what := fmt.Sprintf("%v after %v", signal, after)
			select {
			case <-exited: // the run was faster
			case <-time.After(after):
				sent[signal.String()]++
				cmd.Process.Signal(signal)
				if signal == syscall.SIGSTOP {
					cmd.Process.Signal(syscall.SIGCONT)
				}
				<-exited
			}
			status := cmd.ProcessState.ExitCode()
			killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() // before the command handles signals
			if status != 0 && !killed && status != statuses[signal] {
				t.Errorf("%s: exit status %d: %s", what, status, stderr.String())
			}
			r.whole(what)
		}
		r.finish(want, "at the end")
		if left, _ := filepath.Glob(r.path("*.partial-*")); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	})
	t.Logf("signals: %v", sent)
}
