package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// runFiles are the files of a run: the network, where -save is given, and the
// checkpoint from which the run can go on.
type runFiles struct {
	program    string // how this program is called
	save       string
	checkpoint string // empty until it is needed, without -save and -resume
	data       *dataset.Data
	kept       bool      // the checkpoint on disk is of this run
	saved      bool      // the network on disk is
	epoch      int       // whose weights it has
	written    time.Time // when it was, last
	behind     bool      // the last epoch is not on disk
}

// defaultCheckpoint is where an interrupted run without -save is kept, unless
// another run's checkpoint has that name.
const defaultCheckpoint = "shadegrad.checkpoint"

// freeName returns a name that no file has: path, or path with a number.
func freeName(path string) string {
	name := path
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = fmt.Sprintf("%s.%d", path, i)
	}
}

// newRunFiles chooses the names, and finds out that a file cannot be written
// before any training is lost to it.
func newRunFiles(program string, f *trainFlags) (*runFiles, error) {
	r := &runFiles{program: cmp.Or(program, "shadegrad"), save: f.save}
	if f.resume != "" {
		r.checkpoint, r.kept = f.resume, true
	} else if f.save != "" {
		r.checkpoint = f.save + ".checkpoint"
	}
	if r.save == "" {
		return r, nil
	}
	if sameFile(r.save, r.checkpoint) {
		other := "-resume=" + f.resume
		if f.resume == "" {
			other = "its checkpoint " + r.checkpoint
		}
		return nil, usagef("-save=%s and %s are the same file; save the network under another name", f.save, other)
	}
	if err := writable(r.save); err != nil {
		return nil, err
	}
	if f.resume != "" {
		return r, nil // it is there, or there is more to say than that it is not
	}
	return r, writable(r.checkpoint)
}

// sameFile tells whether two names lead to one file, which need not be there yet.
func sameFile(a, b string) bool {
	if a, err := os.Stat(a); err == nil {
		if b, err := os.Stat(b); err == nil {
			return os.SameFile(a, b)
		}
	}
	place := func(name string) string {
		if target, err := atomicfile.Target(name); err == nil {
			name = target
		}
		if abs, err := filepath.Abs(name); err == nil {
			name = abs
		}
		return filepath.Clean(name)
	}
	return place(a) == place(b)
}

// writable tells why a file could not be written.
func writable(path string) error {
	const remedy = "nothing was trained; name a file that can be written"
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s: cannot save there: it is a directory; %s", path, remedy)
	case err == nil && !info.Mode().IsRegular():
		return nil // a device or a pipe, where nothing is put beside it
	case err == nil:
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("%s: cannot save there: %w; %s", path, cause(err), remedy)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	target, err := atomicfile.Target(path)
	if err != nil {
		return fmt.Errorf("%s: cannot save there: %w; %s", path, cause(err), remedy)
	}
	dir := filepath.Dir(target)
	probe, err := os.CreateTemp(dir, ".shadegrad-*")
	if err != nil {
		return fmt.Errorf("%s: cannot save there: directory %s: %w; %s", path, dir, cause(err), remedy)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// cause drops the path from an error whose message names it already.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// saveEvery is how long epochs that are shorter go unsaved. A save can take as long as
// hundreds of epochs on a small set, since it waits for the disk.
const saveEvery = time.Second

// afterEpoch keeps the network and the checkpoint, where -save asks for it, so
// that whatever happens next costs at most an epoch, or a second.
func (r *runFiles) afterEpoch(s *train.State) error {
	if r.save == "" {
		return nil
	}
	if r.behind = r.saved && s.Rows == 0 && !s.Done() && time.Since(r.written) < saveEvery; r.behind {
		return nil
	}
	return r.write(s)
}

// catchUp writes what afterEpoch put off.
func (r *runFiles) catchUp(s *train.State) error {
	if !r.behind {
		return nil
	}
	r.behind = false
	return r.write(s)
}

// write keeps the network, and the checkpoint until the run is complete.
func (r *runFiles) write(s *train.State) error {
	outcome := s.Outcome()
	form := s.Data.Form
	form.Scale = r.data.Scale
	m := model.Model{Network: s.Options.Network, Width: s.Data.Width, Height: s.Data.Height, Values: s.Chosen(),
		About: model.About{Data: s.Data.Name, Seed: s.Options.Seed, Epochs: outcome.Epoch, TestAcc: outcome.TestAcc, Form: form,
			Unpadded: r.data.Unpadded, Numbers: s.Data.Numbers, ClassNames: r.data.ClassNames}}
	if err := m.Save(r.save); err != nil {
		return err
	}
	r.saved, r.epoch, r.written = true, outcome.Epoch, time.Now()
	if s.Trained() { // all that is left is the test; whoever stops that has the state kept
		return nil
	}
	err := r.keep(s)
	r.written = time.Now()
	return err
}

// keep writes the checkpoint.
func (r *runFiles) keep(s *train.State) error {
	if r.checkpoint == "" {
		r.checkpoint = freeName(defaultCheckpoint)
	}
	if s.Data.Digest == "" {
		s.Data.Digest = train.Digest(r.data)
	}
	if err := train.SaveCheckpoint(r.checkpoint, s); err != nil {
		return err
	}
	r.kept = true
	return nil
}

// complete removes the checkpoint of a run that needs it no longer.
func (r *runFiles) complete(*train.State) error {
	if !r.kept {
		return nil
	}
	if err := os.Remove(r.checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// checkpointNow keeps the state and returns the command that goes on with it.
func (r *runFiles) checkpointNow(s *train.State, f *trainFlags) (string, error) {
	if err := errors.Join(r.catchUp(s), r.keep(s)); err != nil {
		return "", err
	}
	command := shellQuote(r.program) + " train -resume=" + shellQuote(r.checkpoint)
	if f.given["backend"] {
		command += " -backend=" + string(f.backend)
	}
	if f.save != "" {
		command += " -save=" + shellQuote(f.save)
	}
	if f.shadow > 0 {
		command += fmt.Sprintf(" -shadow=%d", f.shadow)
	}
	if f.every > 0 {
		command += fmt.Sprintf(" -every=%d", f.every)
	}
	if f.json {
		command += " -json"
	}
	for _, x := range f.expect {
		command += " -expect=" + shellQuote(x.text)
	}
	return command, nil
}

// lastGood says what is left on disk of a run that diverged.
func (r *runFiles) lastGood(s *train.State) string {
	if err := r.catchUp(s); err != nil {
		return err.Error()
	}
	switch {
	case r.saved:
		return fmt.Sprintf("%s has the weights of epoch %d", r.save, r.epoch)
	case r.kept:
		return r.checkpoint + " is as it was"
	}
	return "no weights were saved"
}

// deviceFailed keeps the last good state of a run whose device failed.
func (r *runFiles) deviceFailed(failure error, s *train.State, f *trainFlags) error {
	if s.Epoch == 0 && s.Rows == 0 {
		return fmt.Errorf("%w; nothing was trained", failure)
	}
	command, err := r.checkpointNow(s, f)
	if err != nil {
		return errors.Join(failure, err)
	}
	return fmt.Errorf("%w; to resume%s, run: %s", failure, report.Since(s), command)
}

// shellQuote writes an argument as a shell reads it. Windows' shells take its
// paths as they are.
func shellQuote(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%"
	if s != "" && strings.Trim(s, plain+string(os.PathSeparator)) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
