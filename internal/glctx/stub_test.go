//go:build !cgo || nogl

package glctx

import (
	"errors"
	"testing"
)

func TestNoSupport(t *testing.T) {
	c, err := Open()
	if c != nil || !errors.Is(err, ErrNoSupport) {
		t.Errorf("Open() = %v, %v, want ErrNoSupport", c, err)
	}
	stdout, stderr := openInChild(t)
	if stdout != "error: this build has no GPU support" || stderr != "" {
		t.Errorf("child printed %q and, on stderr, %q", stdout, stderr)
	}
}
