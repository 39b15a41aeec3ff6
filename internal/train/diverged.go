package train

import (
	"fmt"

	"shadegrad/compute"
)

// A DivergedError says that training left the finite numbers.
type DivergedError struct {
	Epoch        int     // from 1
	Step         int     // within the epoch, from 1
	LearningRate float64 // of that step
	What         Quantity
	Layer        int     // the first whose What is not finite, from 1
	Loss         float32 // of the first sample affected; 0 if every sample's is finite
}

// A Quantity is what is no longer finite.
type Quantity string

// The quantities.
const (
	Weights Quantity = "weights"
	Biases  Quantity = "biases"
	Outputs Quantity = "outputs"
	// Velocities, Squares and Averages are what a step keeps of each weight and bias, where these
	// are finite themselves.
	Velocities Quantity = "velocities"
	Squares    Quantity = "mean squared gradients"
	Averages   Quantity = "averages"
	// SampleLoss is the loss of a sample whose outputs are finite.
	SampleLoss Quantity = "loss"
	// TrainSum is the sum of an epoch's losses, each of which is finite. It has
	// no step and no layer.
	TrainSum Quantity = "sum of the losses"
	// ValidationLoss and TestLoss are the losses on these sets where all that was trained
	// on is finite. They have no step and no layer.
	ValidationLoss Quantity = "validation loss"
	TestLoss       Quantity = "test loss"
)

func (e *DivergedError) Error() string {
	switch e.What {
	case TrainSum:
		return fmt.Sprintf("training diverged: the losses of epoch %d add up to %v", e.Epoch, e.Loss)
	case ValidationLoss:
		return fmt.Sprintf("training diverged: after epoch %d the loss on the validation set is %v", e.Epoch, e.Loss)
	case TestLoss:
		return fmt.Sprintf("training diverged: after epoch %d the loss on the test set is %v", e.Epoch, e.Loss)
	}
	where := fmt.Sprintf("epoch %d, step %d (learning rate %.3g)", e.Epoch, e.Step, e.LearningRate)
	switch {
	case e.What == SampleLoss:
		return fmt.Sprintf("training diverged: the loss is %v in %s, where the outputs of layer %d are finite but too large for it",
			e.Loss, where, e.Layer)
	case finite(float64(e.Loss)):
		return fmt.Sprintf("training diverged in %s: the %s of layer %d are no longer finite", where, e.What, e.Layer)
	}
	return fmt.Sprintf("training diverged: the loss is %v in %s, and the %s of layer %d are the first that are not finite",
		e.Loss, where, e.What, e.Layer)
}

// diagnose finds where an epoch went wrong. By its end everything may be NaN, so
// it goes back to where the epoch began on this device, whose state is st,
// and repeats the steps, which gives the same bits: up to the first whose loss is
// not finite, or else to the first after which a parameter, or what belongs to it, is not. Where no step
// is to blame it returns sum, if that is not nil.
func (s *session) diagnose(st *State, sum *DivergedError) error {
	d, err := s.divergence(st)
	switch {
	case err != nil:
		return &DeviceError{err}
	case d != nil:
		return d
	case sum != nil:
		return sum
	}
	return &DeviceError{unreliable("a parameter was not finite", st.Epoch+1)}
}

// unreliable is the error of a device that does not compute the same twice.
func unreliable(what string, epoch int) error {
	return fmt.Errorf("%s in epoch %d, but not when its steps were repeated: the device is not reliable", what, epoch)
}

// divergence is diagnose for the steps; it returns nil if each is in order.
func (s *session) divergence(st *State) (*DivergedError, error) {
	stats := make([]float32, 2*s.train.samples)
	if err := s.backend.Read(stats, s.train.Stats); err != nil {
		return nil, err
	}
	if err := s.load(st); err != nil {
		return nil, err
	}
	for i, v := range stats {
		if !finite(float64(v)) {
			return s.badLoss(st, i/2)
		}
	}
	for row := st.Rows; row < s.train.samples; {
		d := s.at(st, row)
		var err error
		if row, err = s.runStep(st.Epoch, row); err != nil {
			return nil, err
		}
		if found, err := s.badParameter(d); err != nil || found {
			return d, err
		}
	}
	return nil, nil
}

// at describes the step that begins at a row.
func (s *session) at(st *State, row int) *DivergedError {
	o, n := st.Options, s.train.samples
	return &DivergedError{Epoch: st.Epoch + 1, Step: row/s.train.batch + 1, LearningRate: o.Rate(o.stepAt(st.Epoch, row, n), n)}
}

// badLoss repeats the steps up to the one that has a sample whose loss is not
// finite, and looks for the first layer affected.
func (s *session) badLoss(st *State, sample int) (*DivergedError, error) {
	row := st.Rows
	for row+s.train.batch <= sample {
		var err error
		if row, err = s.runStep(st.Epoch, row); err != nil {
			return nil, err
		}
	}
	d := s.at(st, row)
	badBefore, err := s.badParameter(d)
	if err != nil {
		return nil, err
	}
	rows := min(s.train.batch, s.train.samples-row)
	if err := s.forward(st.Epoch, row, rows); err != nil {
		return nil, err
	}
	var stats [2]float32
	if err := s.backend.Read(stats[:], s.train.Stats.RowRange(sample, 1)); err != nil {
		return nil, err
	}
	if d.Loss = stats[0]; finite(float64(d.Loss)) {
		return nil, unreliable("a loss was not finite", d.Epoch)
	}
	if badBefore {
		return d, nil
	}
	if found, err := s.badOutput(d, rows); err != nil || found {
		return d, err
	}
	d.What, d.Layer = SampleLoss, s.options.Network.Layers()
	return d, nil
}

// forward computes the outputs and losses of the batch that begins at a row of an epoch, as
// the step there does, with the same numbers drawn, and leaves them to be read.
func (s *session) forward(epoch, row, rows int) error {
	slot, err := s.train.at(row)
	if err != nil {
		return err
	}
	x, err := s.train.program(s.network.GradientStep, slot, rows)
	if err != nil {
		return err
	}
	x.Run(s.options.StepArgs(epoch, row, s.train.samples))
	x.Release()
	return nil
}

// badParameter looks for the first parameter with a value that is not finite, or else for
// the first of which something else is not.
func (s *session) badParameter(d *DivergedError) (bool, error) {
	var now State
	if err := s.store(&now); err != nil {
		return false, err
	}
	for _, k := range []struct {
		what   Quantity
		values [][]float32
	}{{Weights, now.Values}, {Velocities, now.Velocities}, {Squares, now.Squares}, {Averages, now.Averages}} {
		if i := firstNonFinite(k.values); i >= 0 {
			d.What, d.Layer = k.what, s.layerOf(i)
			if k.what == Weights && s.options.Network.Shapes()[i].Bias {
				d.What = Biases
			}
			return true, nil
		}
	}
	return false, nil
}

// layerOf returns the layer, from 1, of parameter i.
func (s *session) layerOf(i int) int {
	if s.options.Network.NoBias {
		return i + 1
	}
	return i/2 + 1
}

// badOutput looks for the first layer with an output that is not finite for the
// last batch, of the given rows.
func (s *session) badOutput(d *DivergedError, rows int) (bool, error) {
	var mats []compute.Mat
	for _, m := range s.network.Outputs() {
		mats = append(mats, m.RowRange(0, rows)) // what lies behind is of other batches
	}
	values, err := s.network.Values(mats)
	if err != nil {
		return false, err
	}
	i := firstNonFinite(values)
	if i >= 0 {
		d.What, d.Layer = Outputs, i+1
	}
	return i >= 0, nil
}
