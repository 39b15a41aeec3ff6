//go:build unix

package safetensors

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadDevice(t *testing.T) {
	if _, err := Read(os.DevNull); err == nil || err.Error() != os.DevNull+": expected a safetensors file, found a device" {
		t.Errorf("got error %v", err)
	}
}

func TestReadOfPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || err.Error() != path+": expected a safetensors file, found a pipe" {
		t.Errorf("got error %v", err)
	}
}
