package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// asNobody runs f with the file permissions of user nobody, because root may write anywhere. On
// Linux permissions belong to a thread, and this thread ends with the goroutine that is locked to it.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := syscall.Setfsuid(65534)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestWriteWithoutPermission(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, sample)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{filepath.Dir(dir), dir} { // user nobody can read them, but not write
		if err := os.Chmod(d, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(d, 0o755)
	}
	want := path + ": cannot save: no file can be created in " + dir + ": permission denied; change its permissions, or save elsewhere"
	asNobody(t, func() {
		if err := Write(path, content("new")); err == nil || err.Error() != want {
			t.Errorf("a file in a read-only directory: got error %v\nwant %s", err, want)
		}
	})
	checkContent(t, path, sample)
	checkDir(t, dir, "file")

	for p, mode := range map[string]os.FileMode{dir: 0o777, path: 0o444} {
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	want = path + ": cannot save: permission denied; change its permissions, or save elsewhere"
	asNobody(t, func() {
		if err := Write(path, content("new")); err == nil || err.Error() != want {
			t.Errorf("a read-only file: got error %v\nwant %s", err, want)
		}
	})
	checkContent(t, path, sample)
	checkDir(t, dir, "file")
}

func TestFullDevice(t *testing.T) {
	err := Write("/dev/full", content(sample))
	if want := "/dev/full: cannot save: no space left on device; free some space there, or save elsewhere"; err == nil || err.Error() != want {
		t.Errorf("got error %v\nwant %s", err, want)
	}
}
