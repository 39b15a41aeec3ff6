package cli

import (
	"fmt"
	"math"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/console"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

const digitsUsage = `usage: shadegrad digits [FLAGS]

Shows the first images of each class of a data set; with -augment, the first image of
each class and its distortions in successive epochs. With -model, shows the weights of
each unit of a network's first layer: white is positive, black is negative.
`

// digits is "shadegrad digits".
func (a *app) digits(args []string) error {
	s, err := a.parseFlags("digits", digitsUsage, args)
	if err != nil {
		return err
	}
	if s.out != "" {
		if err := s.refuseInput(s.out); err != nil {
			return err
		}
	}
	var sheet *digit.Sheet
	if s.model != "" {
		sheet, err = savedWeights(s.model, s.count)
	} else {
		sheet, err = a.digitSheet(s)
	}
	if err != nil {
		return err
	}
	if s.out == "" {
		return sheet.Render(a.stdout, console.Columns(a.stdout, 80), a.colorTerminal())
	}
	if err := atomicfile.Noted(sheet.Save(s.out), a.note); err != nil {
		return err
	}
	a.note("wrote " + s.out)
	return nil
}

// digitSheet returns a sheet with a row for each class: its first images, or the first one and its distortions.
func (a *app) digitSheet(f *settings) (*digit.Sheet, error) {
	d, err := f.Open()
	if err != nil {
		return nil, err
	}
	if d.Train.Images == nil {
		return nil, fmt.Errorf("%s has rows of numbers, not images", d.Name)
	}
	if d.Train.Classes > maxRows {
		return nil, fmt.Errorf("%s has %d classes; a sheet has at most %d rows", d.Name, d.Train.Classes, maxRows)
	}
	if err := recipe.CheckCalm(f.Training.Augment, d.Train.Classes); err != nil {
		return nil, err
	}
	s := &digit.Sheet{Width: d.Train.Width, Height: d.Train.Height}
	if f.Training.Augment.IsZero() {
		for class := range d.Train.Classes {
			if row := firstOfClass(&d.Train, class, f.count); len(row) > 0 {
				s.Rows = append(s.Rows, row)
			}
		}
		return s, nil
	}
	return s, a.distort(s, f, &d.Train)
}

// maxRows bounds the classes of a sheet.
const maxRows = 256

// firstOfClass returns the first images of a class.
func firstOfClass(d *dataset.Set, class, n int) [][]byte {
	var list [][]byte
	for i, label := range d.Labels {
		if int(label) == class && len(list) < n {
			list = append(list, d.Image(i))
		}
	}
	return list
}

// distort fills a sheet with the first image of each class and its distortions in successive epochs.
func (a *app) distort(s *digit.Sheet, f *settings, d *dataset.Set) error {
	some := dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes}
	for class := range d.Classes {
		for _, pixels := range firstOfClass(d, class, 1) {
			some.Images, some.Labels = append(some.Images, pixels...), append(some.Labels, byte(class))
			s.Rows = append(s.Rows, [][]byte{pixels})
		}
	}
	choice, err := a.openBackend(a.opener, f.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	for epoch := range f.count - 1 {
		pixels, err := train.Distorted(choice, f.Training.Augment, &some, f.Seed, epoch)
		if err != nil {
			return err
		}
		n := some.Features()
		for i := range s.Rows {
			s.Rows[i] = append(s.Rows[i], pixels[i*n:(i+1)*n])
		}
	}
	return nil
}

// savedWeights returns a sheet of the first layer of a saved network.
func savedWeights(path string, perRow int) (*digit.Sheet, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, err
	}
	if m.Height == 1 {
		return nil, fmt.Errorf("%s: the network takes rows of numbers; its weights make no images", path)
	}
	return digit.Weights(m.Values[0], m.Width, m.Height, math.MaxInt, perRow), nil
}
