package cli

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/flags"
	"shadegrad/internal/keep"
	"shadegrad/internal/report"
	"shadegrad/internal/shell"
	"shadegrad/internal/train"
)

// runFiles are the files of a run, and the name by which this program was called.
type runFiles struct {
	keep.Files
	program string
}

// newRunFiles chooses the names. It returns an error for a file that cannot be written, before any training is
// lost to it.
func newRunFiles(program string, s *settings) (*runFiles, error) {
	r := &runFiles{keep.Files{Network: s.save, Note: func(string) {}}, cmp.Or(program, "shadegrad")}
	if s.resume != "" {
		r.Checkpoint, r.Kept = s.resume, true
	} else if s.save != "" {
		r.Checkpoint = s.save + ".checkpoint"
	}
	if s.report != "" {
		if err := s.separateReport(r); err != nil {
			return nil, err
		}
	}
	if r.Network == "" {
		return r, nil
	}
	if err := writable(r.Network); err != nil {
		return nil, err
	}
	if atomicfile.Same(r.Network, r.Checkpoint) {
		other := "-resume=" + s.resume
		if s.resume == "" {
			other = "its checkpoint " + r.Checkpoint
		}
		return nil, flags.Errorf("-save=%s and %s are the same file; save the network under another name", s.save, other)
	}
	if s.resume != "" {
		return r, nil
	}
	return r, writable(r.Checkpoint)
}

// writable returns an error if a file cannot be written.
func writable(path string) error {
	if err := atomicfile.Probe(path); err != nil {
		return fmt.Errorf("%w; nothing was trained; name a file that can be written", err)
	}
	return nil
}

// checkpointNow saves the checkpoint, elsewhere if necessary, and returns the command that resumes the run.
func (r *runFiles) checkpointNow(state *train.State, s *settings) (string, error) {
	if err := r.Interrupted(state); err != nil {
		err, saved := moved(err, "checkpoint")
		if !saved {
			return "", err
		}
		r.Note(err.Error())
	}
	if err := r.CatchUp(state); err != nil {
		r.Note(err.Error())
	}
	return r.resume(s), nil
}

// complete removes the checkpoint of a complete run. If the network could not be saved, it is saved elsewhere instead.
func (r *runFiles) complete(state *train.State, s *settings) error {
	left, err := r.Complete(state)
	if left {
		r.Note(r.Checkpoint + " is not removed, since the run saves no network; to save one, resume it with -save=FILE")
	}
	var unsaved *keep.MovedError
	if errors.As(err, &unsaved) && unsaved.Path == "" && r.Kept {
		return fmt.Errorf("%w; to resume from the last checkpoint, run: %s", err, r.resume(s))
	}
	err, _ = moved(err, "network")
	return err
}

// moved adds to an error of saving the file that has the content instead, and reports whether there is one. what names the
// content.
func moved(err error, what string) (error, bool) {
	var m *keep.MovedError
	if !errors.As(err, &m) || m.Path == "" {
		return err, false
	}
	return fmt.Errorf("%w; the %s is saved in %s instead", err, what, m.Path), true
}

// resume returns the command that resumes the run.
func (r *runFiles) resume(s *settings) string {
	args := []string{r.program, "train", "-resume=" + r.Checkpoint}
	if s.Given("backend") {
		args = append(args, "-backend="+string(s.backend))
	}
	if s.save != "" {
		args = append(args, "-save="+s.save)
	}
	if s.force && !r.Saved {
		args = append(args, "-force")
	}
	if s.shadow > 0 {
		args = append(args, fmt.Sprintf("-shadow=%d", s.shadow))
	}
	if s.every > 0 {
		args = append(args, fmt.Sprintf("-every=%d", s.every))
	}
	if s.logdir != "" {
		args = append(args, "-logdir="+s.logdir)
	}
	if s.json {
		args = append(args, "-json")
	}
	if s.live != "" {
		args = append(args, "-live="+s.live)
	}
	if s.report != "" {
		args = append(args, "-report="+s.report)
	}
	for _, x := range s.expect {
		args = append(args, "-expect="+x.Text)
	}
	return typed(args...)
}

// typed returns a command as the user types it, for the end of a message.
func typed(args ...string) string {
	l := shell.Quote(runtime.GOOS, args...)
	if l.PowerShell != "" {
		return l.Text + " (in PowerShell: " + l.PowerShell + ")"
	}
	return l.Text
}

// lastGood describes what is on disk of a run that diverged.
func (r *runFiles) lastGood(s *train.State) string {
	if err := r.CatchUp(s); err != nil {
		return err.Error()
	}
	switch {
	case r.Saved:
		return fmt.Sprintf("%s has the weights of epoch %d", r.Network, r.Epoch)
	case r.Kept:
		return r.Checkpoint + " is unchanged"
	}
	return "no weights were saved"
}

// deviceFailed saves the last good state of a run whose device failed and returns the error to report.
func (r *runFiles) deviceFailed(failure error, state *train.State, s *settings) error {
	if state.Epoch == 0 && state.Rows == 0 {
		return fmt.Errorf("%w; nothing was trained", failure)
	}
	command, err := r.checkpointNow(state, s)
	if err != nil {
		return errors.Join(failure, err)
	}
	return fmt.Errorf("%w; to resume%s, run: %s", failure, report.Since(state), command)
}
