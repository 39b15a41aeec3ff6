package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// A HeldError reports that another process has reserved a file.
type HeldError struct {
	Path    string
	Process string // its number, or empty if it is not known
}

func (e *HeldError) Error() string {
	process := ""
	if e.Process != "" {
		process = ", process " + e.Process + ","
	}
	return fmt.Sprintf("%s: another run%s saves there; wait until it ends, or save elsewhere", e.Path, process)
}

// Lock reserves the file at path for this process until unlock. If another process has reserved it, the error is a
// [HeldError]. The lock is a file next to it, with .lock appended, which has no effect after its process ends. On
// a file system without locks nothing is reserved.
func Lock(path string) (unlock func(), err error) {
	target, err := Target(path)
	if err != nil {
		return nil, err
	}
	name := target + ".lock"
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return func() {}, nil
		}
		held, err := lockFile(f)
		switch {
		case held:
			holder := make([]byte, 20)
			n, _ := f.Read(holder)
			f.Close()
			return nil, &HeldError{path, strings.TrimSpace(string(holder[:n]))}
		case err != nil:
			f.Close()
			os.Remove(name)
			return func() {}, nil
		case !isFile(f, name): // its last owner removed it after the open
			f.Close()
			continue
		}
		_ = f.Truncate(0) // on a full disk only the number is missing
		_, _ = fmt.Fprintln(f, os.Getpid())
		return func() { removeLock(f, name) }, nil
	}
}

// isFile reports whether name leads to the open file f.
func isFile(f *os.File, name string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

// Reserve returns a name that no file has, path or path with a number, and reserves it with [Lock] until release.
// Two processes therefore never choose the same name.
func Reserve(path string) (name string, release func(), err error) {
	name = path
	for i := 2; ; i++ {
		if !exists(name) {
			release, err = Lock(name)
			switch held := (*HeldError)(nil); {
			case errors.As(err, &held):
			case err != nil:
				return "", nil, err
			case !exists(name): // its last owner may have written it before the lock was free
				return name, release, nil
			default:
				release()
			}
		}
		name = fmt.Sprintf("%s.%d", path, i)
	}
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
