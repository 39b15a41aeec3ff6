package atomicfile

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile locks f, and reports whether another process has locked it. The locked byte lies behind any content, since
// Windows would keep other processes from reading it.
func lockFile(f *os.File) (held bool, err error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: math.MaxUint32})
	return errors.Is(err, windows.ERROR_LOCK_VIOLATION), err
}

// removeLock closes the file first, since Windows does not remove an open one. If another process has opened it by
// then, it stays.
func removeLock(f *os.File, name string) { f.Close(); os.Remove(name) }
