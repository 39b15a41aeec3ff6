package cli

import (
	"flag"
	"fmt"

	"shadegrad/internal/capsule"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// defaultCapsule is where a step is kept of a run without -save, unless another's capsule
// has that name.
const defaultCapsule = "shadegrad.capsule"

// shadowFlag declares -shadow.
func shadowFlag(fs *flag.FlagSet, dst *int) {
	show := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	fs.Var(setting[int]{dst, whole(1, "1 or more"), show}, "shadow",
		"replay every `N`-th step in float64 on the CPU, beginning with the first, and stop at one\nthat the device computed wrongly, with a capsule for \"shadegrad replay\"; such a step\ntakes about 0.05 s more for the default network, others take no longer (default never)")
}

// shadow has a run's steps replayed, where -shadow asks for it, and the step kept at which
// a run diverges.
func (r *runFiles) shadow(run *train.Run, every int, show report.Reporter) {
	run.Shadow = every
	run.Keep = func(m *train.Moment) error {
		path, err := r.encapsulate(capsule.OfDivergence(m))
		if err == nil {
			show.Note("the step is kept in " + path + "; whether the device or the learning rate is to blame tells: " + r.replay(path))
		}
		return err
	}
}

// encapsulate writes a capsule beside the network, and returns its name.
func (r *runFiles) encapsulate(c *capsule.Capsule) (path string, err error) {
	path = defaultCapsule
	if r.save != "" {
		path = r.save + ".capsule"
	}
	path = freeName(path)
	return path, c.Save(path)
}

// replay is the command that runs a capsule.
func (r *runFiles) replay(path string) string {
	return shellQuote(r.program) + " replay " + shellQuote(path)
}

// breached keeps the step that a device computed wrongly, and says so.
func (r *runFiles) breached(e *train.BreachError, s *train.State) error {
	path, err := r.encapsulate(capsule.OfBreach(e))
	if err != nil {
		return fmt.Errorf("the device is wrong: %w; %s; the step could not be kept: %w", e, r.lastGood(s), err)
	}
	return fmt.Errorf("the device is wrong: %w; %s; the step is kept in %s; to run it again: %s", e, r.lastGood(s), path, r.replay(path))
}

// shadowed tells how many steps of a complete run were replayed.
func shadowed(run *train.Run, show report.Reporter) {
	if run.Shadow > 0 {
		show.Note(report.Count(run.Shadowed, "step") + " replayed in float64, with no result out of its bounds")
	}
}
