package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"shadegrad/internal/table"
)

// A Form states how to read and prepare a data set. The zero Form changes nothing.
type Form struct {
	// Targets are the columns of a CSV file that are regression targets.
	Targets Columns `json:"targets,omitzero"`
	// Standardize transforms columns of numbers to mean 0 and deviation 1.
	Standardize bool `json:"standardize,omitempty"`
	// Scale is the Scale of Standardize. If nil, it is computed from the training set, after Validation and Limit. It
	// is saved with a network, so that the network sees its inputs as in training.
	Scale *Scale `json:"scale,omitempty"`
	// Numbers reads the features of a CSV file as numbers even if all can be pixels. A network knows from its training
	// whether to.
	Numbers bool `json:"-"`
	// Pad is the size to which images are padded with black, or 0 by 0.
	Pad Size `json:"pad,omitzero"`
	// Limit is the maximum number of training samples that Shorten keeps, or 0 for all.
	Limit int `json:"limit,omitempty"`

	// Label is the label column of a table: its name, its number from 1, "first" or "last". If it is empty, the
	// evidence decides.
	Label string `json:"label,omitempty"`
	// OneHot is the number of columns that encode the label: one of them is 1, the others are 0.
	OneHot int `json:"one_hot,omitempty"`
	// Ignore lists the names or numbers, separated by commas, of the table's columns that are not read.
	Ignore string `json:"ignore,omitempty"`
	// TestData is the file or directory of the test part, if its name does not show that.
	TestData string `json:"test_data,omitempty"`
	// Resize is the size to which images are scaled, or 0 by 0.
	Resize Size `json:"resize,omitzero"`

	// Learned describes the data that a network has learned, which other data for it must match; or nil.
	Learned *Learned `json:"-"`
}

// Learned describes the data that a network has learned.
type Learned struct {
	Classes  []string // names of the classes, by label; the names of other data are mapped to them; or nil
	Features []string // names of the feature columns, in order; or nil, which keeps the order of the file
	Label    string   // name or number of the label column of a table, or empty
	Look     Look
}

// A Look describes how the images of a data set were read, so that other pictures can be prepared in the same way.
type Look struct {
	// Inverted means that dark ink on light paper became light on dark.
	Inverted bool `json:"inverted,omitempty"`
	// Transposed means that the files store the images transposed, as EMNIST does, and that they were turned upright.
	Transposed bool `json:"transposed,omitempty"`
	// Centred means that each image has one object at MNIST's place and of MNIST's size: see package digit.
	Centred bool `json:"centred,omitempty"`
	// White is the value of the brightest pixel in the files: 255, 16 or 1. 0 means 255.
	White float32 `json:"white,omitempty"`
}

// numbers reports whether the features of a CSV file are numbers in any case.
func (f Form) numbers() bool { return f.Numbers || f.Standardize || f.Targets.Count > 0 }

// Columns are the last or the first columns of a table.
type Columns struct {
	Count int  `json:"count"`
	First bool `json:"first,omitempty"`
}

// A Size is the size of an image in pixels.
type Size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// TrainingItself, as the number of samples to hold out for validation, holds out none: the training set, without
// distortions, is the validation set too.
const TrainingItself = -1

// HeldOut returns how many of n samples to hold out: v, or the fraction v of n if v is below 1, rounded, at least one.
// TrainingItself is returned unchanged.
func HeldOut(v float64, n int) int {
	if v > 0 && v < 1 {
		return max(1, int(v*float64(n)+0.5))
	}
	return int(v)
}

// OpenSplit is Open with samples held out for validation, as by Split with a seed: HeldOut of them. It then shortens
// the training set, and finally standardises it by the samples that remain. The note lists classes without a training
// sample.
func (f Form) OpenSplit(where string, validation float64, seed uint64) (*Data, error) {
	d, err := place{form: f}.prepared(where, f.split(validation, seed))
	if err == nil && validation == TrainingItself {
		d.Validation = d.Train
	}
	return d, err
}

// split returns the function that holds out samples for validation and shortens the training set.
func (f Form) split(validation float64, seed uint64) func(*Data) error {
	return func(d *Data) error {
		all := d.classes()
		if d.Train.Outputs == 0 && all.count() < 2 {
			return fmt.Errorf("%s: all samples have the same label; at least two classes are needed", d.Name)
		}
		if n := HeldOut(validation, d.Train.Len()); n != TrainingItself {
			if err := d.Split(n, seed); err != nil {
				return err
			}
		}
		f.Shorten(d)
		d.noteMissing(all)
		return nil
	}
}

// A Part names samples of a data set to test a network with.
type Part string

const (
	TestPart  Part = "test"  // a fifth is held out if there is no test part
	TrainPart Part = "train" // the others
	AllParts  Part = "all"
	OwnTest   Part = "" // the test part if there is one, else all samples
)

// OpenPart reads a part of a data set as its test part.
func (f Form) OpenPart(where string, part Part) (*Data, error) {
	var unlabelled error // of a test file, as Kaggle's: training held its test part out of the training file
	if part != TrainPart {
		whole := part != TestPart && (!f.Standardize || f.Scale != nil) // otherwise the scale is computed from the training part
		d, err := f.openTest(where, whole)
		if errors.Is(err, table.ErrUnlabelled) {
			unlabelled = err
		} else if err != nil || part != AllParts || d.Whole {
			return d, err
		}
	}
	d, err := place{form: f}.prepared(where, nil)
	if err != nil {
		return nil, cmp.Or(unlabelled, err)
	}
	switch {
	case part == TrainPart:
		d.Test = Set{}
	case unlabelled != nil && part != AllParts:
		d.Train, d.Validation = Set{}, Set{}
	}
	d.Test = joined(d.sets())
	d.Train, d.Validation = Set{}, Set{}
	return d, nil
}

// joined returns one set with the samples of several sets of the same kind.
func joined(sets []*Set) Set {
	all := *sets[0]
	for _, s := range sets[1:] {
		all.Images = slices.Concat(all.Images, s.Images)
		all.Values = slices.Concat(all.Values, s.Values)
		all.Labels = slices.Concat(all.Labels, s.Labels)
		all.Targets = slices.Concat(all.Targets, s.Targets)
		all.origin, all.place = nil, nil
	}
	return all
}

// Shorten keeps the first Limit samples of the training set. If the samples are ordered by class, as images from
// directories are, it keeps the first of each class instead, in proportion to the classes. It does not change the
// validation set.
func (f Form) Shorten(d *Data) {
	s := &d.Train
	if f.Limit <= 0 || f.Limit >= s.Len() {
		return
	}
	if classes := s.classByClass(); len(classes) > 1 {
		*s = s.selected(firstOfClasses(classes, f.Limit))
		d.Name += fmt.Sprintf(", the first of each class, %d in all", f.Limit)
		return
	}
	*s = s.First(f.Limit)
	d.Name += fmt.Sprintf(", the first %d", f.Limit)
}

// First returns a set of the first n samples without copying them. It panics if there are fewer.
func (s *Set) First(n int) Set {
	short := *s
	if s.Images != nil {
		short.Images = s.Images[:n*s.Features()]
	}
	if s.Values != nil {
		short.Values = s.Values[:n*s.Features()]
	}
	if s.Labels != nil {
		short.Labels = s.Labels[:n]
	}
	if s.Targets != nil {
		short.Targets = s.Targets[:n*s.Outputs]
	}
	return short
}
