package train

import (
	"context"
	"fmt"
	"slices"

	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A State is everything that a run needs to resume: with the same options and the same data the
// rest of the run is bit-identical to an uninterrupted one.
type State struct {
	Options    Options
	Data       DataInfo
	Epoch      int         // completed epochs
	Rows       int         // completed samples of the next epoch
	Parameters             // nil before the run begins
	First      [][]float32 // weights to begin with; nil for those that the seed draws; not stored
	Stats      []float32   // loss and hit of each of Rows samples
	Last       Epoch       // result of the last completed epoch
	Best       *Best       // the best epoch so far; nil without a validation set
	Tested     *Epoch      // the epoch that was tested at the end, with TestLoss and TestAcc; nil before
	SaveName   string      // base name of the file to which the run saves its network; empty if it saves none
}

// NewState returns the initial state of a run on data that was read from path. It has no
// parameters until the run has a backend with enough memory for them.
func NewState(o Options, d *dataset.Data, path string) *State {
	s := &State{Options: o, Data: Describe(d)}
	s.Data.Path = path
	if !o.Training.Augment.IsZero() {
		s.Options.Network.Width, s.Options.Network.Height = d.Train.Width, d.Train.Height
	}
	return s
}

// begin draws the first weights unless the state has parameters. If ctx ends it returns
// ErrInterrupted and leaves the state without parameters.
func (s *State) begin(ctx context.Context) error {
	if s.Values != nil {
		return nil
	}
	select {
	case <-ctx.Done(): // else both cases below can be ready
		return ErrInterrupted
	default:
	}
	drawn := make(chan [][]float32, 1)
	go func() { drawn <- s.Initial() }()
	select {
	case s.Values = <-drawn:
	case <-ctx.Done():
		return ErrInterrupted
	}
	for _, l := range s.used(s.Options.StepTraining())[1:] {
		for _, v := range s.Values {
			first := make([]float32, len(v))
			if l.what == Averages {
				first = slices.Clone(v)
			}
			*l.values = append(*l.values, first)
		}
	}
	return nil
}

// Initial returns the weights with which the run begins.
func (s *State) Initial() [][]float32 {
	if s.First == nil {
		return s.Options.Network.InitialParameters(s.Options.Seed)
	}
	values := make([][]float32, len(s.First))
	for i, v := range s.First {
		values[i] = slices.Clone(v) // training changes them
	}
	return values
}

// Extend increases the number of epochs of a run. The steps so far followed the schedule of the shorter run.
func (s *State) Extend(epochs int) error {
	s.Options.Epochs, s.Tested = epochs, nil
	return s.Options.Check()
}

// DataInfo identifies a data set.
type DataInfo struct {
	Name    string       `json:"name"`
	Path    string       `json:"path"`          // where it was read from, as passed to dataset.Open
	Form    dataset.Form `json:"form,omitzero"` // how it was prepared
	Samples int          `json:"samples"`       // in the training set
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Classes int          `json:"classes"`           // 0 for regression
	Outputs int          `json:"outputs,omitempty"` // numbers of a target; 0 for classes
	Numbers bool         `json:"numbers,omitempty"` // samples are Width numbers instead of images
	Digest  string       `json:"digest,omitempty"`  // Identity of the training set
}

// Describe returns the identity of a data set, without the digest.
func Describe(d *dataset.Data) DataInfo {
	t := &d.Train
	return DataInfo{Name: d.Name, Samples: t.Len(), Width: t.Width, Height: t.Height, Classes: t.Classes,
		Outputs: t.Outputs, Numbers: t.Values != nil}
}

// Same returns an error if d differs from the data that a run began with.
func (i DataInfo) Same(d *dataset.Data) error {
	now, then := Describe(d), i
	now.Name, then.Name, then.Path, then.Digest = "", "", "", ""
	then.Form = dataset.Form{} // d was already prepared in this way
	switch {
	case now != then:
		return fmt.Errorf("its run began with %s; %s has %s", i, d.Name, now)
	case i.Digest != "" && !d.Train.Is(i.Digest):
		return fmt.Errorf("its run began with other data than %s: the SHA-256 of the training set differs", d.Name)
	}
	return nil
}

// fits returns an error if a network cannot have been trained on such data.
func (i DataInfo) fits(c mlp.Config) error {
	n, out := c.Sizes[0], c.Outputs()
	switch {
	case !mlp.FitsImage(n, i.Width, i.Height):
		return fmt.Errorf("images of %d×%d do not fit a network of %d inputs", i.Width, i.Height, n)
	case c.Regression && (i.Outputs != out || i.Classes != 0):
		return fmt.Errorf("targets of %d numbers do not fit a network of %d outputs", i.Outputs, out)
	case !c.Regression && (i.Classes <= 0 || i.Classes > max(out, 2) || i.Outputs != 0):
		return fmt.Errorf("%d classes do not fit a network of %d outputs", i.Classes, out)
	}
	return nil
}

// String returns the shape of the data.
func (i DataInfo) String() string {
	samples, each := "image", fmt.Sprintf("%d×%d", i.Width, i.Height)
	if i.Numbers {
		samples, each = "row", counted(i.Width, "number", "s")
	}
	goal := "in " + counted(i.Classes, "class", "es")
	if i.Outputs > 0 {
		goal = "with targets of " + counted(i.Outputs, "number", "s")
	}
	return fmt.Sprintf("%s of %s %s", counted(i.Samples, "training "+samples, "s"), each, goal)
}

// counted returns a number with its noun: "1 class", "10 classes".
func counted(n int, noun, plural string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %s%s", n, noun, plural)
}
