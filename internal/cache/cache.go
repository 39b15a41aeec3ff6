// Package cache remembers results between runs that can be computed again, such as the
// faster of two kernels. It is optional: a file that cannot be read, is damaged, or has
// another version counts as missing.
package cache

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shadegrad/internal/atomicfile"
)

// Variable is the environment variable that names the directory.
const Variable = "SHADEGRAD_CACHE"

// largest is the maximum size of a file of this program.
const largest = 4 << 20

// Dir returns the directory that Variable names, or shadegrad in the user's cache directory if it
// is not set.
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

// A content is the content of a file.
type content[T any] struct {
	Version int `json:"version"`
	Value   T   `json:"value"`
}

// Load returns the value in a file of a directory, if it has the given version.
func Load[T any](dir, name string, version int) (value T, err error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	if err != nil {
		return value, err
	}
	if !info.Mode().IsRegular() || info.Size() > largest {
		return value, fmt.Errorf("%s is not a file of this program", path)
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

// Save replaces a file atomically. It creates the directory if it is missing.
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
