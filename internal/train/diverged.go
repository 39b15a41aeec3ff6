package train

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

// A DivergedError reports that training left the finite numbers.
type DivergedError struct {
	Epoch        int     // from 1
	Step         int     // within the epoch, from 1; 0 if no step is at fault
	LearningRate float64 // of that step
	What         Quantity
	Layer        int     // the first layer whose What is not finite, from 1
	Loss         float32 // of the first sample affected; 0 if every loss is finite
}

// A Quantity is a kind of value that is not finite.
type Quantity string

// The quantities.
const (
	Weights    Quantity = "weights"
	Biases     Quantity = "biases"
	Outputs    Quantity = "outputs"
	Velocities Quantity = "velocities"
	Squares    Quantity = "mean squared gradients"
	Averages   Quantity = "averages"
	SampleLoss Quantity = "loss" // of a sample whose outputs are finite
	// These have no step and no layer: the sum of the finite losses of an epoch, and the losses
	// on sets that were not trained on.
	TrainSum       Quantity = "sum of the losses"
	ValidationLoss Quantity = "validation loss"
	TestLoss       Quantity = "test loss"
)

func (e *DivergedError) Error() string {
	where := fmt.Sprintf("epoch %d, step %d (learning rate %.3g)", e.Epoch, e.Step, e.LearningRate)
	switch {
	case e.What == TrainSum:
		return fmt.Sprintf("training diverged: the losses of epoch %d add up to %v", e.Epoch, e.Loss)
	case e.What == ValidationLoss:
		return fmt.Sprintf("training diverged: after epoch %d the loss on the validation set is %v", e.Epoch, e.Loss)
	case e.What == TestLoss:
		return fmt.Sprintf("training diverged: after epoch %d the loss on the test set is %v", e.Epoch, e.Loss)
	case e.What == SampleLoss:
		return fmt.Sprintf("training diverged: the loss is %v in %s, where the outputs of layer %d are finite but too large for it",
			e.Loss, where, e.Layer)
	case finite(float64(e.Loss)):
		return fmt.Sprintf("training diverged in %s: the %s of layer %d are not finite", where, e.What, e.Layer)
	}
	return fmt.Sprintf("training diverged: the loss is %v in %s, and the %s of layer %d are the first that are not finite",
		e.Loss, where, e.What, e.Layer)
}

// diverged returns the error of an epoch that left the finite numbers, and passes the step at
// fault to Keep. If no step is at fault it returns sum, unless that is nil.
func (r *Run) diverged(s *session, sum *DivergedError) error {
	d, err := s.divergence(r.State)
	switch {
	case err != nil:
		return &DeviceError{err}
	case d == nil && sum != nil:
		return sum
	case d == nil:
		return &DeviceError{unreliable("a parameter was not finite", r.State.Epoch+1)}
	case r.Keep == nil || d.Step == 0:
		return d
	}
	m, err := s.badStep(r.State, d)
	if err == nil && m != nil {
		err = r.Keep(m)
	}
	if err != nil {
		r.Report.Noticed(Notice{Kind: NotKept, Err: err})
	}
	return d
}

// unreliable returns the error of a device that does not repeat its results.
func unreliable(what string, epoch int) error {
	return fmt.Errorf("%s in epoch %d, but not when its steps were repeated: the device is not reliable", what, epoch)
}

// divergence finds the step at which an epoch diverged, or returns nil. At the end of the epoch
// everything can be NaN. It therefore restores st, the state at the beginning of the epoch, and
// repeats the steps on this device, where they are bit-identical. It stops at the first step whose
// loss is not finite, or after which a parameter, or a matrix that training keeps for it, is not finite.
func (s *session) divergence(st *State) (*DivergedError, error) {
	stats := make([]float32, 2*s.train.samples)
	if err := s.backend.Read(stats, s.train.Stats); err != nil {
		return nil, err
	}
	for i, v := range stats {
		if !finite(float64(v)) {
			return s.badLoss(st, i/2)
		}
	}
	row, err := s.repeat(st, st.Rows)
	for err == nil && row < s.train.samples {
		d := s.at(st, row)
		if row, err = s.runStep(st.Epoch, row); err != nil {
			break
		}
		if found, err := s.badParameter(d); err != nil || found {
			return d, err
		}
	}
	return nil, err
}

