package train

import (
	"context"

	"shadegrad/internal/clock"
)

// A Best is the epoch of a run that is best on the validation set, with the weights tested there.
//
// The best epoch has the highest accuracy and, at equal accuracy, the lowest loss: mistakes measure a classifier, and
// the loss often rises long before the accuracy falls. For regression it has the lowest loss.
type Best struct {
	Epoch  Epoch
	Values [][]float32 // in the order of mlp.Config.Shapes
}

// better reports whether an epoch is better on the validation set than b, which may be nil.
func (b *Best) better(e Epoch, o Options) bool {
	switch {
	case b == nil:
		return true
	case o.Network.Regression || e.ValAcc == b.Epoch.ValAcc:
		return e.ValLoss < b.Epoch.ValLoss
	}
	return e.ValAcc > b.Epoch.ValAcc
}

// Trained reports whether all epochs are completed or the run stopped early.
func (s *State) Trained() bool { return s.Epoch >= s.Options.Epochs || s.StoppedEarly() }

// StoppedEarly reports whether the last Patience epochs were no better than the best before.
func (s *State) StoppedEarly() bool {
	p := s.Options.Patience
	return p > 0 && s.Best != nil && s.Epoch-s.Best.Epoch.Epoch >= p && s.Epoch < s.Options.Epochs
}

// Done reports whether the run is complete: trained and tested.
func (s *State) Done() bool { return s.Trained() && (s.Tested != nil || s.Options.TestsEach()) }

// Outcome returns the epoch whose weights are the result of the run: the best on the validation
// set, or the last without one. It has test figures if the run is done or each epoch is tested.
func (s *State) Outcome() Epoch {
	switch {
	case s.Tested != nil:
		return *s.Tested
	case s.Best != nil:
		return s.Best.Epoch
	}
	return s.Last
}

// Chosen returns the weights of the epoch of Outcome, as they were evaluated.
func (s *State) Chosen() [][]float32 {
	if s.Best != nil {
		return s.Best.Values
	}
	return s.evaluated()
}

// evaluated returns the weights that the last epoch was evaluated with: the averages if there are
// any.
func (s *State) evaluated() [][]float32 {
	if s.Averages != nil {
		return s.Averages
	}
	return s.Values
}

// choose makes the last epoch the best one if it is better on the validation set.
func (s *State) choose() {
	if !s.Options.Validates() || !s.Best.better(s.Last, s.Options) {
		return
	}
	values := make([][]float32, len(s.Values))
	if s.Best != nil {
		values = s.Best.Values // reuse the memory
	}
	for i, v := range s.evaluated() {
		values[i] = append(values[i][:0], v...)
	}
	s.Best = &Best{s.Last, values}
}

// evaluate sets the figures of an epoch on the sets that are evaluated after each.
func (r *Run) evaluate(s *session, e *Epoch) (err error) {
	begin := clock.Now()
	if r.State.Options.Validates() {
		if e.ValLoss, e.ValAcc, err = s.evaluate(&s.validation); err != nil {
			return err
		}
	}
	if r.State.Options.TestsEach() {
		if e.TestLoss, e.TestAcc, err = s.evaluate(&s.test); err != nil {
			return err
		}
	}
	e.EvalSeconds = clock.Since(begin).Seconds()
	return nil
}

// test evaluates the result of the run on the test set, for the first time.
func (r *Run) test(ctx context.Context, s *session) (err error) {
	if ctx.Err() != nil {
		if err := r.save(); err != nil {
			return err
		}
		return ErrInterrupted
	}
	e, begin := r.State.Outcome(), clock.Now()
	n := s.network.Averaged() // training cannot continue after this
	if err := n.Load(n.Parameters(), r.State.Chosen()); err != nil {
		return &DeviceError{err}
	}
	if e.TestLoss, e.TestAcc, err = s.evaluate(&s.test); err != nil {
		return &DeviceError{err}
	}
	if e.EvalSeconds = clock.Since(begin).Seconds(); !finite(e.TestLoss) {
		return &DivergedError{Epoch: e.Epoch, What: TestLoss, Loss: float32(e.TestLoss)}
	}
	r.State.Tested = &e
	return r.save()
}
