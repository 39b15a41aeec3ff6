// Package sheet arranges the images of a data set on a sheet, with a row for each class.
package sheet

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// OfClasses returns a sheet with the first n images of each class of a set.
func OfClasses(d *dataset.Set, n int) *digit.Sheet {
	s := &digit.Sheet{Width: d.Width, Height: d.Height}
	for class := range d.Classes {
		if row := firstOf(d, class, n); len(row) > 0 {
			s.Rows = append(s.Rows, row)
		}
	}
	return s
}

// firstOf returns the first n images of a class.
func firstOf(d *dataset.Set, class, n int) [][]byte {
	var list [][]byte
	for i, label := range d.Labels {
		if int(label) == class && len(list) < n {
			list = append(list, d.Image(i))
		}
	}
	return list
}

// Distorted returns a sheet with the first image of each class and its distortions in n−1 epochs of a run with a seed.
func Distorted(b compute.Backend, how mlp.Augment, d *dataset.Set, seed uint64, n int) (*digit.Sheet, error) {
	s := OfClasses(d, 1)
	some := dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes}
	for class := range d.Classes {
		for _, pixels := range firstOf(d, class, 1) {
			some.Images, some.Labels = append(some.Images, pixels...), append(some.Labels, byte(class))
		}
	}
	for epoch := range n - 1 {
		pixels, err := train.Distorted(b, how, &some, seed, epoch)
		if err != nil {
			return nil, err
		}
		size := some.Features()
		for i := range s.Rows {
			s.Rows[i] = append(s.Rows[i], pixels[i*size:(i+1)*size])
		}
	}
	return s, nil
}
