package train

import (
	"errors"
	"fmt"

	"shadegrad/compute/judge"
	"shadegrad/internal/mlp"
)

// A BreachError reports that a device computed a step wrongly.
type BreachError struct {
	Record *StepRecord
	// Result is the first result of the step that is out of its bound.
	Result *judge.Difference
	// Verdict judges the same step, computed again by the device as a whole and op by op.
	Verdict *judge.Verdict
}

func (e *BreachError) Error() string {
	m := e.Record
	text := fmt.Sprintf("%s computed step %d of epoch %d wrongly: %s", m.Device.Device, m.Step, m.Epoch, e.First())
	if e.Verdict.Wrong() == "" {
		text += "; it computed the step correctly when it was repeated"
	}
	return text
}

// First returns the first op and element that is wrong: found op by op or, if the device did not
// repeat its mistake, that of the step itself.
func (e *BreachError) First() *judge.Difference {
	if d := e.Verdict.First(); d != nil {
		return d
	}
	return e.Result
}

// step runs the step that begins at a row of the epoch, and replays every Shadow-th one. It
// returns the row after it.
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

// shadow runs a step and replays it. It returns the row after it, or a *BreachError.
func (r *Run) shadow(s *session, row int) (int, error) {
	m, next, err := s.record(r.State, row)
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
	if err := s.addSources(m); err != nil {
		return 0, &DeviceError{err}
	}
	return 0, breach
}
