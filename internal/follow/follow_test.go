package follow

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/page"
	"shadegrad/internal/recipe"
	"shadegrad/internal/record"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A quiet reporter keeps notes and outputs, and fails to show the end of a run with an error.
type quiet struct {
	report.Reporter
	notes   []string
	outputs []*report.Outputs
	failure error
}

func (r *quiet) Started(compute.Info)                {}
func (r *quiet) Progress(train.Progress)             {}
func (r *quiet) Finished(train.Epoch)                {}
func (r *quiet) Noticed(train.Notice)                {}
func (r *quiet) Note(text string)                    { r.notes = append(r.notes, text) }
func (r *quiet) Outputs(o *report.Outputs)           { r.outputs = append(r.outputs, o) }
func (r *quiet) Done(_ train.Epoch, _ float64) error { return r.failure }

// prepared returns a run of few epochs on built-in data.
func prepared(t *testing.T, name string) *train.Run {
	t.Helper()
	r := recipe.Default()
	r.Path, r.Hidden, r.Epochs, r.Batch = name, []int{8}, 3, 100
	d, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.OptionsOn(&d.Train)
	if err != nil {
		t.Fatal(err)
	}
	b := cpu.New()
	t.Cleanup(func() { b.Close() })
	return &train.Run{Data: d, State: train.NewState(o, d, name), Backend: b}
}

// do runs a run with a reporter.
func do(t *testing.T, run *train.Run, show report.Reporter) {
	t.Helper()
	run.Report = show
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := show.Done(run.State.Outcome(), 1); err != nil {
		t.Fatal(err)
	}
}

// watched returns a watcher of a run.
func watched(run *train.Run) *Watcher {
	return Watch(run, &quiet{}, record.About{Seconds: func() float64 { return 1 }})
}

