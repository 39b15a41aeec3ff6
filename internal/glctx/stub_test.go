//go:build !cgo || nogl || darwin

package glctx

import (
	"errors"
	"testing"
)

func TestNoSupport(t *testing.T) {
	c, err := Open()
	if c != nil || !errors.Is(err, errNone) {
		t.Errorf("Open() = %v, %v, want %v", c, err, errNone)
	}
	stdout, stderr := openInChild(t)
	if stdout != "error: "+errNone.Error() || stderr != "" {
		t.Errorf("child printed %q and, on stderr, %q", stdout, stderr)
	}
}
