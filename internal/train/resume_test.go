package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
)

// interrupted trains in pieces of the given numbers of steps, and then to the end. Each piece resumes
// from the checkpoint of the piece before.
func interrupted(t *testing.T, o Options, d *dataset.Data, pieces []int) (*State, *recorder) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint")
	report := &recorder{}
	state := NewState(o, d, "")
	for _, steps := range append(slices.Clone(pieces), -1) {
		b := cpu.New()
		saved := 0
		run := &Run{Data: d, State: state, Report: report, Backend: b, Save: func(s *State) error {
			saved++
			return SaveCheckpoint(path, s)
		}}
		err := run.Do(after(steps))
		if closeErr := b.Close(); closeErr != nil {
			t.Error(closeErr)
		}
		if steps < 0 {
			if err != nil {
				t.Fatal(err)
			}
			return run.State, report
		}
		if !errors.Is(err, ErrInterrupted) {
			t.Fatalf("after %d steps: error %v, want ErrInterrupted", steps, err)
		}
		if saved == 0 {
			t.Fatal("the interrupted run was not saved")
		}
		if state, err = LoadCheckpoint(path); err != nil {
			t.Fatal(err)
		}
		sameState(t, "the checkpoint", state, run.State)
		if err := state.Data.Same(d); err != nil {
			t.Errorf("the checkpoint's data: %v", err)
		}
	}
	return nil, nil
}

func TestResume(t *testing.T) {
	d := squares(47, 20, 4) // five steps an epoch, the last one smaller
	o := options(4)
	want, whole := trainCPU(t, o, d)
	for _, pieces := range [][]int{
		{0}, {1}, {3}, {4}, {5}, {6}, {10}, {14}, {15}, {19},
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
		{5, 5, 5}, {0, 0, 2, 0, 3, 0}, {7, 3, 4},
	} {
		t.Run(fmt.Sprint(pieces), func(t *testing.T) {
			got, report := interrupted(t, o, d, pieces)
			sameState(t, "resumed", got, want)
			if !slices.Equal(report.figures(), whole.figures()) {
				t.Errorf("figures %+v\nwant    %+v", report.figures(), whole.figures())
			}
			images := 0
			for _, e := range report.epochs {
				images += e.Images
			}
			if most := 47 * o.Epochs; images > most || len(pieces) == 1 && pieces[0]%5 == 0 && images != most {
				t.Errorf("%d images are said to be trained on, of %d", images, most)
			}
		})
	}
}

// TestResumeDone resumes a complete run, which does nothing.
func TestResumeDone(t *testing.T) {
	d := squares(47, 20, 4)
	want, _ := trainCPU(t, options(4), d)
	path := filepath.Join(t.TempDir(), "checkpoint")
	if err := SaveCheckpoint(path, want); err != nil {
		t.Fatal(err)
	}
	got, err := LoadCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	b, report := cpu.New(), &recorder{}
	defer b.Close()
	if err := (&Run{Data: d, State: got, Report: report, Backend: b}).Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	sameState(t, "resumed", got, want)
	if len(report.epochs) != 0 || got.Last != want.Last {
		t.Errorf("%d epochs were trained, the last one is %+v", len(report.epochs), got.Last)
	}
}

func TestInterruptedBeforeStart(t *testing.T) {
	d := squares(47, 20, 4)
	b, report := cpu.New(), &recorder{}
	defer b.Close()
	state := NewState(options(4), d, "")
	first := copyOf(state)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	run := &Run{Data: d, State: state, Report: report, Backend: b}
	if err := run.Do(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	sameState(t, "interrupted at once", run.State, first)
	if run.State.Rows != 0 || len(report.epochs) != 0 {
		t.Errorf("row %d, %d epochs", run.State.Rows, len(report.epochs))
	}
}

func TestInterruptedInTheMiddle(t *testing.T) {
	d := squares(47, 20, 4)
	b := cpu.New()
	defer b.Close()
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: &recorder{}, Backend: b}
	if err := run.Do(after(7)); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	if s := run.State; s.Epoch != 1 || s.Rows != 20 || len(s.Stats) != 40 || s.Last.Epoch != 1 {
		t.Errorf("at epoch %d, row %d with %d statistics after epoch %d; want epoch 1, row 20", s.Epoch, s.Rows, len(s.Stats), s.Last.Epoch)
	}
}

// TestSaveFails makes Save fail in the second epoch. The run stops without a fallback and keeps
// the state that could not be saved.
func TestSaveFails(t *testing.T) {
	d := squares(47, 20, 4)
	full := errors.New("the disk is full")
	var want *State
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: &recorder{}, Backend: cpu.New()}
	defer run.Backend.Close()
	run.Fallback = refuse(t)
	run.Save = func(s *State) error {
		if s.Epoch < 2 {
			return nil
		}
		want = copyOf(s)
		return full
	}
	if err := run.Do(context.Background()); !errors.Is(err, full) {
		t.Fatalf("error %v, want that of Save", err)
	}
	sameState(t, "after Save failed", run.State, want)

	// The same in the middle of an epoch.
	run.Save = func(s *State) error { return full }
	if err := run.Do(after(2)); !errors.Is(err, full) || errors.Is(err, ErrInterrupted) {
		t.Fatalf("interrupted: error %v, want that of Save alone", err)
	}
	if run.State.Epoch != 2 || run.State.Rows != 20 {
		t.Errorf("at epoch %d, row %d; want epoch 2, row 20", run.State.Epoch, run.State.Rows)
	}
	run.Save = nil
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	whole, _ := trainCPU(t, options(4), d)
	sameState(t, "gone on after failures", run.State, whole)
}

// TestUntil ends a run after each number of epochs, also after the last one, and lets another run continue from the state.
func TestUntil(t *testing.T) {
	d := squares(47, 20, 4)
	o := options(4)
	o.Test = TestAtEnd
	want, _ := trainCPU(t, o, d)
	for until := 1; until <= o.Epochs; until++ {
		b := cpu.New()
		defer b.Close()
		first := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b, Until: until}
		if err := first.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s := first.State; s.Epoch != until || s.Rows != 0 || s.Tested != nil {
			t.Errorf("epoch %d, %d rows, tested %v; want epoch %d and no test", s.Epoch, s.Rows, s.Tested, until)
		}
		second := &Run{Data: d, State: first.State, Report: &recorder{}, Backend: b}
		if err := second.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		sameState(t, fmt.Sprintf("continued after epoch %d", until), second.State, want)
	}
}
