package train

import (
	"errors"
	"fmt"

	"shadegrad/compute/judge"
	"shadegrad/internal/mlp"
)

// A BreachError says that a device computed a step wrongly.
type BreachError struct {
	Record *StepRecord
	// Result is the first result of the step that is out of its bound.
	Result *judge.Difference
	// Verdict is what the device made of the same step once more, in full and op by op.
	Verdict *judge.Verdict
}

func (e *BreachError) Error() string {
	m := e.Record
	text := fmt.Sprintf("%s computed step %d of epoch %d wrongly: %s", m.Device.Device, m.Step, m.Epoch, e.First())
	if e.Verdict.Wrong() == "" {
		text += ", but rightly when it was asked again"
	}
	return text
}

// First is the first op and element that is wrong: found op by op or, where the device
// did not make the mistake again, that of the step itself.
func (e *BreachError) First() *judge.Difference {
	if d := e.Verdict.First(); d != nil {
		return d
	}
	return e.Result
}

// step does the step that begins at a row of the epoch, and has the judge do it too where
// its turn has come. It returns the row after it.
func (r *Run) step(s *session, row int) (int, error) {
	if r.Shadow > 0 && r.State.Options.stepAt(r.State.Epoch, row, s.train.samples)%r.Shadow == 0 {
		return r.shadow(s, row)
	}
	next, err := s.runStep(r.State.Epoch, row)
	if err != nil {
		return 0, &DeviceError{err}
	}
	return next, nil
}

// shadow does a step, and has the judge do it too. It returns the row after it, or a
// *BreachError.
func (r *Run) shadow(s *session, row int) (int, error) {
	m, next, err := s.capture(r.State, row)
	if err != nil {
		return 0, &DeviceError{err}
	}
	t, err := m.Replay()
	if err != nil {
		return 0, &mlp.FieldError{Field: "Shadow", Value: r.Shadow, Err: err}
	}
	d, err := t.Recorded()
	if err != nil {
		return 0, err
	}
	r.Shadowed++
	if d == nil {
		return next, nil
	}
	breach := &BreachError{Record: m, Result: d}
	if breach.Verdict, err = t.Check(s.backend); err != nil {
		return 0, &DeviceError{errors.Join(fmt.Errorf("step %d of epoch %d is wrong: %s", m.Step, m.Epoch, d), err)}
	}
	if err := s.describe(m); err != nil {
		return 0, &DeviceError{err}
	}
	return 0, breach
}

// diagnose is that of the session, and keeps the step that is to blame, if there is one and
// somebody wants it.
func (r *Run) diagnose(s *session, sum *DivergedError) error {
	err := s.diagnose(r.State, sum)
	var d *DivergedError
	if r.Keep == nil || !errors.As(err, &d) || d.Step == 0 {
		return err
	}
	m, failed := s.badStep(r.State, d)
	if failed == nil && m != nil {
		failed = r.Keep(m)
	}
	if failed != nil {
		r.Report.Note(fmt.Sprintf("the step could not be kept: %v", failed))
	}
	return err
}

// badStep repeats an epoch up to the step that made the first number that is not
// finite: that where it was seen, or the one before, whose update it was, or where
// nothing showed for long, one earlier still. It returns nil if a repetition is in
// order.
func (s *session) badStep(st *State, d *DivergedError) (*StepRecord, error) {
	const near = 2 // steps before the one where it was seen; most are there
	seen := (d.Step - 1) * s.train.batch
	for _, from := range []int{max(st.Rows, seen-near*s.train.batch), st.Rows} {
		m, before, err := s.firstBadStep(st, from, seen)
		if err != nil || before {
			return m, err
		}
	}
	return nil, nil
}

// firstBadStep repeats an epoch up to a row without looking, and from there on step by step
// up to the one at last. before tells whether the parameters were still finite at from.
func (s *session) firstBadStep(st *State, from, last int) (m *StepRecord, before bool, err error) {
	if err := s.load(st); err != nil {
		return nil, false, err
	}
	row := st.Rows
	for row < from {
		if row, err = s.runStep(st.Epoch, row); err != nil {
			return nil, false, err
		}
	}
	for row <= last {
		m, next, err := s.capture(st, row)
		switch {
		case err != nil:
			return nil, false, err
		case !m.Before.finite(): // only at from
			return nil, false, nil
		case !m.Finite():
			return m, true, s.describe(m)
		}
		row = next
	}
	return nil, true, nil
}

// shadowMemory is what -shadow takes of the machine.
func (r *Run) shadowMemory() memoryNeed {
	if r.Shadow == 0 {
		return memoryNeed{}
	}
	o := r.State.Options
	return memoryNeed{host: ReplayBytes(o, o.BatchSize(r.Data.Train.Len()))}
}
