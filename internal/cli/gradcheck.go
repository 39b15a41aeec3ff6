package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"shadegrad/internal/gradcheck"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const gradcheckUsage = `usage: shadegrad gradcheck [FLAGS]

Compares the gradients that training with these flags uses, for a few samples and the
initial weights, with differences of the loss in float64. Penalties, dropout masks and
distortions are those of the first step. A ReLU has no derivative at its kink:
differences across one are counted, not compared. -clip, -max-norm, -weight-decay and
-average are ignored, since they are not part of the gradient; so are the flags of the
learning rate, the schedule, -patience and -test. Exit status 0 if the gradients are
right, else 1.
`

// A gradcheckJSON is the object of -json.
type gradcheckJSON struct {
	Backend string        `json:"backend"`
	Device  string        `json:"device"`
	Options train.Options `json:"options"`
	*gradcheck.Report
	OK      bool   `json:"ok"`
	Verdict string `json:"verdict"`
}

// gradcheck is "shadegrad gradcheck".
func (a *app) gradcheck(args []string) error {
	f, err := a.parseRecipe("gradcheck", gradcheckUsage, args)
	if err != nil {
		return err
	}
	data, err := f.Open()
	if err != nil {
		return err
	}
	o, err := f.options(data)
	if err != nil {
		return err
	}
	a.note(data.Note)
	if err := train.CheckMemory(o.Network, train.ReplayBytes(o, f.samples)); err != nil {
		return err
	}
	opener := a.opener
	opener.NoSelfTest = true // the gradients are the test
	choice, err := a.openBackend(opener, f.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	var writeErr error
	s := gradcheck.Subject{Network: o.Network, Training: o.StepTraining(), Seed: o.Seed, Samples: f.samples, Weights: f.tried}
	if !f.json {
		fmt.Fprintf(a.stderr, "%s; network %s, %s\n", report.Describe(choice.Info()), o.Network, report.Count(min(f.samples, data.Train.Len()), "sample"))
		s.Done = func(p *gradcheck.Part) {
			_, err := fmt.Fprintln(a.stdout, report.GradientPart(p))
			writeErr = errors.Join(writeErr, err)
		}
	}
	r, err := s.Check(choice.Backend, &data.Train)
	if err != nil {
		return err
	}
	verdict := report.GradientVerdict(r)
	switch {
	case f.json:
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		info := choice.Info()
		writeErr = e.Encode(gradcheckJSON{Backend: info.Backend, Device: info.Device, Options: o, Report: r, OK: r.OK(), Verdict: verdict})
	case r.OK() && writeErr == nil:
		_, writeErr = fmt.Fprintln(a.stdout, verdict)
	}
	if r.OK() || writeErr != nil {
		return writeErr
	}
	return errors.New(verdict + adviceOn(choice.Info().Backend))
}

// adviceOn returns the remedy for wrong gradients.
func adviceOn(backend string) string {
	if backend == "gpu" {
		return "; \"shadegrad doctor\" finds the kernel; train with -backend=cpu until it is fixed"
	}
	return "; this is a bug: please report it with the command line and \"shadegrad version\""
}
