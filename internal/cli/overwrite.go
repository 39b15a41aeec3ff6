package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// refuseOverwrite returns an error if the files of a run would replace an input of the run or, without -force, a file
// that is not one of Shadegrad's.
func (s *settings) refuseOverwrite(r *runFiles) error {
	for _, f := range []struct {
		path, kind string
		own        func(path string) bool
	}{
		{r.save, "a Shadegrad network", model.Is},
		{r.checkpoint, "a Shadegrad checkpoint", train.IsCheckpoint},
		{s.certify, "", nil},
	} {
		if f.path == "" || f.path == s.resume {
			continue
		}
		if err := s.refuseInput(f.path); err != nil {
			return err
		}
		if f.own == nil || s.force {
			continue
		}
		info, err := os.Stat(f.path)
		if err == nil && info.Mode().IsRegular() && info.Size() > 0 && !f.own(f.path) {
			return fmt.Errorf("%s: cannot save there: the file exists and is not %s; nothing was trained; save elsewhere, or replace the file with -force", f.path, f.kind)
		}
	}
	return nil
}

// refuseInput returns an error if path leads to an input of the command: its data set, checkpoint or network.
func (s *settings) refuseInput(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil // there is nothing to replace
	}
	for _, input := range []string{s.resume, s.model, s.Form.TestData, s.Path} {
		data := input == s.Path || input == s.Form.TestData
		if input != "" && !(data && dataset.IsBuiltIn(input)) && (isFile(info, input) || data && belongs(info, input)) {
			return fmt.Errorf("%s: cannot save there: the file is an input, part of %s; save elsewhere", path, input)
		}
	}
	return nil
}

// isFile reports whether a file is that at path.
func isFile(file os.FileInfo, path string) bool {
	info, err := os.Stat(path)
	return err == nil && os.SameFile(file, info)
}

// belongs reports whether a file is part of a data set: in its directory, or next to its file with a similar name.
func belongs(file os.FileInfo, data string) bool {
	info, err := os.Stat(data)
	if err != nil {
		return false
	}
	if info.IsDir() {
		const deepest = 6 // also ends at a link to a directory above
		return holds(data, file, deepest)
	}
	dir, base := filepath.Split(data)
	entries, _ := os.ReadDir(filepath.Clean(dir))
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		return similar(e.Name(), base) && isFile(file, filepath.Join(dir, e.Name()))
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

// similar reports whether two files may be parts of a data set: train.csv and test.csv, or digits.tra and digits.tes.
func similar(a, b string) bool {
	a, b = strings.TrimSuffix(strings.ToLower(a), ".gz"), strings.TrimSuffix(strings.ToLower(b), ".gz")
	x, y := filepath.Ext(a), filepath.Ext(b)
	return x == y || strings.TrimSuffix(a, x) == strings.TrimSuffix(b, y)
}
