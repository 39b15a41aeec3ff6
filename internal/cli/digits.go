package cli

import (
	"fmt"
	"math"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/console"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/sheet"
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
	var drawn *digit.Sheet
	if s.model != "" {
		drawn, err = savedWeights(s.model, s.count)
	} else {
		drawn, err = a.digitSheet(s)
	}
	if err != nil {
		return err
	}
	if s.out == "" {
		return drawn.Render(a.stdout, console.Columns(a.stdout, 80), a.colorTerminal())
	}
	if err := atomicfile.Noted(drawn.Save(s.out), a.note); err != nil {
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
	if f.Training.Augment.IsZero() {
		return sheet.OfClasses(&d.Train, f.count), nil
	}
	choice, err := a.openBackend(a.opener, f.backend)
	if err != nil {
		return nil, err
	}
	defer choice.Close()
	return sheet.Distorted(choice, f.Training.Augment, &d.Train, f.Seed, f.count)
}

// maxRows bounds the classes of a sheet.
const maxRows = 256

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
