package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

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
	refused := func(err error) error {
		return fmt.Errorf("%s: cannot save there: %w", path, Cause(err))
	}
	if reserved(path) {
		return refused(errors.New("Windows reserves this name for a device or a stream"))
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return refused(errors.New("it is a directory"))
	case err == nil && !info.Mode().IsRegular():
		return nil // Write does not replace a device or a pipe
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return refused(err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	target, err := Target(path)
	if err != nil {
		return refused(err)
	}
	probe, err := createPartial(target, 0o666)
	if err != nil {
		return refused(err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
