//go:build linux || darwin || freebsd || netbsd || openbsd

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// lockFile locks f, and reports whether another process has locked it.
func lockFile(f *os.File) (held bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK), err
}

// removeLock removes a file while it is locked, so that no other process can lock it in between.
func removeLock(f *os.File, name string) { os.Remove(name); f.Close() }
