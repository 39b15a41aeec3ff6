package cli

import (
	"fmt"

	"shadegrad/internal/console"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A plotted reporter shows at the end of a run its curve and the most frequent confusion.
type plotted struct {
	report.Reporter
	app    *app
	state  *train.State
	data   *dataset.Data
	scores func() (*train.Scores, error)
	curve  report.Curve
}

// quickTest is the number of multiply-adds of a test that takes about a second on two cores. A longer one, which would only name
// the most frequent confusion, is omitted.
const quickTest = 1e11

// plot returns a reporter that also plots the run, if stdout and stderr are a terminal in interactive use.
func (a *app) plot(show report.Reporter, s *settings, state *train.State, d *dataset.Data, scores func() (*train.Scores, error)) report.Reporter {
	if !console.Is(a.stdout) || !a.interactive() || s.json {
		return show
	}
	return &plotted{Reporter: show, app: a, state: state, data: d, scores: scores}
}

func (r *plotted) Finished(e train.Epoch) {
	r.Reporter.Finished(e)
	r.curve.Add(e)
}

func (r *plotted) Done(outcome train.Epoch, seconds float64) error {
	if err := r.Reporter.Done(outcome, seconds); err != nil {
		return err
	}
	a := r.app
	canvas := report.Canvas{Width: console.Columns(a.stderr, 80), Unicode: console.Braille(a.env), Color: a.env("NO_COLOR") == ""}
	text := r.curve.Plot(r.state.Options, canvas)
	if text != "" {
		text = "\n" + text + "\n"
	}
	fmt.Fprint(a.stderr, text)
	if float64(r.state.Options.Network.Parameters())*float64(r.data.Test.Len()) > quickTest {
		return nil
	}
	if s, err := r.scores(); err == nil { // the test itself has reported a failure
		if words := (report.Scores{Scores: s, Names: r.data.ClassNames}).MostFrequent(); words != "" {
			fmt.Fprintln(a.stderr, words)
		}
	}
	return nil
}
