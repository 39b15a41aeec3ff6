package cli

import (
	"fmt"
	"io"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// A reporter tells the user of a run.
type reporter interface {
	train.Reporter
	// begin is called first, with the backend chosen.
	begin(*backends.Choice)
	// end is called when training has stopped, however it did.
	end()
	// profile tells where the device's time went.
	profile(compute.Profile)
	// outputs tells of the network's outputs for a small set.
	outputs(*outputs)
	// diagnosed tells of the network's health after an epoch.
	diagnosed(*diagnosis.Report)
	// done tells the outcome of a complete run, the figures of the epoch whose weights it
	// came to.
	done(outcome train.Epoch, seconds float64) error
}

// textReporter writes for people: results to results, the rest to notes.
type textReporter struct {
	state          *train.State
	results, notes io.Writer
	why            string
	info           compute.Info // of the backend in use
	bar            *bar         // nil where nobody watches
	err            error        // the first that writing a result gave
}

func (a *app) textReporter(s *train.State) *textReporter {
	return &textReporter{state: s, results: a.stdout, notes: a.stderr, bar: a.newBar()}
}

func (r *textReporter) begin(c *backends.Choice) { r.why = c.Why }

// fallBack tells that the CPU takes over.
func (r *textReporter) fallBack(failure error) {
	r.why = "the GPU failed"
	r.Note(fmt.Sprintf("the GPU failed: %v; going on with the CPU%s", failure, since(r.state)))
}

func (r *textReporter) Started(i compute.Info) {
	r.info = i
	r.bar.clear()
	fmt.Fprintf(r.notes, "%s; chosen because %s\n", describe(i), r.why)
	s, o := r.state, r.state.Options
	data := s.Data.String()
	switch {
	case o.Validation == dataset.TrainingItself:
		data += ", which are the validation set too, as they are"
	case o.Validation > 0:
		data += fmt.Sprintf(", and %d put aside for validation", o.Validation)
	}
	fmt.Fprintf(r.notes, "%s: %s; network %s, %d parameters\n", printableName(s.Data.Name), data, o.Network, o.Network.Parameters())
	switch {
	case s.Trained():
		fmt.Fprintf(r.notes, "going on with the test, after %s\n", count(s.Epoch, "epoch"))
	case s.Rows > 0 || s.Epoch > 0:
		fmt.Fprintf(r.notes, "going on in epoch %d of %d, after %d of %d %s\n", s.Epoch+1, o.Epochs, s.Rows, s.Data.Samples, samples(s.Data.Height))
	}
}

// compiled tells what a training step was compiled to.
func (r *textReporter) compiled(d compute.Description) {
	r.bar.clear()
	dispatches := "1 dispatch"
	if n := len(d.Dispatches); n != 1 {
		dispatches = fmt.Sprintf("%d dispatches", n)
	}
	fmt.Fprintf(r.notes, "a training step: %s, %s; on the device: %s\n", dispatches, count(d.Barriers, "barrier"), compute.FormatBytes(d.Memory))
	for i, p := range d.Dispatches {
		fmt.Fprintf(r.notes, "  %d. %s, %s, %.3g MFLOP: %s\n", i+1, p.Kernel, count(p.Groups, "group"), p.Work/1e6, strings.Join(p.Ops, " "))
	}
}

// describe names a backend, its device and its driver in one line.
func describe(i compute.Info) string {
	s := fmt.Sprintf("%s: %s, %s", i.Backend, i.Device, i.Driver)
	if i.Detail != "" {
		s += ", " + i.Detail
	}
	return s
}

func (r *textReporter) Progress(p train.Progress) {
	r.bar.draw(p, r.state.Options.Epochs)
}

func (r *textReporter) Finished(e train.Epoch) {
	r.bar.clear()
	o := r.state.Options
	line := fmt.Sprintf("epoch %d/%d: training %s", e.Epoch, o.Epochs, r.figures(e.TrainLoss, e.TrainAcc))
	if o.Validates() {
		line += "; validation " + r.figures(e.ValLoss, e.ValAcc)
	}
	if o.TestsEach() {
		line += "; test " + r.figures(e.TestLoss, e.TestAcc)
	}
	r.print("%s; %.2f s, %.0f %s/s\n", line, e.Seconds, e.ImagesPerSecond(), samples(r.state.Data.Height))
}

// figures writes a loss and an accuracy, which a network for regression has not.
func (r *textReporter) figures(loss, acc float64) string {
	if r.state.Options.Network.Regression {
		return fmt.Sprintf("loss %.4g", loss)
	}
	return fmt.Sprintf("loss %.4f, accuracy %.2f%%", loss, 100*acc)
}

// samples is what samples of a height are called: images, unless they are rows of numbers.
func samples(height int) string {
	if height > 1 {
		return "images"
	}
	return "samples"
}

func (r *textReporter) Note(text string) {
	r.bar.clear()
	fmt.Fprintln(r.notes, printable(text))
}

func (r *textReporter) profile(p compute.Profile) {
	r.bar.clear()
	r.print("\n%s\n", profileTable(p))
}

func (r *textReporter) outputs(o *outputs) { r.print("%s", o.text()) }

func (r *textReporter) end() { r.bar.clear() }

func (r *textReporter) done(outcome train.Epoch, seconds float64) error {
	s, o := r.state, r.state.Options
	if s.StoppedEarly() {
		r.Note(fmt.Sprintf("stopped after epoch %d of %d: nothing was better on the validation set for %s",
			s.Epoch, o.Epochs, count(o.Patience, "epoch")))
	}
	if o.TestsEach() {
		choose := "a -validation set"
		if o.Validates() {
			choose = "those of the validation set"
		}
		r.Note("-test=each: the test set was looked at after each epoch; whatever is chosen by its figures does worse on new data than they say: to choose, use " + choose)
	}
	what := fmt.Sprintf("test accuracy %.2f%%, loss %.4f", 100*outcome.TestAcc, outcome.TestLoss)
	if o.Network.Regression {
		what = fmt.Sprintf("test loss %.4g", outcome.TestLoss)
	}
	when := "after " + count(s.Epoch, "epoch")
	if o.Validates() {
		set := "validation"
		if o.Validation == dataset.TrainingItself {
			set = "training"
		}
		when = fmt.Sprintf("with the weights of epoch %d of %d, the best on the %s set", outcome.Epoch, s.Epoch, set)
	}
	r.print("%s; %s, %.2f s from the start of the program\n", what, when, seconds)
	return r.err
}

// print writes a result. Training is worth finishing where it cannot, so the
// error waits.
func (r *textReporter) print(format string, args ...any) {
	if _, err := fmt.Fprintf(r.results, format, args...); err != nil && r.err == nil {
		r.err = err
	}
}

// count writes "1 epoch" and "2 epochs".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
