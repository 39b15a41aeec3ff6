// Package atomicfile replaces files atomically: whatever fails or is killed, a path holds either
// its old content or all of the new.
//
// [Write] puts the new content in a file next to the old one, syncs it, renames it and syncs the
// directory. On Windows os.Rename replaces an existing file too, and a directory cannot be synced.
//
// Two libraries were considered, google/renameio (v2.0.2) and natefinch/atomic (v1.0.1). Both
// would replace the creation, sync and rename of the new file, about 25 lines, and leave the rest
// of this package: they replace a symbolic link instead of its target, replace a device or a
// read-only file, and do not sync the directory. Besides, renameio does not build on Windows, and
// atomic gives new files mode 0600, names its temporary file in errors and drops their cause, so
// that a full disk cannot be told from a missing permission.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Write replaces the content of the file at path by the output of write. If write or anything else
// fails, the file does not change. Until the new file is complete, it has the old name with .partial-
// and a number appended; it stays behind only if the process is killed.
//
// A symbolic link stays, and its target is replaced. An existing file keeps its permissions, and
// a read-only one is not replaced. A device or a pipe is written to directly. Errors name the
// file and a remedy. A [Warning] is the error of a file that was saved nevertheless.
func Write(path string, write func(io.Writer) error) error {
	err := replace(path, write)
	var w *Warning
	switch {
	case err == nil:
		return nil
	case errors.As(err, &w):
		w.path = path
		return w
	}
	return fmt.Errorf("%s: cannot save: %w%s", path, Cause(err), remedy(err))
}

// A Warning reports that a file was saved, but that its file system, such as a Windows drive or a
// network share, refused something else.
type Warning struct {
	path, problem string
	err           error
}

func (w *Warning) Error() string {
	return fmt.Sprintf("%s: saved, but %s: %v", w.path, w.problem, Cause(w.err))
}

// Unwrap returns the cause.
func (w *Warning) Unwrap() error { return w.err }

// Noted passes the text of a *Warning to note, and returns any other error.
func Noted(err error, note func(string)) error {
	var w *Warning
	if errors.As(err, &w) {
		note(w.Error())
		return nil
	}
	return err
}

// Tests replace these by functions that fail.
var (
	setMode  = (*os.File).Chmod
	moveFile = os.Rename
	inUse    = blocked
	syncFile = (*os.File).Sync
	syncDir  = syncDirectory
)

func replace(path string, write func(io.Writer) error) error {
	// A rename would replace the device. Its links are not followed by name: those of /dev/stdout
	// can lead to no name at all.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	target, err := Target(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o666)
	old, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return err
	case old.IsDir():
		return errors.New("it is a directory; give the name of a file")
	default:
		// A rename would also replace a read-only file.
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		mode = old.Mode().Perm()
	}

	f, err := createPartial(target, mode)
	if err != nil {
		return err
	}
	partial := f.Name()
	var refused error
	err = write(f)
	if err == nil && old != nil {
		if err := setMode(f, mode); err != nil { // the umask narrowed the mode of the new file
			refused = &Warning{problem: "the permissions of the old file could not be kept", err: err}
		}
	}
	if err == nil {
		if err = syncFile(f); unsupported(err) {
			refused, err = &Warning{problem: "a power failure may undo that, since the file cannot be synced", err: err}, nil
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = rename(partial, target)
	}
	if err != nil {
		if removeErr := os.Remove(partial); removeErr != nil {
			return fmt.Errorf("%w (and %v; remove it by hand)", Cause(err), removeErr)
		}
		return err
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return &Warning{problem: "a power failure may undo that, since the directory cannot be synced", err: err}
	}
	return refused
}

// rename renames a file. On Windows a virus scanner may have it open for a moment; rename then tries again for 2 s.
func rename(from, to string) error {
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		err := moveFile(from, to)
		if err == nil || !inUse(err) || time.Since(begin) > 2*time.Second {
			return err
		}
	}
}

// Target returns the name of the file that Write replaces: path, or the end of the chain of
// symbolic links that begins there. The file need not exist. Write creates the new file in the
// same directory.
func Target(path string) (string, error) {
	const limit = 40 // as in Linux
	for range limit {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			// Join would drop a .. together with the directory before it, which may be a link itself.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", errors.New("too many symbolic links")
}

// syncDirectory makes a rename in dir survive a power failure.
func syncDirectory(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a directory can be writable without being readable
		}
		return err
	}
	err = d.Sync()
	if unsupported(err) {
		err = nil // some network and FUSE file systems cannot sync a directory
	}
	return errors.Join(err, d.Close())
}

// unsupported reports whether err says that a file system cannot sync.
func unsupported(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}

// Cause returns err without the operation and the path that package os adds, for messages that
// name the file themselves, and without the full stop of Windows' texts.
func Cause(err error) error {
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	}
	if errno, ok := err.(syscall.Errno); ok && strings.HasSuffix(errno.Error(), ".") {
		return clause{errno}
	}
	return err
}

// A clause is a system's error as a part of a sentence.
type clause struct{ syscall.Errno }

func (c clause) Error() string { return strings.TrimSuffix(c.Errno.Error(), ".") }
func (c clause) Unwrap() error { return c.Errno }

// remedy returns what to do about err, as the end of a message.
func remedy(err error) string {
	switch {
	case full(err):
		return "; free some space there, or save elsewhere"
	case errors.Is(err, syscall.EFBIG):
		return "; raise the limit on file sizes (ulimit -f), or save elsewhere"
	case errors.Is(err, fs.ErrNotExist):
		return "; create the directory first"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "; change its permissions, or save elsewhere"
	}
	return ""
}
