// Package dataset reads data sets: images of one byte a pixel or rows of numbers, and for each a label of one byte or, for
// regression, numbers as its target. MNIST and four toys are built in. Others come as IDX files (MNIST's own format), as
// CSV, or as PNG and JPEG images in a directory for each class; where a file is compressed with gzip, its content tells.
//
// Fashion-MNIST, KMNIST and EMNIST come as IDX too; images may have any size and labels any value of a byte. EMNIST stores
// its images transposed, and they are passed on as they are stored.
//
// Every error names the file, what was expected, what was found and where: at which byte of an IDX file, in which line and
// column of a CSV file. Bytes of a compressed file are counted in the data, once decompressed; where the compression itself
// is damaged, in the file.
package dataset

import "fmt"

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

	origin func(i int) string          // says of sample i's label where it is and that it is out of range; nil: nobody knows
	place  func(i, feature int) string // says where in a file a feature of sample i is; nil: nobody knows
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

// CheckLabels returns an error, with file and place, if a label is not below classes: a network with classes outputs
// cannot give it.
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
	// Validation is the part of the training set that Split has put aside; empty otherwise.
	Validation Set
	// ClassNames are the names of the classes, label by label, where the data set has names: those of the directories of
	// its images. Otherwise nil.
	ClassNames []string
	// Scale is what the features have been standardised by; nil where they are as they came.
	Scale *Scale
	// Unpadded is the size of the images before they were padded; 0 by 0 where they are as they came.
	Unpadded Size
	// Note is what the user should know about how the data set was read, in a sentence without a full stop; often empty.
	Note string
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