// value returns the value of a fact of a page, or "".
func value(p *page.Run, name string) string {
	for _, f := range p.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// TestLastPage checks the state of the last page for each way in which a run ends.
func TestLastPage(t *testing.T) {
	certificate := filepath.Join(t.TempDir(), "c.json")
	if err := os.WriteFile(certificate, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	const digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // of "{}"
	run := prepared(t, "spiral")
	w := watched(run)
	if p := w.LastPage(run.Backend, errors.New("no memory"), certificate); p != nil {
		t.Errorf("a run without weights ends with %+v", p)
	}
	do(t, run, w)
	complete := run.State.Epoch
	for _, c := range []struct {
		err    error
		epoch  int
		state  page.State
		reason string
	}{
		{nil, complete, page.Complete, ""},
		{errors.New("full"), complete, page.Complete, ""}, // the file, not the run
		{errors.Join(train.ErrInterrupted), complete - 1, page.Interrupted, ""},
		{&train.DivergedError{}, complete - 1, page.Diverged, (&train.DivergedError{}).Error()},
		{errors.New("lost"), complete - 1, page.Failed, "lost"},
	} {
		run.State.Epoch = c.epoch
		p := w.LastPage(run.Backend, c.err, certificate)
		if p.State != c.state || p.Reason != c.reason || p.Predictions == nil {
			t.Errorf("%v: the page is %q, %q, with %v", c.err, p.State, p.Reason, p.Predictions)
		}
		want := ""
		if c.state == page.Complete {
			want = digest
		}
		if got := value(p, "SHA-256 of the certificate"); got != want || len(value(p, "SHA-256 of the weights")) != 64 {
			t.Errorf("%v: the facts are %v", c.err, p.Facts)
		}
	}
}

// TestServeRefused checks the error for an address in use, and that the run is watched nevertheless.
func TestServeRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	run := prepared(t, "spiral")
	w := watched(run)
	_, err = w.Serve(taken.Addr().String())
	if err == nil || strings.Contains(err.Error(), taken.Addr().String()) {
		t.Fatalf("error %v", err)
	}
	do(t, run, w)
	if p := w.LastPage(run.Backend, nil, ""); p.State != page.Complete || len(p.PerEpoch.X) != 3 {
		t.Errorf("the page is %+v", p)
	}
}

// TestLog checks that a run continues when its event file cannot be written, with one note, and that closing it fails.
func TestLog(t *testing.T) {
	run, show := prepared(t, "spiral"), &quiet{}
	scores := func() (*train.Scores, error) { return nil, errors.New("no test") }
	dir := filepath.Join(t.TempDir(), "runs")
	l, err := NewLog(dir, show, run.State, scores)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.log.Close(); err != nil {
		t.Fatal(err)
	}
	do(t, run, l)
	name := l.log.Name()
	if len(show.notes) != 2 || !strings.HasPrefix(show.notes[0], name+": cannot write: ") || !strings.HasSuffix(show.notes[0], "; the run continues without it") ||
		show.notes[1] != "no confusion matrix: no test" {
		t.Errorf("the notes are %q", show.notes)
	}
	if err := l.Close(); err == nil || !strings.HasPrefix(err.Error(), name+": cannot write: ") || !strings.HasSuffix(err.Error(), "; the file ends before the run") {
		t.Errorf("error %v", err)
	}
	if _, err := NewLog(name, show, run.State, scores); err == nil || strings.Contains(err.Error(), name) {
		t.Errorf("a file is a directory, or the error repeats its name: %v", err)
	}
}

// TestPlot checks what a run draws when it is complete: curve and confusion, without the confusion after a long test, and
// nothing if the end cannot be shown.
func TestPlot(t *testing.T) {
	run := prepared(t, "spiral")
	do(t, run, &quiet{})
	canvas := func() report.Canvas { return report.Canvas{Width: 80} }
	const confusion = "most frequent confusion: "
	for name, c := range map[string]struct {
		show         *quiet
		units        int
		plot, tested bool
	}{
		"short test": {&quiet{}, 8, true, true},
		"long test":  {&quiet{}, 1e9, true, false},
		"failure":    {&quiet{failure: errors.New("closed")}, 8, false, false},
	} {
		tested := false
		scores := func() (*train.Scores, error) {
			tested = true
			return TestScores(run.State, run.Data)()
		}
		state := *run.State
		var out strings.Builder
		r := Plot(c.show, &state, run.Data, scores, &out, canvas)
		for i := range 3 {
			r.Finished(train.Epoch{Epoch: i + 1, TrainLoss: 1 / float64(i+1), TrainAcc: 0.5})
		}
		state.Options.Network.Sizes = []int{2, c.units, 3}
		if err := r.Done(train.Epoch{}, 1); err != c.show.failure {
			t.Errorf("%s: error %v", name, err)
		}
		lines := strings.Count(out.String(), "\n")
		if c.plot != (lines > 5) || c.tested != tested || c.tested != strings.Contains(out.String(), confusion) {
			t.Errorf("%s: tested: %v, text:\n%s", name, tested, &out)
		}
	}
}

// TestOutputsFirst checks that the outputs before training are shown once, although a run that changes its device starts
// twice.
func TestOutputsFirst(t *testing.T) {
	run, show := prepared(t, "xor"), &quiet{}
	before, err := TrainingOutputs("before training", run.State, run.Data)
	if err != nil {
		t.Fatal(err)
	}
	r := OutputsFirst(show, before)
	for range 2 {
		r.Started(compute.Info{})
	}
	if len(show.outputs) != 1 || show.outputs[0] != before || len(before.Samples) != 4 || len(before.Samples[0].Input) != 2 {
		t.Errorf("%d outputs are shown: %+v", len(show.outputs), before)
	}
	if many, err := TrainingOutputs("", prepared(t, "spiral").State, prepared(t, "spiral").Data); many != nil || err != nil {
		t.Errorf("a large set has outputs %v, error %v", many, err)
	}
}
