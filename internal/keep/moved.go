package keep

import (
	"os"
	"path/filepath"

	"shadegrad/internal/atomicfile"
)

// A MovedError reports that a file could not be written, and the file of another directory that has its content instead.
type MovedError struct {
	Err  error
	Path string // empty if the other file could not be written either
}

func (e *MovedError) Error() string { return e.Err.Error() }
func (e *MovedError) Unwrap() error { return e.Err }

// Save calls save with a path or, if it fails, with a new path in the directory for temporary files. The error is then a
// *MovedError.
func Save(path string, save func(path string) error) error {
	if err := save(path); err != nil {
		return elsewhere(err, path, save)
	}
	return nil
}

// elsewhere saves what could not be saved at a path because of err.
func elsewhere(err error, path string, save func(path string) error) *MovedError {
	other, otherErr := saveNew(filepath.Join(os.TempDir(), filepath.Base(path)), save)
	if otherErr != nil {
		other = ""
	}
	return &MovedError{err, other}
}

// saveNew saves to a file that does not exist yet, path or path with a number, and returns its name.
func saveNew(path string, save func(path string) error) (name string, err error) {
	name, release, err := atomicfile.Reserve(path)
	if err != nil {
		return path, err
	}
	defer release()
	return name, save(name)
}
