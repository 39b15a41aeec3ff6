//go:build cgo && !nogl && !darwin

package glctx

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

// TestEndsWithoutMainThread ends a process whose main thread is in a call that does not return.
func TestEndsWithoutMainThread(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=stuck")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != stuckStatus {
		t.Errorf("%v, want exit status %d\n%s", err, stuckStatus, out)
	}
}

// stuckStatus is the exit status of stuck.
const stuckStatus = 3

func init() { children["stuck"] = stuck }

// stuck makes the main thread hang.
func stuck() int {
	called := make(chan struct{})
	go onMain(func() error { close(called); select {} })
	<-called
	return stuckStatus
}
