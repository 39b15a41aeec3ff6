package cli

import (
	"fmt"

	"shadegrad/internal/capsule"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// shadow makes a run check every so many steps and keep the step at which it diverges.
func (r *runFiles) shadow(run *train.Run, every int, show report.Reporter) {
	run.Shadow = every
	run.Keep = func(m *train.StepRecord) error {
		path, err := r.Encapsulate(capsule.OfDivergence(m))
		if err == nil {
			show.Note("the step is saved in " + path + "; to find out whether the device or the learning rate is at fault, run: " + r.replay(path))
		}
		return err
	}
}

// replay returns the command that replays a capsule.
func (r *runFiles) replay(path string) string {
	return typed(r.program, "replay", path)
}

// breached saves the step that a device computed wrongly and returns the error to report.
func (r *runFiles) breached(e *train.BreachError, s *train.State) error {
	path, err := r.Encapsulate(capsule.OfBreach(e))
	if err != nil {
		return fmt.Errorf("the device is wrong: %w; %s; the step could not be saved: %w", e, r.lastGood(s), err)
	}
	return fmt.Errorf("the device is wrong: %w; %s; the step is saved in %s; to replay it, run: %s", e, r.lastGood(s), path, r.replay(path))
}

// shadowed reports how many steps of a complete run were checked.
func shadowed(run *train.Run, show report.Reporter) {
	if run.Shadow > 0 {
		show.Note(report.Count(run.Shadowed, "step") + " checked in float64, all results within their bounds")
	}
}
