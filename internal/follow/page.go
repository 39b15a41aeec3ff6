// Package follow follows a training run: it records the pages that show it, writes its event file, plots its curve and
// shows a small network's outputs.
package follow

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/certificate"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/live"
	"shadegrad/internal/local"
	"shadegrad/internal/page"
	"shadegrad/internal/record"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// The largest fraction of a run's time that diagnoses of its health take.
const (
	reportShare = 0.05
	liveShare   = 0.0025 // with a live page, so that it does not slow the run down noticeably
)

// A Watcher passes on the reports of a run and records what its page shows.
type Watcher struct {
	report.Reporter
	recorder *record.Recorder
	run      *train.Run
	info     compute.Info // of the backend in use
	live     *live.View   // nil without a live page
}

// Watch returns a Watcher that records what the page of a run shows, and makes the run report to it. The reports are passed on
// to show.
func Watch(run *train.Run, show report.Reporter, about record.About) *Watcher {
	w := &Watcher{Reporter: show, run: run, recorder: record.New(run.State, run.Data, about)}
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
	return w
}

// Serve shows the page in browsers during the run. It returns the cause if it cannot listen on the address.
func (w *Watcher) Serve(address string) (*local.Site, error) {
	w.run.DiagnosisShare = min(w.run.DiagnosisShare, liveShare)
	view, site, err := live.Follow(address, w.recorder, w.Title())
	w.live = view
	return site, err
}

// Title returns the title of the page.
func (w *Watcher) Title() string { return "Shadegrad: " + filepath.Base(w.run.State.Data.Name) }

func (w *Watcher) Started(i compute.Info) {
	w.info = i
	w.recorder.Started(i)
	w.Reporter.Started(i)
}

func (w *Watcher) Progress(p train.Progress) {
	w.recorder.Progress(p)
	w.live.Offer(w.recorder)
	w.Reporter.Progress(p)
}

func (w *Watcher) Finished(e train.Epoch) {
	w.recorder.Finished(e)
	w.live.Offer(w.recorder)
	w.Reporter.Finished(e)
}

func (w *Watcher) Noticed(n train.Notice) {
	w.recorder.Note(report.NoticeText(n))
	w.Reporter.Noticed(n)
}

// LastPage shows the last page of a run, stops serving it, and returns its data, or nil if nothing was trained. err is the error
// of the run, train.ErrInterrupted after an interrupt, or nil. b is the backend with which the run began.
// certificate names the file of the run's certificate, if there is one.
func (w *Watcher) LastPage(b compute.Backend, err error, certificate string) *page.Run {
	if w.run.State.Values == nil {
		w.live.End(nil)
		return nil
	}
	p, predictErr := w.page(b, w.ending(err, certificate))
	if predictErr != nil {
		p.Notes = append(p.Notes, "no predictions: "+predictErr.Error())
	}
	w.live.End(p)
	return p
}

// ending describes how the run ended.
func (w *Watcher) ending(err error, file string) record.End {
	s, end := w.run.State, record.End{State: page.Failed}
	var diverged *train.DivergedError
	switch {
	case s.Done():
		end.State = page.Complete
	case errors.Is(err, train.ErrInterrupted):
		end.State = page.Interrupted
	case errors.As(err, &diverged):
		end.State, end.Reason = page.Diverged, diverged.Error()
	}
	if end.State == page.Failed && err != nil {
		end.Reason = err.Error()
	}
	end.Facts = append(end.Facts, page.Fact{Name: "SHA-256 of the weights", Value: certificate.MarkOf(s.Chosen()).SHA256})
	if text, err := os.ReadFile(file); err == nil && end.State == page.Complete {
		end.Facts = append(end.Facts, page.Fact{Name: "SHA-256 of the certificate", Value: fmt.Sprintf("%x", sha256.Sum256(text))})
	}
	return end
}

// page returns the data of the last page.
func (w *Watcher) page(b compute.Backend, end record.End) (*page.Run, error) {
	// A backend that failed or was interrupted may not respond.
	if same := w.info == b.Info(); same && end.State == page.Complete {
		if p, err := w.recorder.Page(b, w.run.Data, end); err == nil {
			return p, nil
		}
	}
	host := cpu.New()
	defer host.Close()
	return w.recorder.Page(host, w.run.Data, end)
}
