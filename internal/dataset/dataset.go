// Package dataset reads data sets in MNIST's format: images of one byte a pixel and a label of one byte for each, in IDX
// files, compressed with gzip or not. MNIST itself is built in.
//
// Fashion-MNIST, KMNIST and EMNIST come in the same format; images may have any size and labels any value of a byte.
// EMNIST stores its images transposed, and they are passed on as they are stored.
//
// Every error names the file, what was expected, what was found and at which byte. Bytes of a compressed file are counted
// in the data, once decompressed; where the compression itself is damaged, in the file.
package dataset

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"shadegrad/internal/memory"
)

// A Set is a list of samples: images of one size, or rows of numbers, with their labels
// or, for regression, their targets.
type Set struct {
	Images        []byte    // Len()·Features() pixels, image by image, each row by row from the top; nil where there are Values
	Values        []float32 // Len()·Features() numbers, row by row, of samples that are no images; else nil
	Labels        []byte    // Len() labels; nil where there are Targets
	Targets       []float32 // Len()·Outputs numbers, row by row, for regression; else nil
	Width, Height int       // size of an image in pixels; of a row of numbers, their count and 1
	Classes       int       // labels are below it; the same for both sets of a Data; 0 for regression
	Outputs       int       // numbers of a target; 0 for classes

	labelsFile string
}

// Len returns the number of samples.
func (s *Set) Len() int {
	if s.Outputs > 0 {
		return len(s.Targets) / s.Outputs
	}
	return len(s.Labels)
}

// Features returns the number of pixels of an image, or of numbers of a row.
func (s *Set) Features() int { return s.Width * s.Height }

// Image returns the pixels of image i, without copying them. It panics if there is no such image.
func (s *Set) Image(i int) []byte {
	n := s.Features()
	return s.Images[i*n : (i+1)*n : (i+1)*n]
}

// CheckLabels returns an error, with file and byte, if a label is not below classes: a network with classes outputs
// cannot give it.
func (s *Set) CheckLabels(classes int) error {
	for i, label := range s.Labels {
		if int(label) >= classes {
			return fmt.Errorf("%s: label out of range at byte %d: expected 0 to %d, found %d",
				s.labelsFile, headerSize(labelsMagic)+i, classes-1, label)
		}
	}
	return nil
}

// A Data is a data set with its two parts.
type Data struct {
	Name        string // "MNIST (built in)", or the directory
	Train, Test Set
	// Validation is the part of the training set that Split has put aside; empty otherwise.
	Validation Set
}

// Open reads the data set in the directory dir, or the built-in MNIST if dir is empty.
//
// The directory holds four files named as MNIST's are: train-images-idx3-ubyte, train-labels-idx1-ubyte,
// t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte. Each may have .gz at its end, a dot before idx, a prefix such as
// emnist-letters-, and test for t10k. Where a file is there with and without .gz, the uncompressed one is read. Whether
// a file is compressed is told by its content. The number of classes is the highest label of both parts, plus 1.
func Open(dir string) (*Data, error) {
	return open(dir, []role{trainImages, trainLabels, testImages, testLabels})
}

// OpenTest is as Open, but neither reads nor needs the training part; the Data's Train is empty, and the number of
// classes is the highest label of the test part, plus 1.
func OpenTest(dir string) (*Data, error) {
	return open(dir, []role{testImages, testLabels})
}

func open(dir string, wanted []role) (*Data, error) {
	if dir == "" {
		return builtIn.read(wanted)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, reason(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: expected a directory with the files of a data set, found a file", dir)
	}
	return openFS(os.DirFS(dir), dir, filepath.Clean(dir)+string(filepath.Separator), wanted)
}

// openFS reads the wanted files from fsys. Errors call a file by its name after prefix.
func openFS(fsys fs.FS, name, prefix string, wanted []role) (*Data, error) {
	names, err := find(fsys, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := source{name, prefix, names, func(r role, budget *memory.Budget) (*idxFile, error) {
		return readIDX(fsys, names[r], r.magic(), budget)
	}}
	return s.read(wanted)
}

// A source is where a data set comes from.
type source struct {
	name   string        // of the data set
	prefix string        // before the names of files in errors
	names  [roles]string // of the files
	file   func(role, *memory.Budget) (*idxFile, error)
}

// read reads the wanted files and puts them together.
func (s source) read(wanted []role) (*Data, error) {
	// Decompression takes longest, so that each file gets a goroutine.
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

// assemble makes a data set of its files, which must fit together.
func (s source) assemble(wanted []role, files [roles]*idxFile) (*Data, error) {
	names, prefix := s.names, s.prefix
	data := &Data{Name: s.name}
	sets := map[role]*Set{trainImages: &data.Train, testImages: &data.Test}
	var highest byte
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
			labelsFile: prefix + names[r+1]}
		for _, label := range labels.values {
			highest = max(highest, label)
		}
	}
	train, test := &data.Train, &data.Test
	if train.Len() > 0 && (test.Width != train.Width || test.Height != train.Height) {
		return nil, fmt.Errorf("%s%s: at byte 8: expected images of %dx%d as in %s, found %dx%d",
			prefix, names[testImages], train.Width, train.Height, names[trainImages], test.Width, test.Height)
	}
	for _, set := range sets {
		if set.Len() > 0 {
			set.Classes = int(highest) + 1
		}
	}
	return data, nil
}
