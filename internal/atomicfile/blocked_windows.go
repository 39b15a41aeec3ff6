package atomicfile

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// blocked reports whether a rename failed because another program, such as a virus scanner, has the file open.
func blocked(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}

// full reports whether the disk or a quota is full.
func full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// reserved reports whether Windows takes the name of a file for a device, as CON or NUL.txt, or for a stream of another file,
// as a:b.
func reserved(path string) bool { return !filepath.IsLocal(filepath.Base(path)) }
