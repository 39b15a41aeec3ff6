package train

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"

	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
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

// finite tells whether every parameter is a finite number, and all that belongs to it: where a
// mean of squares is infinite its parameter stands still from then on, and nothing else shows it.
func (s *State) finite() bool {
	return firstNonFinite(slices.Concat(s.Values, s.Velocities, s.Squares, s.Averages)) < 0
}

// firstNonFinite returns the first of several slices that holds a NaN or an infinity,
// or −1.
func firstNonFinite(values [][]float32) int {
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
	Name    string       `json:"name"`
	Path    string       `json:"path"`          // where it was read from, as dataset.Open takes it
	Form    dataset.Form `json:"form,omitzero"` // what was made of it then
	Samples int          `json:"samples"`       // in the training set
	Width   int          `json:"width"`
	Height  int          `json:"height"`
	Classes int          `json:"classes"`           // 0 for regression
	Outputs int          `json:"outputs,omitempty"` // numbers of a target; 0 for classes
	Numbers bool         `json:"numbers,omitempty"` // samples are Width numbers, and no images
	Digest  string       `json:"digest,omitempty"`  // SHA-256 of the training samples and labels
}

// Describe returns what identifies a data set, without the digest.
func Describe(d *dataset.Data) DataInfo {
	t := &d.Train
	return DataInfo{Name: d.Name, Samples: t.Len(), Width: t.Width, Height: t.Height, Classes: t.Classes,
		Outputs: t.Outputs, Numbers: t.Values != nil}
}

// Digest returns the SHA-256 of the training set.
func Digest(d *dataset.Data) string { return SetDigest(&d.Train) }

// SetDigest returns the SHA-256 of a set's images followed by its labels. Numbers and targets
// are in their places as float32, the least significant byte first.
func SetDigest(s *dataset.Set) string {
	h := sha256.New()
	h.Write(s.Images)
	hashNumbers(h, s.Values)
	h.Write(s.Labels)
	hashNumbers(h, s.Targets)
	return hex.EncodeToString(h.Sum(nil))
}

func hashNumbers(h hash.Hash, list []float32) {
	bytes := make([]byte, 0, 1<<12)
	for _, v := range list {
		if bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v)); len(bytes) == cap(bytes) {
			h.Write(bytes)
			bytes = bytes[:0]
		}
	}
	h.Write(bytes)
}

// Same tells what differs between the data a run began with and d.
func (i DataInfo) Same(d *dataset.Data) error {
	now, then := Describe(d), i
	now.Name, then.Name, then.Path, then.Digest = "", "", "", ""
	then.Form = dataset.Form{} // d has been brought into it
	switch {
	case now != then:
		return fmt.Errorf("its run began with %s; %s has %s", i, d.Name, now)
	case i.Digest != "" && i.Digest != Digest(d):
		return fmt.Errorf("its run began with other data than %s: the SHA-256 of the training set differs", d.Name)
	}
	return nil
}

// fits tells whether a network could have been trained on such data.
func (i DataInfo) fits(c mlp.Config) error {
	if n := c.Sizes[0]; !mlp.FitsImage(n, i.Width, i.Height) {
		return fmt.Errorf("images of %d×%d do not fit a network of %d inputs", i.Width, i.Height, n)
	}
	switch out := c.Outputs(); {
	case c.Regression && (i.Outputs != out || i.Classes != 0):
		return fmt.Errorf("targets of %d numbers do not fit a network of %d outputs", i.Outputs, out)
	case c.Regression:
		return nil
	case i.Classes <= 0 || i.Classes > max(out, 2) || i.Outputs != 0:
		return fmt.Errorf("%d classes do not fit a network of %d outputs", i.Classes, out)
	}
	return nil
}

// String returns the shape of the data.
func (i DataInfo) String() string {
	samples, each := "images", fmt.Sprintf("%d×%d", i.Width, i.Height)
	if i.Numbers {
		samples, each = "rows", counted(i.Width, "number", "numbers")
	}
	if i.Samples == 1 {
		samples = samples[:len(samples)-1]
	}
	goal := "in " + counted(i.Classes, "class", "classes")
	if i.Outputs > 0 {
		goal = "with targets of " + counted(i.Outputs, "number", "numbers")
	}
	return fmt.Sprintf("%d training %s of %s %s", i.Samples, samples, each, goal)
}

// counted says how many there are: "1 class", "10 classes".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
