// Package ostest helps tests with the differences between operating systems.
package ostest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Symlink makes a symbolic link. It skips the test if the system refuses, as Windows does without a privilege, or makes none
// without saying so, as Wine does.
func Symlink(t testing.TB, target, link string) {
	t.Helper()
	err := os.Symlink(target, link)
	if info, statErr := os.Lstat(link); err == nil && (statErr != nil || info.Mode()&fs.ModeSymlink == 0) {
		err = errors.New("the system made no symbolic link")
	}
	if err != nil {
		if os.PathSeparator == '/' {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// NoFile and NoDirectory are the system's texts for a file and for a directory of a path that do not exist.
var NoFile, NoDirectory = text("no such file"), text(filepath.Join("no such directory", "file"))

func text(path string) string {
	_, err := os.Open(path)
	var pathErr *fs.PathError
	if !errors.As(err, &pathErr) || !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	return strings.TrimSuffix(pathErr.Err.Error(), ".")
}
