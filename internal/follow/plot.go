package follow

import (
	"fmt"
	"io"

	"shadegrad/internal/dataset"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A plotted reporter shows at the end of a run its curve and the most frequent confusion.
type plotted struct {
	report.Reporter
	terminal io.Writer
	canvas   func() report.Canvas
	state    *train.State
	data     *dataset.Data
	scores   func() (*train.Scores, error)
	curve    report.Curve
}

// quickTest is the number of multiply-adds of a test that takes about a second on two cores. A longer one, which would only name
// the most frequent confusion, is omitted.
const quickTest = 1e11

// Plot returns a reporter that also plots the run on a terminal when it is complete. canvas describes the terminal at that
// time, scores returns the results on the test set.
func Plot(show report.Reporter, state *train.State, d *dataset.Data, scores func() (*train.Scores, error), terminal io.Writer, canvas func() report.Canvas) report.Reporter {
	return &plotted{Reporter: show, terminal: terminal, canvas: canvas, state: state, data: d, scores: scores}
}

func (r *plotted) Finished(e train.Epoch) {
	r.Reporter.Finished(e)
	r.curve.Add(e)
}

func (r *plotted) Done(outcome train.Epoch, seconds float64) error {
	if err := r.Reporter.Done(outcome, seconds); err != nil {
		return err
	}
	if text := r.curve.Plot(r.state.Options, r.canvas()); text != "" {
		fmt.Fprint(r.terminal, "\n"+text+"\n")
	}
	if float64(r.state.Options.Network.Parameters())*float64(r.data.Test.Len()) > quickTest {
		return nil
	}
	if s, err := r.scores(); err == nil { // the test itself has reported a failure
		if words := (report.Scores{Scores: s, Names: r.data.ClassNames}).MostFrequent(); words != "" {
			fmt.Fprintln(r.terminal, words)
		}
	}
	return nil
}
