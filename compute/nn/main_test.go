package nn_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shadegrad/internal/cache"
)

// TestMain runs the tests in a directory that has the picture which the example reads, and gets the files that it writes.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "shadegrad-nn-")
	if err == nil {
		err = enter(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := os.Chdir(os.TempDir()); err == nil { // Windows does not remove a working directory
		os.RemoveAll(dir)
	}
	os.Exit(status)
}

// root is the path of the repository.
var root string

func enter(dir string) (err error) {
	if root, err = filepath.Abs("../.."); err != nil {
		return err
	}
	const name = "testdata/digits/seven.png"
	picture, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name, picture, 0o600); err != nil {
		return err
	}
	return os.Setenv(cache.Variable, filepath.Join(dir, "cache"))
}
