package dataset

import (
	"fmt"
	"io/fs"
	"sync"

	"shadegrad/internal/memory"
)

// openIDX reads the wanted IDX files from fsys. Errors put prefix before the name of a file.
func openIDX(fsys fs.FS, name, prefix string, wanted []role) (*Data, error) {
	names, err := find(fsys, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := source{name, prefix, names, func(r role, budget *memory.Budget) (*idxFile, error) {
		return readIDX(fsys, names[r], r.magic(), budget)
	}}
	return s.read(wanted)
}

// A source is a set of IDX files.
type source struct {
	name   string        // of the data set
	prefix string        // before the names of files in errors
	names  [roles]string // of the files
	file   func(role, *memory.Budget) (*idxFile, error)
}

// read reads the wanted files and assembles them.
func (s source) read(wanted []role) (*Data, error) {
	// Decompression takes longest, so each file has a goroutine.
	var files [roles]*idxFile
	var errs [roles]error
	var wg sync.WaitGroup
	budget := memory.NewBudget(memory.Available())
	for _, r := range wanted {
		wg.Add(1)
		go func() {
			defer wg.Done()
			files[r], errs[r] = s.file(r, budget)
		}()
	}
	wg.Wait()
	for _, r := range wanted {
		if errs[r] != nil {
			return nil, fmt.Errorf("%s%s: %w", s.prefix, s.names[r], errs[r])
		}
	}
	return s.assemble(wanted, files)
}

// assemble makes a data set of its files, which must match.
func (s source) assemble(wanted []role, files [roles]*idxFile) (*Data, error) {
	names, prefix := s.names, s.prefix
	data := &Data{Name: s.name}
	sets := map[role]*Set{trainImages: &data.Train, testImages: &data.Test}
	for _, r := range wanted {
		set := sets[r]
		if set == nil {
			continue
		}
		images, labels := files[r], files[r+1]
		if labels.count != images.count {
			return nil, fmt.Errorf("%s%s: at byte 4: expected %d labels, one for each image of %s, found %d",
				prefix, names[r+1], images.count, names[r], labels.count)
		}
		*set = Set{Images: images.values, Labels: labels.values, Width: images.width, Height: images.height,
			origin: inLabels(prefix + names[r+1])}
	}
	train, test := &data.Train, &data.Test
	if train.Len() > 0 && (test.Width != train.Width || test.Height != train.Height) {
		return nil, fmt.Errorf("%s%s: at byte 8: expected images of %dx%d as in %s, found %dx%d",
			prefix, names[testImages], train.Width, train.Height, names[trainImages], test.Width, test.Height)
	}
	data.countClasses()
	return data, nil
}

// inLabels returns where a label of an IDX file is.
func inLabels(file string) func(int) string {
	return func(i int) string {
		return fmt.Sprintf("%s: label out of range at byte %d", file, headerSize(labelsMagic)+i)
	}
}
