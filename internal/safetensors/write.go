package safetensors

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Write writes f to the file at path so that at any moment, whatever fails or is killed, path holds either what it held
// before or all of f. The bytes go to a file beside it, called after it with .partial- and a number appended, which is
// synced and renamed; it is removed if anything fails, and stays behind only if the process is killed.
//
// A symbolic link stays, and the file that it leads to is replaced. An existing file keeps its permissions. A device or a
// pipe is written to directly. Errors name the file and say what to do.
func Write(path string, f *File) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("cannot save %s: %w", path, err)
	}
	return Replace(path, func(w io.Writer) error { return Encode(w, f) })
}

// Replace puts what write writes in the place of the file at path, or leaves the file as it was, in the way of Write.
func Replace(path string, write func(io.Writer) error) error {
	err := replaceFile(path, write)
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot save %s: %w%s", path, cause(err), advice(err))
}

func replaceFile(path string, write func(io.Writer) error) error {
	// Renaming would put a file in a device's place. Its links are not followed by name, since those of /dev/stdout may
	// lead to no name at all.
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
	mode := fs.FileMode(0o644)
	old, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return err
	case old.IsDir():
		return errors.New("it is a directory; give the name of a file")
	default:
		// Renaming would also replace a file that its owner has made read-only.
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
		mode = old.Mode().Perm()
	}

	f, err := createBeside(target, mode)
	if err != nil {
		return err
	}
	partial := f.Name()
	err = write(f)
	if err == nil && old != nil {
		err = f.Chmod(mode) // the umask has narrowed the mode it was created with
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(partial, target)
	}
	if err != nil {
		if removeErr := os.Remove(partial); removeErr != nil {
			return fmt.Errorf("%w (and %v; remove it by hand)", cause(err), removeErr)
		}
		return err
	}
	return syncDir(filepath.Dir(target))
}

// Target returns the name of the file that Write replaces: what path leads to if it is a symbolic link, or a chain of
// them. There need not be such a file. Write creates another in its directory.
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
			// Not Join, which would drop a .. together with a directory before it that may be a link itself.
			to = filepath.Dir(path) + string(filepath.Separator) + to
		}
		path = to
	}
	return "", errors.New("too many symbolic links")
}

// createBeside creates a new file in target's directory. os.CreateTemp would give it mode 0600, and to widen that rightly
// takes the umask, which cannot be read without being set.
func createBeside(target string, mode fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(target)
	if len(base) > 200 { // leave room below the 255 bytes that file systems allow
		base = base[:200]
	}
	for {
		name := fmt.Sprintf("%s%s.partial-%d", dir, base, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("no file can be created in %s: %w", filepath.Dir(target), cause(err))
		}
	}
}

// syncDir makes a rename in dir survive a power failure.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there
	}
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil // a directory may be writable without being readable
		}
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil // some network and FUSE file systems have no such thing
	}
	return errors.Join(err, d.Close())
}

// cause drops the operation and the path that the os package puts before a cause: the caller names the file better.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}

// advice says what to do about err.
func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
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

// kind names what a path leads to that is not a regular file.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
