package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/committee"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/follow"
	"shadegrad/internal/model"
	"shadegrad/internal/predict"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const evalUsage = `usage: shadegrad eval -model=FILE[,FILE...] [FLAGS]

Tests a network saved by "shadegrad train -save=FILE": accuracy, loss, confusion matrix,
precision and recall of each class; for regression the loss only. Several networks form a
committee, which answers with the mean of their outputs; their own errors are shown too.
`

// eval is "shadegrad eval".
func (a *app) eval(args []string) error {
	s, err := a.parseFlags("eval", evalUsage, args)
	if err != nil {
		return err
	}
	if s.models == nil {
		return flags.Errorf("eval: want -model=FILE, a network saved by \"shadegrad train -save=FILE\"")
	}
	members, err := committee.Load(s.models)
	if err != nil {
		return err
	}
	m, path := members[0].Model, members[0].Path
	// The data get the form that those in training had, with the figures of the training set.
	form := m.About.Form
	form.TestData = ""             // eval tests the data of -data
	form.Numbers = m.About.Numbers // the test part alone does not show it
	form.Learned = m.Learned()
	d, err := form.OpenPart(s.Path, s.part(m))
	if err != nil && (s.Path == "" || dataset.Unsuited(err)) {
		return fmt.Errorf("%s: the network learned %s: %w; name its data with -data", path, report.Short(m.About.Data), err)
	}
	if err != nil {
		return err
	}
	if err := fits(m, d); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	a.note(d.Note)
	if d.Whole && !s.Given("split") {
		a.note(fmt.Sprintf("%s has no test part: all of its %s are tested; -split=test tests a fifth of them", d.Name, report.Count(d.Test.Len(), "sample")))
	}
	opener := a.opener
	opener.Cases = func() []judge.Case { return casesOfEval(m, &d.Test) }
	choice, err := a.openBackend(opener, s.backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	fmt.Fprintf(a.stderr, "%s; chosen because %s\n", report.Describe(choice.Info()), reason(choice))
	if len(members) > 1 {
		return a.committeeScores(members, d, choice, s.json)
	}
	return a.scores(m, d, choice, path, s.json)
}

// casesOfEval returns the judge's cases of the kernels that test a network.
func casesOfEval(m *model.Model, d *dataset.Set) []judge.Case {
	var last []compute.Activation
	if c := m.Network; !c.Regression && c.Outputs() > 1 {
		last = append(last, c.Ranking())
	}
	if f := m.Network.Output; d.Len() <= follow.FewSamples && !slices.Contains(last, f) {
		last = append(last, f)
	}
	step := bench.Step{Network: m.Network, Numbers: d.Values != nil}
	return step.Judged().OfEval(train.EvalSizes(m.Network, d.Len()), last)
}

// part returns the part of a data set to test. By default, a data set that the network was not trained on is tested as a
// whole, unless it has a test part.
func (s *settings) part(m *model.Model) dataset.Part {
	if s.Given("split") {
		return s.split
	}
	data, _, _ := strings.Cut(m.About.Data, ", the first ")
	if filepath.Base(data) == filepath.Base(s.Path) || dataset.IsBuiltIn(s.Path) {
		return dataset.TestPart
	}
	return dataset.OwnTest
}

// fits returns an error if a data set does not suit a network.
func fits(m *model.Model, d *dataset.Data) error {
	const remedy = "; name its data with -data"
	t, numbers := &d.Test, d.Test.Values != nil
	switch {
	case m.Network.Regression && t.Outputs != m.Network.Outputs():
		return fmt.Errorf("the network is for %s, %s has %d"+remedy, report.Count(m.Network.Outputs(), "target"), d.Name, t.Outputs)
	case m.About.Numbers && (!numbers || t.Width != m.Width):
		return fmt.Errorf("the network is for rows of %s, %s has %s"+remedy, report.Count(m.Width, "number"), d.Name, report.Form(t))
	case !m.About.Numbers && (numbers || m.Width != t.Width || m.Height != t.Height):
		return fmt.Errorf("the network is for images of %d×%d, %s has %s"+remedy, m.Width, m.Height, d.Name, report.Form(t))
	}
	if err := d.MatchClasses(m.Learned(), max(m.Network.Outputs(), 2)); err != nil {
		return err
	}
	return d.Test.CheckLabels(max(m.Network.Outputs(), 2))
}

// scores evaluates the network and writes the outcome.
func (a *app) scores(m *model.Model, d *dataset.Data, c *backends.Choice, path string, asJSON bool) error {
	outcome, info, err := a.evaluate(m, d, c)
	if err != nil {
		return err
	}
	if err := finiteLoss(outcome.Loss, path, d); err != nil {
		return err
	}
	s := report.Scores{Scores: outcome, Names: m.About.ClassNames, Path: path, Data: d}
	var o *report.Outputs
	if d.Test.Len() <= follow.FewSamples {
		if o, err = follow.OutputsOf(c, m.Network, m.Values, &d.Test, "of "+path); err != nil {
			return err
		}
	}
	if asJSON {
		out := json.NewEncoder(a.stdout)
		if o != nil {
			err = out.Encode(o)
		}
		return errors.Join(err, out.Encode(s.Event(info)))
	}
	text := s.Text()
	if o != nil {
		text = o.Text() + text
	}
	_, err = io.WriteString(a.stdout, text)
	return err
}

// finiteLoss returns an error if the loss of a network is not finite.
func finiteLoss(loss float64, path string, d *dataset.Data) error {
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%s: the loss on %s is %v: %w", path, d.Name, loss, predict.ErrTooLarge)
	}
	return nil
}

// evaluate tests a network on the chosen backend, or on the CPU if that fails and allows a fallback. It also describes
// the backend that did it.
func (a *app) evaluate(m *model.Model, d *dataset.Data, c *backends.Choice) (*train.Scores, compute.Info, error) {
	return onEither(a, c, func(b compute.Backend) (*train.Scores, error) { return train.Evaluate(b, m.Network, m.Values, &d.Test) })
}

// onEither computes something on the chosen backend, or on the CPU if that fails and allows a fallback. It also describes
// the backend that did it.
func onEither[T any](a *app, c *backends.Choice, do func(compute.Backend) (T, error)) (T, compute.Info, error) {
	v, err := do(c)
	if err == nil || !c.Fallback {
		return v, c.Info(), err
	}
	fmt.Fprintf(a.stderr, "the GPU failed: %v; continuing on the CPU\n", err)
	b := cpu.New()
	defer b.Close()
	v, err = do(b)
	return v, b.Info(), err
}
