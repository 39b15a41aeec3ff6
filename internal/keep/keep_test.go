package keep

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// prepared returns the files of a run that saves its network, its state after an epoch, and the notes.
func prepared(t *testing.T) (*Files, *train.State, *[]string) {
	t.Helper()
	r := recipe.Default()
	r.Path, r.Hidden, r.Epochs = "xor", []int{2}, 2
	d, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.OptionsOn(&d.Train)
	if err != nil {
		t.Fatal(err)
	}
	s := train.NewState(o, d, "xor")
	s.Values, s.Epoch = s.Initial(), 1
	s.Velocities = s.Values
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	path := filepath.Join(t.TempDir(), "m")
	notes := new([]string)
	return &Files{Network: path, Checkpoint: path + ".checkpoint", Data: d, Note: func(text string) { *notes = append(*notes, text) }}, s, notes
}

// exists reports whether there is a file.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestReadBack checks that a network of another program is noticed before the checkpoint is removed.
func TestReadBack(t *testing.T) {
	f, s, _ := prepared(t)
	if err := f.AfterEpoch(s); err != nil || !f.Saved || !f.Kept {
		t.Fatalf("error %v; %+v", err, f)
	}
	s.Epoch = 2
	s.Values = [][]float32{slices.Clone(s.Values[0]), slices.Clone(s.Values[1]), s.Values[2], s.Values[3]}
	s.Values[1][0]++
	_, err := f.Complete(s)
	var moved *MovedError
	if !errors.As(err, &moved) || err.Error() != f.Network+": another program has replaced the network" || !exists(moved.Path) || !exists(f.Checkpoint) {
		t.Fatalf("error %v, moved %+v", err, moved)
	}
	s.Values[1][0]--
	f.unsaved = nil
	if left, err := f.Complete(s); left || err != nil || exists(f.Checkpoint) {
		t.Errorf("left %v, error %v", left, err)
	}
}

// TestAfterEpoch checks that a run whose network cannot be saved continues with one note, and that the network is saved later.
func TestAfterEpoch(t *testing.T) {
	f, s, notes := prepared(t)
	dir := filepath.Dir(f.Network)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f.written = -saveEvery
		if err := f.AfterEpoch(s); err != nil {
			t.Fatal(err)
		}
	}
	if f.Saved || len(*notes) != 1 || !strings.HasSuffix((*notes)[0], "; the run continues and tries again after the next epoch") {
		t.Errorf("saved %v, notes %q", f.Saved, *notes)
	}
	err := f.Interrupted(s)
	var moved *MovedError
	if !errors.As(err, &moved) || moved.Path == "" || f.Checkpoint != moved.Path || !f.Kept || !train.IsCheckpoint(moved.Path) {
		t.Errorf("error %v, the checkpoint is %s", err, f.Checkpoint)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	f.written = -saveEvery
	if err := f.AfterEpoch(s); err != nil || !f.Saved || (*notes)[1] != f.Network+": saved" {
		t.Errorf("error %v, notes %q", err, *notes)
	}
}

// TestLeft checks that the checkpoint of a run without a network is removed only under the usual name.
func TestLeft(t *testing.T) {
	for _, name := range []string{"mine", DefaultCheckpoint, DefaultCheckpoint + ".2"} {
		f, s, _ := prepared(t)
		f.Network, f.Checkpoint = "", filepath.Join(filepath.Dir(f.Network), name)
		if err := f.Interrupted(s); err != nil {
			t.Fatal(err)
		}
		left, err := f.Complete(s)
		if err != nil || left != (name == "mine") || exists(f.Checkpoint) != left {
			t.Errorf("%s: left %v, exists %v, error %v", name, left, exists(f.Checkpoint), err)
		}
	}
}

// TestSave checks the error of a file that can be saved nowhere.
func TestSave(t *testing.T) {
	full, tried := errors.New("full"), 0
	err := Save(filepath.Join(t.TempDir(), "a"), func(string) error { tried++; return full })
	var moved *MovedError
	if !errors.As(err, &moved) || moved.Path != "" || moved.Err != full || tried != 2 {
		t.Errorf("error %v after %d attempts", err, tried)
	}
}
