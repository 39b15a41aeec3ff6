package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Unused returns a name that no file has: path, or path with a number.
func Unused(path string) string {
	name := path
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s.%d", path, i)
	}
}

// Same reports whether two names lead to the same file, which need not exist.
func Same(a, b string) bool {
	if a, err := os.Stat(a); err == nil {
		if b, err := os.Stat(b); err == nil {
			return os.SameFile(a, b)
		}
	}
	place := func(name string) string {
		if target, err := Target(name); err == nil {
			name = target
		}
		if abs, err := filepath.Abs(name); err == nil {
			name = abs
		}
		return filepath.Clean(name)
	}
	return place(a) == place(b)
}

// Probe returns an error if Write would be refused. It does not change the file.
func Probe(path string) error {
	refused := func(where string, err error) error {
		return fmt.Errorf("%s: cannot save there: %s%w", path, where, Cause(err))
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return refused("", errors.New("it is a directory"))
	case err == nil && !info.Mode().IsRegular():
		return nil // Write does not replace a device or a pipe
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return refused("", err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	target, err := Target(path)
	if err != nil {
		return refused("", err)
	}
	dir := filepath.Dir(target)
	probe, err := os.CreateTemp(dir, ".shadegrad-*")
	if err != nil {
		return refused("directory "+dir+": ", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
