package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const evalUsage = `usage: shadegrad eval -model=FILE [FLAGS]

Tests a network that "shadegrad train -save=FILE" wrote: accuracy, loss, confusion
matrix, precision and recall of each class. A network for regression has the loss alone.
`

// eval is "shadegrad eval".
func (a *app) eval(args []string) error {
	var path string
	var place dataFlags
	var asJSON bool
	var threads int
	backend := backends.Auto
	fs := flag.NewFlagSet("eval", flag.ContinueOnError)
	fs.StringVar(&path, "model", "", "`FILE` with the network (needed)")
	dataFlag(fs, &place.path)
	backendFlag(fs, &backend)
	fs.BoolVar(&asJSON, "json", false, "write one JSON object to stdout")
	threadsFlag(fs, &threads)
	if err := a.parseFlags(fs, evalUsage, args); err != nil {
		return err
	}
	if err := noMore(fs); err != nil {
		return err
	}
	if path == "" {
		return usagef("eval needs -model=FILE, a network that \"shadegrad train -save=FILE\" wrote")
	}
	setThreads(threads)
	m, err := model.Load(path)
	if err != nil {
		return err
	}
	// What was made of the data in training is made of these too, by the figures of the training set.
	place.form = m.About.Form
	place.form.Numbers = m.About.Numbers // the test part alone cannot tell
	d, err := place.form.OpenTest(place.path)
	if err != nil && (place.path == "" || dataset.Unsuited(err)) {
		return fmt.Errorf("%s: the network learned %s: %w; name its own data with -data", path, m.About.Data, err)
	}
	if err != nil {
		return err
	}
	if err := fits(m, d); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	choice, err := a.openBackend(a.opener, backend)
	if err != nil {
		return err
	}
	defer choice.Close()
	fmt.Fprintf(a.stderr, "%s; chosen because %s\n", report.Describe(choice.Info()), reason(choice))
	return a.scores(m, d, choice, path, asJSON)
}

// fits tells why a network cannot be asked about a data set.
func fits(m *model.Model, d *dataset.Data) error {
	const remedy = "; name its own data with -data"
	t, numbers := &d.Test, d.Test.Values != nil
	switch {
	case m.Network.Regression && t.Outputs != m.Network.Outputs():
		return fmt.Errorf("the network is for %s, %s has %d"+remedy, report.Count(m.Network.Outputs(), "target"), d.Name, t.Outputs)
	case m.About.Numbers && (!numbers || t.Width != m.Width):
		return fmt.Errorf("the network is for rows of %s, %s has %s"+remedy, report.Count(m.Width, "number"), d.Name, form(t))
	case !m.About.Numbers && (numbers || m.Width != t.Width || m.Height != t.Height):
		return fmt.Errorf("the network is for images of %d×%d, %s has %s"+remedy, m.Width, m.Height, d.Name, form(t))
	}
	// Directories are numbered in the order of their names, so that without one of them all that follow have other numbers.
	if learned := m.About.ClassNames; learned != nil && d.ClassNames != nil && !slices.Equal(learned, d.ClassNames) {
		return fmt.Errorf("the network's classes are %s, those of %s are %s; there must be a directory with images for each of the network's",
			someNames(learned), d.Name, someNames(d.ClassNames))
	}
	return d.Test.CheckLabels(max(m.Network.Outputs(), 2))
}

// mostNames is how many names of classes a message lists.
const mostNames = 10

// someNames lists the first names of classes.
func someNames(names []string) string {
	if n := len(names); n > mostNames {
		return fmt.Sprintf("%s, … (%d)", strings.Join(names[:mostNames], ", "), n)
	}
	return andList(names)
}

// form says what the samples of a set are.
func form(s *dataset.Set) string {
	if s.Values != nil {
		return "rows of " + report.Count(s.Width, "number")
	}
	return fmt.Sprintf("images of %d×%d", s.Width, s.Height)
}

// scores evaluates the network and writes the outcome.
func (a *app) scores(m *model.Model, d *dataset.Data, c *backends.Choice, path string, asJSON bool) error {
	outcome, info, err := a.evaluate(m, d, c)
	if err != nil {
		return err
	}
	if math.IsNaN(outcome.Loss) || math.IsInf(outcome.Loss, 0) {
		return fmt.Errorf("%s: the loss on %s is %v: %s", path, d.Name, outcome.Loss, tooLarge)
	}
	s := report.Scores{Scores: outcome, Names: m.About.ClassNames, Path: path, Data: d}
	var o *report.Outputs
	if d.Test.Len() <= fewSamples {
		if o, err = outputsOf(c, m.Network, m.Values, &d.Test, "of "+path); err != nil {
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

// tooLarge is what is wrong with a network that gives NaN or infinities. Training
// never ends with such weights.
const tooLarge = "the network's weights are too large; train another"

// evaluate has the backend chosen do the work, or the CPU if that one fails and
// may be replaced. It also returns which one it was.
func (a *app) evaluate(m *model.Model, d *dataset.Data, c *backends.Choice) (*train.Scores, compute.Info, error) {
	outcome, err := train.Evaluate(c, m.Network, m.Values, &d.Test)
	if err == nil || !c.Fallback {
		return outcome, c.Info(), err
	}
	fmt.Fprintf(a.stderr, "the GPU failed: %v; continuing on the CPU\n", err)
	b := cpu.New()
	defer b.Close()
	outcome, err = train.Evaluate(b, m.Network, m.Values, &d.Test)
	return outcome, b.Info(), err
}
