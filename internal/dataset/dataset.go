// Package dataset reads data sets: images of one byte a pixel or rows of numbers, each with a label of one byte or, for
// regression, a target of numbers. MNIST and four toys are built in. Other data sets are IDX files (MNIST's format), npy and npz
// files, CSV files, or pictures with a directory for each class. It recognises files compressed with gzip by their
// content.
//
// Fashion-MNIST, KMNIST and EMNIST are IDX files too. Images may have any size and labels any value of a byte. EMNIST
// stores its images transposed; the package turns them upright.
//
// Each error names the file, what was expected, what was found and where: the byte of an IDX file, or the line and
// column of a CSV file. Bytes of a compressed file are counted after decompression, unless the compression itself is
// damaged.
package dataset

import (
	"fmt"
	"iter"

	"shadegrad/internal/memory"
)

// A Set is a list of samples: images of one size, or rows of numbers, with their labels
// or, for regression, their targets.
type Set struct {
	Images        []byte    // Len()·Features() pixels, image by image, each row by row from the top; or nil if there are Values
	Values        []float32 // Len()·Features() numbers, row by row, or nil for images
	Labels        []byte    // Len() labels, or nil if there are Targets
	Targets       []float32 // Len()·Outputs numbers, row by row, for regression, or nil
	Width, Height int       // size of an image in pixels; for rows of numbers their count and 1
	Classes       int       // labels are below it; the same for both sets of a Data; 0 for regression
	Outputs       int       // numbers of a target; 0 for classes

	mapped bool                        // Images are those of a mapped file, and cannot be changed
	origin func(i int) string          // returns where the label of sample i is and that it is out of range, or nil
	place  func(i, feature int) string // returns where in a file a feature of sample i is, or nil
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

// Image returns the pixels of image i without copying them. It panics if i is out of range.
func (s *Set) Image(i int) []byte {
	n := s.Features()
	return s.Images[i*n : (i+1)*n : (i+1)*n]
}

// some returns the indices of about n samples, spread evenly. Those of a mapped file are in blocks, because each block is
// a separate read from the disk.
func (s *Set) some(n int) iter.Seq[int] {
	block := 1
	if s.mapped {
		block = 100
	}
	step := max(block, s.Len()*block/n)
	return func(yield func(int) bool) {
		for first := 0; first < s.Len(); first += step {
			for i := first; i < min(first+block, s.Len()); i++ {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// writable makes the images changeable: it copies those of a mapped file.
func (s *Set) writable() error {
	if !s.mapped {
		return nil
	}
	if err := memory.NewBudget(memory.Available()).Take(int64(len(s.Images))); err != nil {
		return fmt.Errorf("no room to change the images: %w", err)
	}
	images := allocate(len(s.Images))
	copy(images, s.Images)
	s.Images, s.mapped = images, false
	return nil
}

// CheckLabels returns an error, with file and place, if a label is not below classes, the number of a network's
// outputs.
func (s *Set) CheckLabels(classes int) error {
	for i, label := range s.Labels {
		if int(label) < classes {
			continue
		}
		where := fmt.Sprintf("sample %d: label out of range", i+1)
		if s.origin != nil {
			where = s.origin(i)
		}
		return fmt.Errorf("%s: expected 0 to %d, found %d", where, classes-1, label)
	}
	return nil
}

// A Data is a data set with its parts.
type Data struct {
	Name        string // "MNIST (built in)", or the file or directory
	Train, Test Set
	// Validation is the part of the training set that Split holds out, or empty.
	Validation Set
	// ClassNames are the names of the classes, by label: those of the directories of images. Otherwise nil.
	ClassNames []string
	// Features are the names of the feature columns of a table, in order, or nil.
	Features []string
	// Label is the name or number of the label column of a table, or empty.
	Label string
	// Look describes how the images were read.
	Look Look
	// Scale standardises the features, or is nil if they are unchanged.
	Scale *Scale
	// Unpadded is the size of the images before padding, or 0 by 0.
	Unpadded Size
	// Whole means that all samples are the test part, because the files do not have one.
	Whole bool
	// Note tells the user how the data set was interpreted, in a sentence without a full stop. It is often empty.
	Note string

	within string // the directory of the data, if it is not the given one
}

// sets returns the parts that have samples.
func (d *Data) sets() []*Set {
	var list []*Set
	for _, s := range []*Set{&d.Train, &d.Validation, &d.Test} {
		if s.Len() > 0 {
			list = append(list, s)
		}
	}
	return list
}

// countClasses sets the number of classes of all parts: the highest label, plus 1, or the number of their names.
func (d *Data) countClasses() {
	classes := len(d.ClassNames)
	for _, s := range d.sets() {
		for _, label := range s.Labels {
			classes = max(classes, int(label)+1)
		}
	}
	for _, s := range d.sets() {
		s.Classes = classes
	}
}
