package train

import (
	"context"
	"time"
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

// Trained reports whether there are no more epochs to come: all are completed, or there was
// nothing better for as long as the run's patience lasts.
func (s *State) Trained() bool { return s.Epoch >= s.Options.Epochs || s.StoppedEarly() }

// StoppedEarly reports whether the run's patience came to its end before its epochs did.
func (s *State) StoppedEarly() bool {
	p := s.Options.Patience
	return p > 0 && s.Best != nil && s.Epoch-s.Best.Epoch.Epoch >= p && s.Epoch < s.Options.Epochs
}

// Done reports whether the run is complete: trained, and tested.
func (s *State) Done() bool { return s.Trained() && (s.Tested != nil || s.Options.TestsEach()) }

// Outcome returns the epoch whose weights are what the run comes to: the best on the validation
// set, or else the last. Its test figures are there when the run is done, or where each epoch is
// tested.
func (s *State) Outcome() Epoch {
	switch {
	case s.Tested != nil:
		return *s.Tested
	case s.Best != nil:
		return s.Best.Epoch
	}
	return s.Last
}

// Chosen returns the weights of Outcome's epoch, as they were tested.
func (s *State) Chosen() [][]float32 {
	if s.Best != nil {
		return s.Best.Values
	}
	return s.evaluated()
}

// evaluated returns the weights with which the state's last epoch was evaluated: the averages,
// where there are any.
func (s *State) evaluated() [][]float32 {
	if s.Averages != nil {
		return s.Averages
	}
	return s.Values
}

// choose keeps the state's last epoch if it is the best on the validation set.
func (s *State) choose() {
	if !s.Options.Validates() || !s.Best.better(s.Last, s.Options) {
		return
	}
	var kept [][]float32
	if s.Best != nil {
		kept = s.Best.Values
	}
	s.Best = &Best{s.Last, copyInto(kept, s.evaluated())}
}

// copyInto copies values to where dst has them, or to memory of their own where it has none.
func copyInto(dst, src [][]float32) [][]float32 {
	if dst == nil {
		dst = make([][]float32, len(src))
	}
	for i, v := range src {
		dst[i] = append(dst[i][:0], v...)
	}
	return dst
}

// evaluate gives an epoch the figures of the sets that are looked at after each.
func (r *Run) evaluate(s *session, e *Epoch) (err error) {
	begin := time.Now()
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
	e.EvalSeconds = time.Since(begin).Seconds()
	return nil
}

// test looks at the test set, for the first time, with the weights that the run comes to.
func (r *Run) test(ctx context.Context, s *session) (err error) {
	if ctx.Err() != nil {
		if err := r.save(); err != nil {
			return err
		}
		return ErrInterrupted
	}
	e, begin := r.State.Outcome(), time.Now()
	if err := s.show(r.State.Chosen()); err != nil {
		return &DeviceError{err}
	}
	if e.TestLoss, e.TestAcc, err = s.evaluate(&s.test); err != nil {
		return &DeviceError{err}
	}
	if e.EvalSeconds = time.Since(begin).Seconds(); !finite(e.TestLoss) {
		return &DivergedError{Epoch: e.Epoch, What: TestLoss, Loss: float32(e.TestLoss)}
	}
	r.State.Tested = &e
	return r.save()
}

// show puts weights where an evaluation reads them. Training cannot go on after it.
func (s *session) show(values [][]float32) error {
	n := s.network.Averaged()
	return n.Load(n.Parameters(), values)
}
