package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"

	"shadegrad/internal/backends"
	"shadegrad/internal/gradcheck"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const gradcheckUsage = `usage: shadegrad gradcheck [FLAGS]

Compares the gradients that training with these flags uses on the backend, for a few samples
near the first weights, with differences of the loss in float64: with penalties, and with the masks of
dropout and the distortions of the first step. A ReLU has no derivative at its kink; parameters
whose difference lies across one are counted and not compared. -clip, -max-norm, -weight-decay and
-average are left out, since they are no part of the gradient; the flags of rate and schedule,
-patience and -test change nothing here. The exit status is 0 if the gradients are right, else 1.
`

// gradcheckFlags are the settings of "shadegrad gradcheck".
type gradcheckFlags struct {
	backend    backends.Kind
	data       dataFlags
	recipe     recipe
	samples    int
	weights    int
	threads    int
	json       bool
	presetName string
}

func (a *app) gradcheckFlags(args []string) (*gradcheckFlags, error) {
	f, _, err := parseRecipe(a, gradcheckUsage, args, newGradcheckFlags)
	if err != nil {
		return nil, err
	}
	return f, f.recipe.check(f.data.form)
}

func (f *gradcheckFlags) preset() string { return f.presetName }

func newGradcheckFlags() (*gradcheckFlags, *flag.FlagSet) {
	f := &gradcheckFlags{backend: backends.Auto, recipe: defaultRecipe(), samples: 8, weights: 50}
	fs := flag.NewFlagSet("gradcheck", flag.ContinueOnError)
	presetFlag(fs, &f.presetName)
	backendFlag(fs, &f.backend)
	f.data.flags(fs)
	f.recipe.flags(fs)
	fs.Var(setting[int]{&f.samples, whole(1, "1 or more"), nil}, "samples", "how many training samples make the batch, `N`")
	fs.Var(setting[int]{&f.weights, whole(1, "1 or more"), nil}, "weights", "how many of each layer's weights are tried, and of its biases, `N`")
	threadsFlag(fs, &f.threads)
	fs.BoolVar(&f.json, "json", false, "write one JSON object to stdout")
	return f, fs
}

// A gradcheckJSON is what -json writes.
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
	f, err := a.gradcheckFlags(args)
	if err != nil {
		return err
	}
	setThreads(f.threads)
	data, err := f.data.openSplit(f.recipe.Validation, f.recipe.Seed)
	if err != nil {
		return err
	}
	o, err := f.recipe.options(data)
	if err != nil {
		return err
	}
	if data.Note != "" {
		fmt.Fprintln(a.stderr, report.PrintableName(data.Note))
	}
	if err := enoughFor(o.Network, train.TrialBytes(o, f.samples)); err != nil {
		return err
	}
	choice, err := a.openBackend(a.opener, f.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	var writeErr error
	s := gradcheck.Subject{Network: o.Network, Training: o.StepTraining(), Seed: o.Seed, Samples: f.samples, Weights: f.weights}
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

// adviceOn says what to do about wrong gradients.
func adviceOn(backend string) string {
	if backend == "gpu" {
		return "; \"shadegrad doctor\" finds the kernel; train with -backend=cpu until it is fixed"
	}
	return "; this is a bug: please report it with the command line and \"shadegrad version\""
}
