//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() {
	// Saves a megabyte with a limit of 64 KB on the size of files, which fails half-way as a full disk does.
	scenarios["limited"] = func(path string) error {
		limit := syscall.Rlimit{Cur: 1 << 16, Max: 1 << 16}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		return Write(path, content(strings.Repeat("x", 1<<20)))
	}
	scenarios["umask"] = func(path string) error {
		syscall.Umask(0o027)
		return Write(path, content(sample))
	}
}

func TestNoRoomForTheNewFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	save(t, path, sample)
	out, err := child(t, "limited", path).Output()
	if want := path + ": cannot save: file too large; raise the limit on file sizes (ulimit -f), or save elsewhere"; err == nil || string(out) != want {
		t.Errorf("the child said %q, ended with %v\nwant %q", out, err, want)
	}
	checkContent(t, path, sample)
	checkDir(t, dir, "file")
}

func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if out, err := child(t, "umask", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []fs.FileMode{0o640, 0o600, 0o664} {
		if want != 0o640 { // the first is what 0666 leaves under the child's umask of 027
			if err := os.Chmod(path, want); err != nil {
				t.Fatal(err)
			}
			save(t, path, sample)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("mode is %v, want %v", info.Mode(), want)
		}
	}
}

func TestWriteToDevice(t *testing.T) {
	if err := Write(os.DevNull, content(sample)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Errorf("%s was replaced and is not a device (error %v)", os.DevNull, err)
	}
}

func TestRemedy(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC:      "; free some space there, or save elsewhere",
		syscall.EDQUOT:      "; free some space there, or save elsewhere",
		syscall.EROFS:       "; change its permissions, or save elsewhere",
		syscall.EACCES:      "; change its permissions, or save elsewhere",
		errors.New("other"): "",
	} {
		if got := remedy(&fs.PathError{Op: "write", Path: "p", Err: err}); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
}
