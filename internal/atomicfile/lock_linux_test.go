package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestLock(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.Symlink("file", link); err != nil {
		t.Fatal(err)
	}
	for _, first := range []string{path, link} {
		unlock, err := Lock(first)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("%s: another run, process %d, saves there; wait until it ends, or save elsewhere", path, os.Getpid())
		if _, err := Lock(path); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		unlock()
		checkDir(t, dir, "link")
	}
	// A killed process leaves the file behind.
	if err := os.WriteFile(path+".lock", []byte("1234567"), 0o644); err != nil {
		t.Fatal(err)
	}
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
	if unlock, err = Lock(filepath.Join(dir, "none", "file")); err != nil {
		t.Fatalf("where no lock can be created: %v", err)
	}
	unlock()
}
