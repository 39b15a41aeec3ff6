//go:build linux || darwin || freebsd || netbsd || openbsd

package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Lock reserves the file at path for this process until unlock. It returns an error that names the process that has
// reserved it. The lock is a file next to it, with .lock appended, which has no effect after its process ends. On
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
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EWOULDBLOCK):
			holder := make([]byte, 20)
			n, _ := f.Read(holder)
			f.Close()
			return nil, fmt.Errorf("%s: another run, process %s, saves there; wait until it ends, or save elsewhere", path, strings.TrimSpace(string(holder[:n])))
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
		return func() { os.Remove(name); f.Close() }, nil
	}
}

// isFile reports whether name leads to the open file f.
func isFile(f *os.File, name string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Stat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
