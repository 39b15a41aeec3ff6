//go:build !(linux || darwin || freebsd || netbsd || openbsd || windows)

package atomicfile

import (
	"errors"
	"os"
)

func lockFile(*os.File) (held bool, err error) { return false, errors.ErrUnsupported }

func removeLock(f *os.File, name string) { os.Remove(name); f.Close() }
