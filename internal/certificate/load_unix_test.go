//go:build unix

package certificate

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestLoadOtherKinds loads what is not a file: a device without an end, and a pipe without a writer.
func TestLoadOtherKinds(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, kind := range map[string]string{"/dev/zero": "a device", pipe: "a pipe", "/": "a directory"} {
		if _, err := Load(path); err == nil || err.Error() != path+": expected a certificate, found "+kind {
			t.Errorf("got error %v", err)
		}
	}
}
