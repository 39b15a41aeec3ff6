package train

import (
	"fmt"
)

// A DivergedError says that training left the finite numbers.
type DivergedError struct {
	Epoch, Step  int     // from 1; the step within the epoch
	LearningRate float64 // of that step
	Layer        int     // the first layer affected, from 1
	What         string  // of the layer: "weights", "biases", "outputs" or "sums"
	Loss         float32 // of the first sample affected; 0 if only an update was
}

func (e *DivergedError) Error() string {
	where := fmt.Sprintf("epoch %d, step %d (learning rate %.3g)", e.Epoch, e.Step, e.LearningRate)
	which := fmt.Sprintf("the %s of layer %d", e.What, e.Layer)
	if finite(float64(e.Loss)) {
		return fmt.Sprintf("training diverged in %s: %s are no longer finite", where, which)
	}
	return fmt.Sprintf("training diverged: the loss is %v in %s, and %s are the first that are not finite",
		e.Loss, where, which)
}

// diagnose finds where an epoch whose loss is not finite went wrong. By its end
// everything is NaN, so it goes back to where the epoch began on this device,
// whose state is st, repeats the steps before the first bad one, which gives the
// same bits, and looks at the layers.
func (s *session) diagnose(st *State) error {
	d := &DivergedError{Epoch: st.Epoch + 1}
	stats := make([]float32, 2*s.train.samples)
	if err := s.backend.Read(stats, s.train.Stats); err != nil {
		return &DeviceError{err}
	}
	bad := 0
	for bad < len(stats) && finite(float64(stats[bad])) {
		bad++
	}
	// Without a bad loss the last update went wrong, or the evaluation.
	sample := min(bad/2, s.train.samples-1)
	if bad < len(stats) {
		d.Loss = stats[bad]
	}
	target := sample / s.train.batch
	if err := s.load(st); err != nil {
		return &DeviceError{err}
	}
	o := st.Options
	row, perEpoch := st.Rows, o.steps(s.train.samples)
	rate := func(step int) float64 {
		return o.Schedule.Rate(o.LearningRate, st.Epoch*perEpoch+step, perEpoch*o.Epochs)
	}
	for row/s.train.batch < target {
		row = s.runStep(row, rate(row/s.train.batch))
	}
	d.Step, d.LearningRate = target+1, rate(target)
	if found, err := s.badParameter(d); err != nil || found {
		return orDevice(err, d)
	}
	s.runStep(row, d.LearningRate)
	if found, err := s.badOutput(d); err != nil || found {
		return orDevice(err, d)
	}
	if found, err := s.badParameter(d); err != nil || found {
		return orDevice(err, d)
	}
	if bad == len(stats) {
		// Everything trained on is finite, so it is the test set's loss, or a
		// sum that is too large for float32.
		d.What, d.Layer = "sums", o.Network.Layers()
		return d
	}
	// Repeating the steps did not repeat the fault: the device does not compute
	// the same twice.
	return &DeviceError{fmt.Errorf("the loss became %v in epoch %d, step %d, but not when the steps were repeated: the device is not reliable", d.Loss, d.Epoch, d.Step)}
}

func orDevice(err error, d *DivergedError) error {
	if err != nil {
		return &DeviceError{err}
	}
	return d
}

// badParameter looks for the first parameter with a value that is not finite.
func (s *session) badParameter(d *DivergedError) (bool, error) {
	values, err := s.network.Values(s.network.Parameters())
	if err != nil {
		return false, err
	}
	i := firstBad(values)
	if i < 0 {
		return false, nil
	}
	shapes := s.options.Network.Shapes()
	d.What, d.Layer = "weights", 1
	if shapes[i].Bias {
		d.What = "biases"
	}
	for _, p := range shapes[:i+1] {
		if !p.Bias && p != shapes[0] {
			d.Layer++
		}
	}
	return true, nil
}

// badOutput looks for the first layer with an output that is not finite.
func (s *session) badOutput(d *DivergedError) (bool, error) {
	values, err := s.network.Values(s.network.Outputs())
	if err != nil {
		return false, err
	}
	if i := firstBad(values); i >= 0 {
		d.What, d.Layer = "outputs", i+1
		return true, nil
	}
	return false, nil
}
