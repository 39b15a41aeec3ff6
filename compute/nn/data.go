package nn

import (
	"errors"
	"fmt"
	"image"

	"shadegrad/internal/dataset"
	"shadegrad/internal/picture"
)

// Data is a data set to train on: a File, or an Own.
type Data interface {
	open(*plan) (*dataset.Data, error)
}

// A File is the path of a file or directory with a data set, as the command's flag -data takes it: a directory or zip archive of
// pictures, IDX, CSV or NumPy files, or one such file. The names of the built-in data sets mean these.
type File string

// The built-in data sets.
const (
	MNIST     File = "mnist"
	XOR       File = "xor"
	HalfPlane File = "halfplane"
	Spiral    File = "spiral"
	Moons     File = "moons"
)

func (f File) open(p *plan) (*dataset.Data, error) {
	p.Path = string(f)
	return p.Open()
}

// Own is a data set of the program's own samples, which Train copies. Without test samples a fifth of the training samples is
// held out for the test.
type Own struct {
	Name        string // for messages
	Train, Test Samples
	// ClassNames are the names of the classes, by label, or nil.
	ClassNames []string
}

// Samples are images or rows of numbers, with the class of each or with numbers to learn.
type Samples struct {
	Images  []image.Image // of one size; or
	Rows    [][]float32   // of one length
	Labels  []int         // the class of each sample, from 0 to 255; or
	Targets [][]float32   // the numbers to learn, of one length
}

// Len returns the number of samples.
func (s Samples) Len() int { return max(len(s.Images), len(s.Rows)) }

func (o Own) open(p *plan) (*dataset.Data, error) {
	d := &dataset.Data{Name: o.Name, ClassNames: o.ClassNames}
	if d.Name == "" {
		d.Name = "samples"
	}
	for _, part := range []struct {
		name string
		from Samples
		to   *dataset.Set
	}{{"training", o.Train, &d.Train}, {"test", o.Test, &d.Test}} {
		if err := part.from.copy(part.to, len(o.ClassNames)); err != nil {
			return nil, fmt.Errorf("%s: %s samples: %w", d.Name, part.name, err)
		}
	}
	a, b := &d.Train, &d.Test
	switch {
	case a.Len() == 0:
		return nil, fmt.Errorf("%s: no training samples", d.Name)
	case b.Len() > 0 && (a.Width != b.Width || a.Height != b.Height || a.Outputs != b.Outputs || (a.Values == nil) != (b.Values == nil)):
		return nil, fmt.Errorf("%s: the test samples are not like the training samples: %d×%d with %d targets, expected %d×%d with %d",
			d.Name, b.Width, b.Height, b.Outputs, a.Width, a.Height, a.Outputs)
	}
	return d, p.Prepare(d)
}

// copy copies samples to a set. Labels must be below classes unless that is 0.
func (s Samples) copy(to *dataset.Set, classes int) error {
	n := s.Len()
	switch {
	case len(s.Images) > 0 && len(s.Rows) > 0:
		return errors.New("both Images and Rows are given; omit one of them")
	case len(s.Labels) > 0 && len(s.Targets) > 0:
		return errors.New("both Labels and Targets are given; omit one of them")
	case len(s.Labels)+len(s.Targets) != n:
		return fmt.Errorf("%d samples with %d labels or targets; want one for each sample", n, len(s.Labels)+len(s.Targets))
	}
	var err error
	if to.Values, to.Width, err = flat(s.Rows, "Rows"); err != nil {
		return err
	}
	to.Height = 1
	if to.Targets, to.Outputs, err = flat(s.Targets, "Targets"); err != nil {
		return err
	}
	if classes == 0 {
		classes = 256
	}
	for i, label := range s.Labels {
		if label < 0 || label >= classes {
			return fmt.Errorf("Labels[%d] is %d: want 0 to %d", i, label, classes-1)
		}
		to.Labels = append(to.Labels, byte(label))
	}
	for i, img := range s.Images {
		size := img.Bounds().Size()
		if i == 0 {
			to.Width, to.Height = size.X, size.Y
		}
		if size.X != to.Width || size.Y != to.Height || size.X*size.Y == 0 {
			return fmt.Errorf("Images[%d] has %d×%d pixels, the first has %d×%d", i, size.X, size.Y, to.Width, to.Height)
		}
		to.Images = append(to.Images, picture.Grey(img).Pix...)
	}
	return nil
}

// flat returns rows of one length and finite numbers one after another, and the length.
func flat(rows [][]float32, name string) (list []float32, width int, err error) {
	for i, row := range rows {
		if i == 0 {
			width = len(row)
		}
		if len(row) != width || width == 0 {
			return nil, 0, fmt.Errorf("%s[%d] has %d numbers, the first has %d", name, i, len(row), width)
		}
		for j, v := range row {
			if v-v != 0 {
				return nil, 0, fmt.Errorf("%s[%d][%d] is %v: want a finite number", name, i, j, v)
			}
		}
		list = append(list, row...)
	}
	return list, width, nil
}
