package report

import (
	"fmt"
	"io"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// A Reporter shows a training run to the user.
type Reporter interface {
	train.Reporter
	// Begin is called first, with the reason for the choice of the backend.
	Begin(why string)
	// Note shows a line.
	Note(text string)
	// End is called when training has stopped for any reason.
	End()
	// Profile shows the time that each kernel took.
	Profile(compute.Profile)
	// Outputs shows the network's outputs for a small set.
	Outputs(*Outputs)
	// Diagnosed shows the health of the network after an epoch.
	Diagnosed(*diagnosis.Report)
	// Done shows the outcome of a complete run: the figures of the epoch whose weights are kept, and
	// the seconds since the process started. It returns the first error of writing.
	Done(outcome train.Epoch, seconds float64) error
}

// Text writes a run for people: results to one writer, everything else to another.
type Text struct {
	state          *train.State
	results, notes io.Writer
	why            string
	info           compute.Info
	bar            *Bar
	err            error // the first of writing results
	// Explain translates the options in an error to those that the user knows, unless it is nil.
	Explain func(error) error
}

// NewText returns a reporter of the run s. A nil bar draws no progress line.
func NewText(results, notes io.Writer, s *train.State, bar *Bar) *Text {
	return &Text{state: s, results: results, notes: notes, bar: bar}
}

// Info returns the description of the backend in use.
func (r *Text) Info() compute.Info { return r.info }

func (r *Text) Begin(why string) { r.why = why }

// FallBack reports that the GPU failed and the CPU takes over.
func (r *Text) FallBack(failure error) {
	r.why = "the GPU failed"
	r.Note(fmt.Sprintf("the GPU failed: %v; continuing on the CPU%s", r.explain(failure), Since(r.state)))
}

func (r *Text) explain(err error) error {
	if err == nil || r.Explain == nil {
		return err
	}
	return r.Explain(err)
}

// Since returns " from the end of epoch N" for a run that continues there. It is empty where
// another line gives the place.
func Since(s *train.State) string {
	if s.Epoch == 0 || s.Rows > 0 {
		return ""
	}
	return fmt.Sprintf(" from the end of epoch %d", s.Epoch)
}

func (r *Text) Started(i compute.Info) {
	r.info = i
	r.bar.clear()
	fmt.Fprintf(r.notes, "%s; chosen because %s\n", Describe(i), r.why)
	s, o := r.state, r.state.Options
	data := s.Data.String()
	switch {
	case o.Validation == dataset.TrainingItself:
		data += ", also the validation set (undistorted)"
	case o.Validation > 0:
		data += fmt.Sprintf(", and %d held out for validation", o.Validation)
	}
	fmt.Fprintf(r.notes, "%s: %s; network %s, %d parameters\n", PrintableName(s.Data.Name), data, o.Network, o.Network.Parameters())
	switch {
	case s.Trained():
		fmt.Fprintf(r.notes, "resuming with the test, after %s\n", Count(s.Epoch, "epoch"))
	case s.Rows > 0 || s.Epoch > 0:
		fmt.Fprintf(r.notes, "resuming in epoch %d of %d, after %d of %d %s\n", s.Epoch+1, o.Epochs, s.Rows, s.Data.Samples, Samples(s.Data.Height))
	}
}

// Compiled lists the dispatches of a compiled training step.
func (r *Text) Compiled(d compute.Description) {
	r.bar.clear()
	dispatches := "1 dispatch"
	if n := len(d.Dispatches); n != 1 {
		dispatches = fmt.Sprintf("%d dispatches", n)
	}
	fmt.Fprintf(r.notes, "a training step: %s, %s; on the device: %s\n", dispatches, Count(d.Barriers, "barrier"), compute.FormatBytes(d.Memory))
	for i, p := range d.Dispatches {
		fmt.Fprintf(r.notes, "  %d. %s, %s, %.3g MFLOP: %s\n", i+1, p.Kernel, Count(p.Groups, "group"), p.Work/1e6, strings.Join(p.Ops, " "))
	}
}

func (r *Text) Progress(p train.Progress) { r.bar.draw(p, r.state.Options.Epochs) }

func (r *Text) Finished(e train.Epoch) {
	r.bar.clear()
	o := r.state.Options
	line := fmt.Sprintf("epoch %d/%d: training %s", e.Epoch, o.Epochs, r.figures(e.TrainLoss, e.TrainAcc))
	if o.Validates() {
		line += "; validation " + r.figures(e.ValLoss, e.ValAcc)
	}
	if o.TestsEach() {
		line += "; test " + r.figures(e.TestLoss, e.TestAcc)
	}
	line += fmt.Sprintf("; %.2f s", e.Seconds)
	if rate := e.ImagesPerSecond(); rate > 0 {
		line += fmt.Sprintf(", %.0f %s/s", rate, Samples(r.state.Data.Height))
	}
	r.print("%s\n", line)
}

// figures formats a loss and, unless the network is for regression, an accuracy.
func (r *Text) figures(loss, acc float64) string {
	if r.state.Options.Network.Regression {
		return fmt.Sprintf("loss %.4g", loss)
	}
	return fmt.Sprintf("loss %.4f, accuracy %.2f%%", loss, 100*acc)
}

func (r *Text) Note(text string) {
	r.bar.clear()
	fmt.Fprintln(r.notes, Printable(text))
}

func (r *Text) Noticed(n train.Notice) {
	n.Err = r.explain(n.Err)
	r.Note(NoticeText(n))
}

// NoticeText returns a notice as a sentence.
func NoticeText(n train.Notice) string {
	switch n.Kind {
	case train.NotDiagnosed:
		return fmt.Sprintf("no diagnosis: %v", n.Err)
	case train.NotKept:
		return fmt.Sprintf("the step could not be saved: %v", n.Err)
	case train.Unresponsive:
		return fmt.Sprintf("the device failed: %v; stopping at the end of the last complete epoch", n.Err)
	case train.Retuned:
		return "the GPU has faster kernels than in the last run, which had no time to try them all; results may differ from that run's in rounding"
	}
	return fmt.Sprintf("the training set is transferred to the device in pieces of %d images, which take %s of its memory", n.Images, compute.FormatBytes(n.Bytes))
}

func (r *Text) Profile(p compute.Profile) {
	r.bar.clear()
	r.print("\n%s\n", profileTable(p))
}

func (r *Text) Outputs(o *Outputs) { r.print("%s", o.Text()) }

func (r *Text) End() { r.bar.clear() }

func (r *Text) Done(outcome train.Epoch, seconds float64) error {
	s, o := r.state, r.state.Options
	if s.StoppedEarly() {
		r.Note(fmt.Sprintf("stopped after epoch %d of %d: no improvement on the validation set for %s",
			s.Epoch, o.Epochs, Count(o.Patience, "epoch")))
	}
	if o.TestsEach() {
		choose := "hold out a set with -validation"
		if o.Validates() {
			choose = "use the validation figures"
		}
		r.Note("-test=each: the test set was evaluated after each epoch, and a model chosen by these figures does worse on new data; to choose, " + choose)
	}
	what := fmt.Sprintf("test accuracy %.2f%%, loss %.4f", 100*outcome.TestAcc, outcome.TestLoss)
	if o.Network.Regression {
		what = fmt.Sprintf("test loss %.4g", outcome.TestLoss)
	}
	when := "after " + Count(s.Epoch, "epoch")
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

// print writes a result. It keeps the first error for Done: a run whose results cannot be
// written is still worth finishing.
func (r *Text) print(format string, args ...any) {
	if _, err := fmt.Fprintf(r.results, format, args...); err != nil && r.err == nil {
		r.err = err
	}
}
