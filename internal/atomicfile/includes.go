package atomicfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Includes reports whether a file may be part of the data where: it is in that directory, or next to that file and has a
// similar name. Links are followed.
func Includes(where string, file os.FileInfo) bool {
	info, err := os.Stat(where)
	if err != nil {
		return false
	}
	if info.IsDir() {
		const deepest = 6 // also ends at a link to a directory above
		return holds(where, file, deepest)
	}
	dir, base := filepath.Split(where)
	entries, _ := os.ReadDir(filepath.Clean(dir))
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		return err == nil && os.SameFile(file, info) && similar(e.Name(), base)
	})
}

// holds reports whether a directory contains a file, under any name.
func holds(dir string, file os.FileInfo, depth int) bool {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err == nil && (os.SameFile(file, info) || info.IsDir() && depth > 0 && holds(path, file, depth-1)) {
			return true
		}
	}
	return false
}

// similar reports whether two files may belong together: train.csv and test.csv, or digits.tra and digits.tes.
func similar(a, b string) bool {
	a, b = strings.TrimSuffix(strings.ToLower(a), ".gz"), strings.TrimSuffix(strings.ToLower(b), ".gz")
	x, y := filepath.Ext(a), filepath.Ext(b)
	return x == y || strings.TrimSuffix(a, x) == strings.TrimSuffix(b, y)
}
