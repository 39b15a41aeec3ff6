package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// partialPrefix returns the name of a new file for target without its number.
func partialPrefix(target string) string {
	dir, base := filepath.Split(target)
	if len(base) > 200 { // leave room below the 255 bytes that file systems allow
		base = base[:200]
	}
	return dir + base + ".partial-"
}

// createPartial creates a new file in the directory of target. os.CreateTemp would give it mode
// 0600, and to widen that needs the umask, which cannot be read without setting it.
func createPartial(target string, mode fs.FileMode) (*os.File, error) {
	for {
		name := partialPrefix(target) + strconv.FormatUint(uint64(rand.Uint32()), 10)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("no file can be created in %s: %w", filepath.Dir(target), Cause(err))
		}
	}
}

// Sweep removes the incomplete files that killed processes left behind while they wrote path. The caller must have
// reserved the file with [Lock], or another process may be writing one.
func Sweep(path string) {
	target, err := Target(path)
	if err != nil {
		return
	}
	prefix := partialPrefix(target)
	entries, _ := os.ReadDir(filepath.Dir(target))
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(target), e.Name())
		number, ok := strings.CutPrefix(name, filepath.Clean(prefix))
		if _, err := strconv.ParseUint(number, 10, 32); ok && err == nil {
			os.Remove(name)
		}
	}
}
