package cli

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/backends"
	"shadegrad/internal/console"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/follow"
	"shadegrad/internal/keep"
	"shadegrad/internal/page"
	"shadegrad/internal/recipe"
	"shadegrad/internal/record"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// separateReport returns an error if the report cannot be written, or is another file of the run too.
func (s *settings) separateReport(r *runFiles) error {
	for _, other := range []struct{ flag, path string }{{"-save", r.Network}, {"-certify", s.certify}, {"the checkpoint", r.Checkpoint}} {
		if other.path != "" && atomicfile.Same(s.report, other.path) {
			return flags.Errorf("-report=%s and %s %s are the same file; write the report to another file", s.report, other.flag, other.path)
		}
	}
	return writable(s.report)
}

// watch makes a run record what -report and -live show. It returns nil if neither is given.
func (a *app) watch(s *settings, files *runFiles, run *train.Run, show report.Reporter, why string) (*follow.Watcher, error) {
	if s.report == "" && s.live == "" {
		return nil, nil
	}
	w := follow.Watch(run, show, record.About{Command: s.again(files.program, run.State), Why: why, Version: buildVersion(),
		Seconds: func() float64 { return (a.now() - a.started).Seconds() }})
	if s.live == "" {
		return w, nil
	}
	site, err := w.Serve(s.live)
	if err != nil {
		return nil, fmt.Errorf("-live=%s: cannot listen: %w; choose another address, or -live alone for a free port", s.live, err)
	}
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

// endWatch shows and saves the last page of a run that ended with an error or nil, and returns the error to report.
func (s *settings) endWatch(w *follow.Watcher, c *backends.Choice, files *runFiles, err error) error {
	if w == nil {
		return err
	}
	p := w.LastPage(c, err, s.certify)
	if p == nil || s.report == "" {
		return err
	}
	saveErr := s.saveReport(w, files, p)
	if err != nil && saveErr != nil {
		w.Note(saveErr.Error())
		return err
	}
	return errors.Join(err, saveErr)
}

// saveReport writes the report, elsewhere if necessary.
func (s *settings) saveReport(w *follow.Watcher, files *runFiles, p *page.Run) error {
	if err := keep.Save(s.report, func(path string) error { return files.Warn(page.Save(path, w.Title(), p)) }); err != nil {
		err, _ = moved(err, "report")
		return err
	}
	w.Note("report in " + report.PrintableName(s.report))
	return nil
}

// startLog returns a reporter that also writes to -logdir, and a function that closes the file. Without -logdir they are
// show and one that does nothing.
func (s *settings) startLog(show report.Reporter, state *train.State, scores func() (*train.Scores, error)) (report.Reporter, func() error, error) {
	if s.logdir == "" {
		return show, func() error { return nil }, nil
	}
	log, err := follow.NewLog(s.logdir, show, state, scores)
	if err != nil {
		return nil, nil, fmt.Errorf("-logdir=%s: cannot write: %w; nothing was trained; name a directory that can be written", s.logdir, err)
	}
	return log, log.Close, nil
}

// plot returns a reporter that also plots the run, if stdout and stderr are a terminal in interactive use.
func (a *app) plot(show report.Reporter, s *settings, state *train.State, d *dataset.Data, scores func() (*train.Scores, error)) report.Reporter {
	if !console.Is(a.stdout) || !a.interactive() || s.json {
		return show
	}
	return follow.Plot(show, state, d, scores, a.stderr, func() report.Canvas {
		return report.Canvas{Width: console.Columns(a.stderr, 80), Unicode: console.Braille(a.env), Color: a.env("NO_COLOR") == ""}
	})
}
