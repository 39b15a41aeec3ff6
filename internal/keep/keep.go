// Package keep saves the network and the checkpoint during a run, so that a failure loses little of the run.
package keep

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/capsule"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// DefaultCheckpoint is the checkpoint of an interrupted run that saves no network, defaultCapsule the file of its kept step.
// If the file exists, a number is appended.
const (
	DefaultCheckpoint = "shadegrad.checkpoint"
	defaultCapsule    = "shadegrad.capsule"
)

// Files are the files of a run: the network, if it is saved, and the checkpoint from which the run can be resumed.
type Files struct {
	Network    string // empty if it is not saved
	Checkpoint string // may be empty until it is needed
	Data       *dataset.Data
	Note       func(text string) // tells the user
	Kept       bool              // the checkpoint on disk is of this run
	Saved      bool              // the network on disk is of this run
	Epoch      int               // of its weights
	written    time.Duration     // the time of the last save
	behind     bool              // the last epoch is not saved yet
	unsaved    error             // why the last save failed
	noted      []string
}

// Lock reserves the files of a run and its report, if it has one, so that a second run cannot replace them.
func (f *Files) Lock(report string) (unlock func(), err error) {
	unlock = func() {}
	for _, path := range []string{cmp.Or(f.Network, f.Checkpoint), report} {
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
	for _, path := range []string{f.Network, f.Checkpoint, report} {
		if path != "" {
			atomicfile.Sweep(path)
		}
	}
	return unlock, nil
}

// saveEvery is the least time between two saves in a run of shorter epochs. A save waits for the disk,
// which can take as long as hundreds of epochs on a small set.
const saveEvery = time.Second

// AfterEpoch saves the network and the checkpoint if the run saves its network, so that a crash costs at most an epoch
// or a second. A failure, as on a full disk, does not end the run: the next epoch tries again.
func (f *Files) AfterEpoch(s *train.State) error {
	if f.Network == "" {
		return nil
	}
	tried := f.Saved || f.unsaved != nil
	if f.behind = tried && s.Rows == 0 && !s.Done() && clock.Since(f.written) < saveEvery; f.behind {
		return nil
	}
	failed := f.unsaved != nil
	f.unsaved = f.write(s)
	f.written = clock.Now()
	switch {
	case s.Done(): // Complete reports a failure
	case f.unsaved != nil && !failed:
		f.Note(f.unsaved.Error() + "; the run continues and tries again after the next epoch")
	case f.unsaved == nil && failed:
		f.Note(f.Network + ": saved")
	}
	return nil
}

// Warn turns an *atomicfile.Warning into a note, the first time, and returns any other error.
func (f *Files) Warn(err error) error {
	return atomicfile.Noted(err, func(text string) {
		if !slices.Contains(f.noted, text) {
			f.noted = append(f.noted, text)
			f.Note(text)
		}
	})
}

// CatchUp saves what AfterEpoch postponed.
func (f *Files) CatchUp(s *train.State) error {
	if !f.behind {
		return nil
	}
	f.behind = false
	return f.write(s)
}

// write saves the network and, until the run is complete, the checkpoint.
func (f *Files) write(s *train.State) error {
	if err := f.saveNetwork(f.Network, s); err != nil {
		return err
	}
	f.Saved, f.Epoch = true, s.Outcome().Epoch
	if s.Trained() { // only the test remains; an interrupt of that saves the checkpoint
		return nil
	}
	return f.keep(s)
}

func (f *Files) saveNetwork(path string, s *train.State) error {
	return f.Warn(s.Model(f.Data).Save(path))
}

// keep saves the checkpoint.
func (f *Files) keep(s *train.State) error {
	if s.Data.Digest == "" {
		s.Data.Digest = f.Data.Train.Digest()
	}
	if f.Network != "" {
		s.SaveName = filepath.Base(f.Network)
	}
	save := func(path string) error { return f.Warn(train.SaveCheckpoint(path, s)) }
	var err error
	if f.Checkpoint == "" {
		f.Checkpoint, err = saveNew(DefaultCheckpoint, save)
	} else {
		err = save(f.Checkpoint)
	}
	f.Kept = f.Kept || err == nil
	return err
}

// Interrupted saves the checkpoint. If it cannot be saved, the error is a *MovedError.
func (f *Files) Interrupted(s *train.State) error {
	err := f.keep(s)
	if err == nil {
		return nil
	}
	moved := elsewhere(err, f.Checkpoint, func(path string) error { return f.Warn(train.SaveCheckpoint(path, s)) })
	if moved.Path != "" {
		f.Checkpoint, f.Kept = moved.Path, true
	}
	return moved
}

// Complete removes the checkpoint of a complete run. If the network cannot be saved, the error is a *MovedError. left reports
// whether the checkpoint stays because the run saves no network, although the user has named the checkpoint.
func (f *Files) Complete(s *train.State) (left bool, err error) {
	if f.unsaved != nil {
		f.unsaved = f.write(s)
	}
	if f.unsaved == nil && f.Network != "" {
		f.unsaved = f.readBack(s)
	}
	if f.unsaved != nil {
		return false, elsewhere(f.unsaved, f.Network, func(path string) error { return f.saveNetwork(path, s) })
	}
	if !f.Kept {
		return false, nil
	}
	if f.Network == "" && !strings.HasPrefix(filepath.Base(f.Checkpoint), DefaultCheckpoint) {
		return true, nil
	}
	if err := os.Remove(f.Checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return false, nil
}

// readBack returns an error if the saved network is not that of the run.
func (f *Files) readBack(s *train.State) error {
	if info, err := os.Stat(f.Network); err == nil && !info.Mode().IsRegular() {
		return nil // a device or a pipe
	}
	m, err := model.Load(f.Network)
	if err == nil && !slices.EqualFunc(m.Values, s.Chosen(), slices.Equal) {
		err = fmt.Errorf("%s: another program has replaced the network", f.Network)
	}
	return err
}

// Encapsulate writes a capsule next to the network and returns its name.
func (f *Files) Encapsulate(c *capsule.Capsule) (path string, err error) {
	path = defaultCapsule
	if f.Network != "" {
		path = f.Network + ".capsule"
	}
	return saveNew(path, func(path string) error { return f.Warn(c.Save(path)) })
}
