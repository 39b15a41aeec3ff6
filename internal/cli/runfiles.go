package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/shell"
	"shadegrad/internal/train"
)

// runFiles are the files of a run: the network if -save is given, and the checkpoint from which the run can
// be resumed.
type runFiles struct {
	program    string // the name by which this program was called
	save       string
	report     string // empty without -report
	checkpoint string // without -save and -resume, empty until it is needed
	data       *dataset.Data
	kept       bool          // the checkpoint on disk is of this run
	saved      bool          // the network on disk is of this run
	epoch      int           // of its weights
	written    time.Duration // the time of the last save
	behind     bool          // the last epoch is not saved yet
	unsaved    error         // why the last save failed
	note       func(text string)
	noted      []string
}

// defaultCheckpoint is the checkpoint of an interrupted run without -save. If it exists, a number is
// appended.
const defaultCheckpoint = "shadegrad.checkpoint"

// newRunFiles chooses the names. It returns an error for a file that cannot be written, before any training is
// lost to it.
func newRunFiles(program string, s *settings) (*runFiles, error) {
	r := &runFiles{program: cmp.Or(program, "shadegrad"), save: s.save, report: s.report, note: func(string) {}}
	if s.resume != "" {
		r.checkpoint, r.kept = s.resume, true
	} else if s.save != "" {
		r.checkpoint = s.save + ".checkpoint"
	}
	if s.report != "" {
		if err := s.separateReport(r); err != nil {
			return nil, err
		}
	}
	if r.save == "" {
		return r, nil
	}
	if err := writable(r.save); err != nil {
		return nil, err
	}
	if atomicfile.Same(r.save, r.checkpoint) {
		other := "-resume=" + s.resume
		if s.resume == "" {
			other = "its checkpoint " + r.checkpoint
		}
		return nil, flags.Errorf("-save=%s and %s are the same file; save the network under another name", s.save, other)
	}
	if s.resume != "" {
		return r, nil
	}
	return r, writable(r.checkpoint)
}

// lock reserves the files of a run, so that a second run cannot replace them.
func (r *runFiles) lock() (unlock func(), err error) {
	unlock = func() {}
	for _, path := range []string{cmp.Or(r.save, r.checkpoint), r.report} {
		if info, err := os.Stat(path); path == "" || err == nil && !info.Mode().IsRegular() {
			continue
		}
		free, err := atomicfile.Lock(path)
		if err != nil {
			unlock()
			return nil, err
		}
		before := unlock
		unlock = func() { free(); before() }
	}
	for _, path := range []string{r.save, r.checkpoint, r.report} {
		if path != "" {
			atomicfile.Sweep(path)
		}
	}
	return unlock, nil
}

// writable returns an error if a file cannot be written.
func writable(path string) error {
	if err := atomicfile.Probe(path); err != nil {
		return fmt.Errorf("%w; nothing was trained; name a file that can be written", err)
	}
	return nil
}

// saveEvery is the least time between two saves in a run of shorter epochs. A save waits for the disk,
// which can take as long as hundreds of epochs on a small set.
const saveEvery = time.Second

// afterEpoch saves the network and the checkpoint if -save is given, so that a crash costs at most an epoch
// or a second. A failure, as on a full disk, does not end the run: the next epoch tries again.
func (r *runFiles) afterEpoch(s *train.State) error {
	if r.save == "" {
		return nil
	}
	tried := r.saved || r.unsaved != nil
	if r.behind = tried && s.Rows == 0 && !s.Done() && clock.Since(r.written) < saveEvery; r.behind {
		return nil
	}
	failed := r.unsaved != nil
	r.unsaved = r.write(s)
	r.written = clock.Now()
	switch {
	case s.Done(): // complete reports a failure
	case r.unsaved != nil && !failed:
		r.note(r.unsaved.Error() + "; the run continues and tries again after the next epoch")
	case r.unsaved == nil && failed:
		r.note(r.save + ": saved")
	}
	return nil
}

// warn turns an *atomicfile.Warning into a note, the first time, and returns any other error.
func (r *runFiles) warn(err error) error {
	return atomicfile.Noted(err, func(text string) {
		if !slices.Contains(r.noted, text) {
			r.noted = append(r.noted, text)
			r.note(text)
		}
	})
}

// catchUp saves what afterEpoch postponed.
func (r *runFiles) catchUp(s *train.State) error {
	if !r.behind {
		return nil
	}
	r.behind = false
	return r.write(s)
}