// repeat loads the state in which an epoch began on this device, and repeats its steps up to a
// row.
func (s *session) repeat(st *State, to int) (row int, err error) {
	if err := s.load(st); err != nil {
		return 0, err
	}
	for row = st.Rows; row < to && err == nil; {
		row, err = s.runStep(st.Epoch, row)
	}
	return row, err
}

// at returns an error with the step that begins at a row.
func (s *session) at(st *State, row int) *DivergedError {
	o, n := st.Options, s.train.samples
	return &DivergedError{Epoch: st.Epoch + 1, Step: row/s.train.batch + 1, LearningRate: o.Rate(o.stepAt(st.Epoch, row, n), n)}
}

// badLoss repeats the steps before that of a sample whose loss is not finite, and finds the
// first layer affected.
func (s *session) badLoss(st *State, sample int) (*DivergedError, error) {
	batch := s.train.batch
	row, err := s.repeat(st, st.Rows+(sample-st.Rows)/batch*batch)
	if err != nil {
		return nil, err
	}
	d := s.at(st, row)
	badBefore, err := s.badParameter(d)
	if err != nil {
		return nil, err
	}
	rows := min(batch, s.train.samples-row)
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

// forward computes the outputs and losses of the batch that begins at a row of an epoch, with
// the same random numbers as the training step, and leaves them on the device.
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

// badParameter finds the first parameter with a value that is not finite. If all are finite, it
// finds the first parameter for which training keeps a value that is not.
func (s *session) badParameter(d *DivergedError) (bool, error) {
	var now State
	if err := s.store(&now); err != nil {
		return false, err
	}
	what, i := now.firstNonFinite()
	if i < 0 {
		return false, nil
	}
	d.What, d.Layer = what, i+1
	if !s.options.Network.NoBias {
		d.Layer = i/2 + 1
		if what == Weights && i%2 == 1 {
			d.What = Biases
		}
	}
	return true, nil
}

// badOutput finds the first layer with an output that is not finite for the last batch, of so
// many rows.
func (s *session) badOutput(d *DivergedError, rows int) (bool, error) {
	var mats []compute.Mat
	for _, m := range s.network.Outputs() {
		mats = append(mats, m.RowRange(0, rows)) // the rows after these are of other batches
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

// badStep repeats an epoch up to the step that made the first number that is not finite: the one
// where it was seen, the one before, whose update made it, or an earlier one if nothing showed
// for long. It returns nil if everything is finite in the repetition.
func (s *session) badStep(st *State, d *DivergedError) (*StepRecord, error) {
	const near = 2 // steps before the one where it was seen; most are there
	seen := (d.Step - 1) * s.train.batch
	for _, from := range []int{max(st.Rows, seen-near*s.train.batch), st.Rows} {
		m, err := s.firstBadStep(st, from, seen)
		if !errors.Is(err, errBadBefore) {
			return m, err
		}
	}
	return nil, nil
}

// errBadBefore reports that a parameter was not finite before the searched steps.
var errBadBefore = errors.New("not finite before")

// firstBadStep repeats an epoch up to the row from, and records the steps from there to the one
// at last. It returns the first with a result that is not finite, or nil.
func (s *session) firstBadStep(st *State, from, last int) (*StepRecord, error) {
	row, err := s.repeat(st, from)
	for err == nil && row <= last {
		var m *StepRecord
		m, row, err = s.record(st, row)
		switch {
		case err != nil:
			return nil, err
		case !m.Before.finite(): // only at from
			return nil, errBadBefore
		case !m.Finite():
			return m, s.addSources(m)
		}
	}
	return nil, err
}
