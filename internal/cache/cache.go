// Package cache remembers between runs what can be found out again, such as which of
// two ways was the faster here. It is only ever a convenience: what cannot be read, is of
// another version or is damaged counts as not there.
package cache

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shadegrad/internal/atomicfile"
)

// Variable is the name of the environment variable that names the directory.
const Variable = "SHADEGRAD_CACHE"

// largest is the size above which a file is not one of this program's.
const largest = 4 << 20

// Dir returns the directory: the one that Variable names, or else shadegrad in the
// user's directory of caches.
func Dir() (string, error) {
	if dir := os.Getenv(Variable); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "shadegrad"), nil
}

// A content is what a file holds.
type content[T any] struct {
	Version int `json:"version"`
	Value   T   `json:"value"`
}

// Load returns what a file of a directory holds, if it is of that version.
func Load[T any](dir, name string, version int) (value T, err error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return value, err
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return value, fmt.Errorf("%s is none of this program's files", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return value, err
	}
	var c content[T]
	if err := json.Unmarshal(data, &c); err != nil {
		return value, fmt.Errorf("%s: %w", path, err)
	}
	if c.Version != version {
		return value, fmt.Errorf("%s is of version %d, not %d", path, c.Version, version)
	}
	return c.Value, nil
}

// Save replaces a file atomically. It creates the directory if there is none.
func Save[T any](dir, name string, version int, value T) error {
	data, err := json.MarshalIndent(content[T]{version, value}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, name), func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
}
