package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"

	"shadegrad/internal/dataset"
)

// A State is everything a run needs to go on: with it, the same options and the
// same data, the rest of a run is the same as if it had not been interrupted.
type State struct {
	Options    Options
	Data       DataInfo
	Epoch      int         // epochs completed
	Rows       int         // samples of the next epoch that are done
	Values     [][]float32 // of each parameter, in the order of mlp.Config.Shapes; none before the run begins
	Velocities [][]float32 // V of op Update, likewise; none where mlp.Training.Velocities is false
	Squares    [][]float32 // S of op Update, likewise; none where mlp.Training.Squares is false
	Averages   [][]float32 // moving averages of Values, likewise; none where mlp.Training.Average is 0
	Stats      []float32   // loss and hit of each of Rows samples
	Last       Epoch       // the last completed epoch's outcome
	Best       *Best       // the best epoch so far; nil without a validation set
	Tested     *Epoch      // the epoch whose weights were tested at the end, with TestLoss and TestAcc; nil before
}

// NewState returns the state in which a run on the data that was read from path
// begins. It has no values until the run has a backend that can take them.
func NewState(o Options, d *dataset.Data, path string) *State {
	s := &State{Options: o, Data: Describe(d)}
	s.Data.Path = path
	if !o.Training.Augment.IsZero() {
		s.Options.Network.Width, s.Options.Network.Height = d.Train.Width, d.Train.Height
	}
	return s
}

// begin draws the first weights, unless there are some. It stops waiting for them
// when ctx ends, and then the state has none.
func (s *State) begin(ctx context.Context) error {
	if s.Values != nil {
		return nil
	}
	select {
	case <-ctx.Done(): // or the two below might both be ready
		return ErrInterrupted
	default:
	}
	drawn := make(chan [][]float32, 1)
	go func() { drawn <- s.Options.Network.InitialParameters(s.Options.Seed) }()
	select {
	case s.Values = <-drawn:
	case <-ctx.Done():
		return ErrInterrupted
	}
	t := s.Options.StepTraining()
	for _, v := range s.Values {
		if t.Velocities() {
			s.Velocities = append(s.Velocities, make([]float32, len(v)))
		}
		if t.Squares() {
			s.Squares = append(s.Squares, make([]float32, len(v)))
		}
		if t.Average > 0 {
			s.Averages = append(s.Averages, slices.Clone(v))
		}
	}
	return nil
}

// finite tells whether every parameter is a finite number.
func (s *State) finite() bool { return firstBad(s.Values) < 0 }

// firstBad returns the first of several slices that holds a NaN or an infinity,
// or −1.
func firstBad(values [][]float32) int {
	for i, list := range values {
		for _, v := range list {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return i
			}
		}
	}
	return -1
}

// DataInfo identifies a data set.
type DataInfo struct {
	Name string `json:"name"`
	Path string `json:"path"` // where it was read from, as dataset.Open takes it
	// Form is what was made of it.
	Form    dataset.Form `json:"form,omitzero"`
	Samples int          `json:"samples"` // in the training set
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Classes int          `json:"classes"`
	Digest  string       `json:"digest,omitempty"` // SHA-256 of the training images and labels
}

// Describe returns what identifies a data set, without the digest.
func Describe(d *dataset.Data) DataInfo {
	return DataInfo{Name: d.Name, Samples: d.Train.Len(),
		Width: d.Train.Width, Height: d.Train.Height, Classes: d.Train.Classes}
}

// Digest returns the SHA-256 of the training set.
func Digest(d *dataset.Data) string { return SetDigest(&d.Train) }

// SetDigest returns the SHA-256 of a set's images followed by its labels.
func SetDigest(s *dataset.Set) string {
	h := sha256.New()
	h.Write(s.Images)
	h.Write(s.Labels)
	return hex.EncodeToString(h.Sum(nil))
}

// Same tells what differs between the data a run began with and d.
func (i DataInfo) Same(d *dataset.Data) error {
	now := Describe(d)
	switch {
	case now.Samples != i.Samples || now.Width != i.Width || now.Height != i.Height || now.Classes != i.Classes:
		return fmt.Errorf("its run began with %s; %s has %s", i, now.Name, now)
	case i.Digest != "" && i.Digest != Digest(d):
		return fmt.Errorf("its run began with other data than %s: the SHA-256 of the training set differs", now.Name)
	}
	return nil
}

// String returns the shape of the data.
func (i DataInfo) String() string {
	images, classes := "images", "classes"
	if i.Samples == 1 {
		images = "image"
	}
	if i.Classes == 1 {
		classes = "class"
	}
	return fmt.Sprintf("%d training %s of %d×%d in %d %s", i.Samples, images, i.Width, i.Height, i.Classes, classes)
}
