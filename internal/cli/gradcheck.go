package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/gradcheck"
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
		fmt.Fprintln(a.stderr, printableName(data.Note))
	}
	if err := enoughFor(o.Network, train.TrialBytes(o, f.samples)); err != nil {
		return err
	}
	choice, err := a.opener.Open(f.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	for _, note := range choice.Notes {
		fmt.Fprintln(a.stderr, note)
	}
	var writeErr error
	s := gradcheck.Subject{Network: o.Network, Training: o.StepTraining(), Seed: o.Seed, Samples: f.samples, Weights: f.weights}
	if !f.json {
		fmt.Fprintf(a.stderr, "%s; network %s, %s\n", describe(choice.Info()), o.Network, count(min(f.samples, data.Train.Len()), "sample"))
		s.Done = func(p *gradcheck.Part) {
			_, err := fmt.Fprintln(a.stdout, partLine(p))
			writeErr = errors.Join(writeErr, err)
		}
	}
	r, err := s.Check(choice.Backend, &data.Train)
	if err != nil {
		return err
	}
	verdict := gradcheckVerdict(r)
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

// partLine writes a part of the report: a line for the weights or the biases of a layer.
func partLine(p *gradcheck.Part) string {
	verdict := "ok"
	if !p.OK {
		verdict = "WRONG"
	}
	kinks := ""
	if p.Kinks > 0 {
		kinks = fmt.Sprintf(", %d across a kink", p.Kinks)
	}
	if p.OK && p.Hidden() {
		return fmt.Sprintf("%-17s %-11s %3d tried%s; no gradient above %.1e, which rounding hides  ok", partName(p), fmt.Sprintf("%d×%d", p.Rows, p.Cols), p.Tried, kinks, p.Noise)
	}
	return fmt.Sprintf("%-17s %-11s %3d tried%s; error at most %.1e, median %.1e, of a norm of %.1e  %s",
		partName(p), fmt.Sprintf("%d×%d", p.Rows, p.Cols), p.Tried, kinks, p.Largest, p.Median, p.Norm, verdict)
}

// partName names a part: "layer 1, weights".
func partName(p *gradcheck.Part) string {
	kind := "weights"
	if p.Bias {
		kind = "biases"
	}
	return fmt.Sprintf("layer %d, %s", p.Layer, kind)
}

// gradcheckVerdict sums up a report in a sentence.
func gradcheckVerdict(r *gradcheck.Report) string {
	p := r.Largest()
	tried, kinks := 0, 0
	for _, p := range r.Parts {
		tried, kinks = tried+p.Tried, kinks+p.Kinks
	}
	switch {
	case !p.OK && p.Tried == 0:
		return fmt.Sprintf("nothing could be compared of %s: all of its differences lie across kinks; try other -samples or another -seed", partName(p))
	case !p.OK:
		return fmt.Sprintf("the gradients are wrong: of %s element (%d,%d) is %.7g, and by differences %.7g",
			partName(p), p.Worst.Row, p.Worst.Col, p.Worst.Got, p.Worst.Want)
	}
	var left []string
	if kinks > 0 {
		left = append(left, fmt.Sprintf("; %s lie across kinks and were not compared", count(kinks, "difference")))
	}
	return fmt.Sprintf("the gradients are right: of %s none is off by more than %.1e of its layer's norm%s",
		count(tried, "parameter"), p.Largest, strings.Join(left, ""))
}

// adviceOn says what to do about wrong gradients.
func adviceOn(backend string) string {
	if backend == "gpu" {
		return "; \"shadegrad doctor\" tells which kernel it is; train with -backend=cpu until that is mended"
	}
	return "; this is a bug: please report it with the command line and \"shadegrad version\""
}
