package dataset

import "fmt"

// A Form is how a data set is read and what is made of it. The zero Form leaves it as it is.
type Form struct {
	// Targets are the columns of a CSV file that are numbers to learn.
	Targets Columns `json:"targets,omitzero"`
	// Standardize brings columns of numbers to mean 0 and deviation 1.
	Standardize bool `json:"standardize,omitempty"`
	// Scale is what Standardize does so by; nil for the training set's own figures, once what goes to Validation is gone and
	// Limit is kept. A network is saved with it, so that what it is asked about is changed as what it learned was.
	Scale *Scale `json:"scale,omitempty"`
	// Numbers has the features of a CSV file be numbers even where all could be pixels. Whoever asks a network knows it from
	// the network.
	Numbers bool `json:"-"`
	// Pad is the size that images are given, with black around them; 0 by 0 leaves them.
	Pad Size `json:"pad,omitzero"`
	// Limit is the most samples that Shorten leaves in the training set; 0 leaves all.
	Limit int `json:"limit,omitempty"`
}

// Columns are the last columns of a table, or the first ones.
type Columns struct {
	Count int  `json:"count"`
	First bool `json:"first,omitempty"`
}

// A Size is that of images, in pixels.
type Size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// TrainingItself, as the number of samples to put aside for validation, puts none aside: the training set, as it
// is without distortions, is the validation set too.
const TrainingItself = -1

// Open reads the data set that where names, as OpenWith does, in this form.
func (f Form) Open(where string) (*Data, error) { return f.OpenSplit(where, 0, 0) }

// OpenSplit is as Open, with so many samples put aside for validation, as Split does by a seed, or TrainingItself. Then the
// training set is shortened, and last it is standardised: the figures are not those of rows that nothing is learned from.
// The note tells which classes have no sample left to learn from.
func (f Form) OpenSplit(where string, validation int, seed uint64) (*Data, error) {
	d, err := f.padded(open(where, f.options(), false, func(d *Data) error {
		all := d.classes()
		if validation != TrainingItself {
			if err := d.Split(validation, seed); err != nil {
				return err
			}
		}
		f.Shorten(d)
		d.noteMissing(all)
		return nil
	}))
	if err == nil && validation == TrainingItself {
		d.Validation = d.Train
	}
	return d, err
}

// OpenTest is as Open, but of the test part alone, as OpenTestWith reads it.
func (f Form) OpenTest(where string) (*Data, error) {
	return f.padded(OpenTestWith(where, f.options()))
}

func (f Form) options() Options {
	return Options{Targets: f.Targets.Count, TargetsFirst: f.Targets.First, Standardize: f.Standardize, Scale: f.Scale,
		Numbers: f.Numbers}
}

// padded pads a data set that has been opened.
func (f Form) padded(d *Data, err error) (*Data, error) {
	if err != nil || f.Pad == (Size{}) {
		return d, err
	}
	return d, d.Pad(f.Pad.Width, f.Pad.Height)
}

// Shorten leaves the first Limit samples in the training set. Where its samples come class by class, as images do from
// their directories, those would be of a class or two; then it leaves the first of each, in proportion to the classes.
// It does so after the validation set is put aside, which stays as large as it is.
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

// First returns a set of the first n samples, which are not copied. It panics if there are
// not as many.
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
