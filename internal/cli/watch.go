package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/backends"
	"shadegrad/internal/certificate"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/flags"
	"shadegrad/internal/live"
	"shadegrad/internal/page"
	"shadegrad/internal/recipe"
	"shadegrad/internal/record"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// The fractions of a run that the reports on its health take, at most: with -report, whose run they do not slow down
// noticeably, and with -live.
const (
	reportShare = 0.05
	liveShare   = 0.0025
)

// A watcher passes on the reports of a run and records what -report and -live show.
type watcher struct {
	report.Reporter
	recorder *record.Recorder
	settings *settings
	run      *train.Run
	info     compute.Info // of the backend in use
	live     *live.View   // nil without -live
}

// separateReport returns an error if the report cannot be written, or is another file of the run too.
func (s *settings) separateReport(r *runFiles) error {
	for _, other := range []struct{ flag, path string }{{"-save", r.save}, {"-certify", s.certify}, {"the checkpoint", r.checkpoint}} {
		if other.path != "" && atomicfile.Same(s.report, other.path) {
			return flags.Errorf("-report=%s and %s %s are the same file; write the report to another file", s.report, other.flag, other.path)
		}
	}
	return writable(s.report)
}

// watch makes a run record what -report and -live show. It returns nil if neither is given.
func (a *app) watch(s *settings, files *runFiles, run *train.Run, show report.Reporter, why string) (*watcher, error) {
	if s.report == "" && s.live == "" {
		return nil, nil
	}
	w := &watcher{settings: s, run: run, Reporter: show}
	w.recorder = record.New(run.State, run.Data, record.About{Command: s.again(files.program, run.State), Why: why, Version: buildVersion(),
		Seconds: func() float64 { return (a.now() - a.started).Seconds() }})
	run.Report = w
	if w.recorder.Traces() {
		run.Traced = w.recorder.Traced
	}
	verbose := run.Diagnosed
	run.Diagnosed = func(d *diagnosis.Report) {
		if verbose != nil {
			verbose(d)
		}
		w.recorder.Diagnosed(d, report.Findings(d, report.Samples(run.Data.Train.Height)))
	}
	if verbose == nil {
		run.DiagnosisShare = reportShare
	}
	if s.live == "" {
		return w, nil
	}
	run.DiagnosisShare = min(run.DiagnosisShare, liveShare)
	view, site, err := live.Follow(s.live, w.recorder, title(run.State.Data.Name))
	if err != nil {
		return nil, fmt.Errorf("-live=%s: cannot listen: %w; choose another address, or -live alone for a free port", s.live, err)
	}
	w.live = view
	reach := ""
	if !site.Loopback() {
		reach = "; everyone with this address can see the run"
	}
	show.Note("watch the run at " + site.URL + reach)
	return w, nil
}

// again returns the command that repeats a run.
func (s *settings) again(program string, state *train.State) string {
	set := s.Set
	if s.resume != "" {
		r, table := recipe.Default(), []*flags.Flag(nil)
		table = r.Flags()
		set = flags.NewSet("train", table)
		r = recipe.Of(state.Options, state.Data.Form)
		r.Path = state.Data.Path
	}
	args := []string{program, "train"}
	for _, arg := range set.Arguments("preset json expect every v profile shadow save force resume certify report live logdir") {
		args = append(args, strings.TrimSuffix(arg, "=true"))
	}
	return typed(args...)
}

func (w *watcher) Started(i compute.Info) {
	w.info = i
	w.recorder.Started(i)
	w.Reporter.Started(i)
}

func (w *watcher) Progress(p train.Progress) {
	w.recorder.Progress(p)
	w.live.Offer(w.recorder)
	w.Reporter.Progress(p)
}

func (w *watcher) Finished(e train.Epoch) {
	w.recorder.Finished(e)
	w.live.Offer(w.recorder)
	w.Reporter.Finished(e)
}

func (w *watcher) Noticed(n train.Notice) {
	w.recorder.Note(report.NoticeText(n))
	w.Reporter.Noticed(n)
}

// end writes the report of a run that ended with an error or nil, and returns the error to report.
func (w *watcher) end(c *backends.Choice, files *runFiles, err error) error {
	if w == nil {
		return err
	}
	if w.run.State.Values == nil {
		w.live.End(nil)
		return err
	}
	p, predictErr := w.page(c, err)
	if predictErr != nil {
		p.Notes = append(p.Notes, "no predictions: "+predictErr.Error())
	}
	w.live.End(p)
	saveErr := w.save(files, p)
	if err != nil && saveErr != nil {
		w.Note(saveErr.Error())
		return err
	}
	return errors.Join(err, saveErr)
}

// page returns the data of the page of a run that ended.
func (w *watcher) page(c *backends.Choice, err error) (*page.Run, error) {
	s, end := w.run.State, record.End{State: page.Failed}
	var stopped *stoppedError
	var diverged *train.DivergedError
	switch {
	case s.Done():
		end.State = page.Complete
	case errors.As(err, &stopped):
		end.State = page.Interrupted
	case errors.As(err, &diverged):
		end.State, end.Reason = page.Diverged, diverged.Error()
	}
	if end.State == page.Failed && err != nil {
		end.Reason = err.Error()
	}
	end.Facts = append(end.Facts, page.Fact{Name: "SHA-256 of the weights", Value: certificate.MarkOf(s.Chosen()).SHA256})
	if text, err := os.ReadFile(w.settings.certify); err == nil && end.State == page.Complete {
		end.Facts = append(end.Facts, page.Fact{Name: "SHA-256 of the certificate", Value: fmt.Sprintf("%x", sha256.Sum256(text))})
	}
	// A backend that failed or was interrupted may not respond.
	if same := w.info == c.Info(); same && end.State == page.Complete {
		if p, err := w.recorder.Page(c, w.run.Data, end); err == nil {
			return p, nil
		}
	}
	b := cpu.New()
	defer b.Close()
	return w.recorder.Page(b, w.run.Data, end)
}

// title returns the title of the page of a run.
func title(data string) string { return "Shadegrad: " + filepath.Base(data) }

// save writes the report, elsewhere if necessary.
func (w *watcher) save(files *runFiles, p *page.Run) error {
	path := w.settings.report
	if path == "" {
		return nil
	}
	write := func(path string) error { return files.warn(page.Save(path, title(w.run.State.Data.Name), p)) }
	if err := write(path); err != nil {
		other, otherErr := saveNew(elsewhere(path), write)
		if otherErr != nil {
			return err
		}
		return fmt.Errorf("%w; the report is saved in %s instead", err, other)
	}
	w.Note("report in " + report.PrintableName(path))
	return nil
}

// liveAddress parses the value of -live.
func liveAddress(s string) (string, error) {
	const usual = "127.0.0.1:0"
	switch s {
	case "true":
		return usual, nil
	case "false":
		return "", nil
	}
	_, port, err := net.SplitHostPort(s)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil {
		return "", flags.Want("an address and a port, such as 127.0.0.1:8080, or :8080 for all addresses of this machine")
	}
	return s, nil
}