// write saves the network and, until the run is complete, the checkpoint.
func (r *runFiles) write(s *train.State) error {
	if err := r.warn(s.Model(r.data).Save(r.save)); err != nil {
		return err
	}
	r.saved, r.epoch = true, s.Outcome().Epoch
	if s.Trained() { // only the test remains; an interrupt of that saves the checkpoint
		return nil
	}
	return r.keep(s)
}

// keep saves the checkpoint.
func (r *runFiles) keep(s *train.State) error {
	if s.Data.Digest == "" {
		s.Data.Digest = r.data.Train.Identity()
	}
	if r.save != "" {
		s.SaveName = filepath.Base(r.save)
	}
	save := func(path string) error { return r.warn(train.SaveCheckpoint(path, s)) }
	var err error
	if r.checkpoint == "" {
		r.checkpoint, err = saveNew(defaultCheckpoint, save)
	} else {
		err = save(r.checkpoint)
	}
	r.kept = r.kept || err == nil
	return err
}

// complete removes the checkpoint of a complete run. If the network could not be saved, it is saved elsewhere instead.
func (r *runFiles) complete(s *train.State, set *settings) error {
	if r.unsaved != nil {
		r.unsaved = r.write(s)
	}
	if r.unsaved == nil && r.save != "" {
		r.unsaved = r.readBack(s)
	}
	if err := r.unsaved; err != nil {
		path, otherErr := saveNew(elsewhere(r.save), func(path string) error { return r.warn(s.Model(r.data).Save(path)) })
		switch {
		case otherErr == nil:
			return fmt.Errorf("%w; the network is saved in %s instead", err, path)
		case r.kept:
			return fmt.Errorf("%w; to resume from the last checkpoint, run: %s", err, r.resume(set))
		}
		return err
	}
	if !r.kept {
		return nil
	}
	if r.save == "" && !strings.HasPrefix(filepath.Base(r.checkpoint), defaultCheckpoint) {
		r.note(r.checkpoint + " is not removed, since the run saves no network; to save one, resume it with -save=FILE")
		return nil
	}
	if err := os.Remove(r.checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readBack returns an error if the saved network is not that of the run.
func (r *runFiles) readBack(s *train.State) error {
	if info, err := os.Stat(r.save); err == nil && !info.Mode().IsRegular() {
		return nil // a device or a pipe
	}
	m, err := model.Load(r.save)
	if err == nil && !slices.EqualFunc(m.Values, s.Chosen(), slices.Equal) {
		err = fmt.Errorf("%s: another program has replaced the network", r.save)
	}
	return err
}

// saveNew saves to a file that does not exist yet, path or path with a number, and returns its name.
func saveNew(path string, save func(path string) error) (name string, err error) {
	name, release, err := atomicfile.Reserve(path)
	if err != nil {
		return path, err
	}
	defer release()
	return name, save(name)
}

// elsewhere returns the name of path in the directory for temporary files.
func elsewhere(path string) string { return filepath.Join(os.TempDir(), filepath.Base(path)) }

// checkpointNow saves the checkpoint, elsewhere if necessary, and returns the command that resumes the run.
func (r *runFiles) checkpointNow(state *train.State, s *settings) (string, error) {
	if err := r.keep(state); err != nil {
		var otherErr error
		r.checkpoint, otherErr = saveNew(elsewhere(r.checkpoint), func(path string) error { return r.warn(train.SaveCheckpoint(path, state)) })
		if otherErr != nil {
			return "", err
		}
		r.kept = true
		r.note(err.Error() + "; the checkpoint is saved in " + r.checkpoint + " instead")
	}
	if err := r.catchUp(state); err != nil {
		r.note(err.Error())
	}
	return r.resume(s), nil
}

// resume returns the command that resumes the run.
func (r *runFiles) resume(s *settings) string {
	args := []string{r.program, "train", "-resume=" + r.checkpoint}
	if s.Given("backend") {
		args = append(args, "-backend="+string(s.backend))
	}
	if s.save != "" {
		args = append(args, "-save="+s.save)
	}
	if s.force && !r.saved {
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
	if err := r.catchUp(s); err != nil {
		return err.Error()
	}
	switch {
	case r.saved:
		return fmt.Sprintf("%s has the weights of epoch %d", r.save, r.epoch)
	case r.kept:
		return r.checkpoint + " is unchanged"
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
