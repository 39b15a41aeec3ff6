package train

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// refuse is a Fallback that must not be called.
func refuse(t *testing.T) func(error) (compute.Backend, error) {
	return func(failure error) (compute.Backend, error) {
		t.Errorf("the fallback was asked for after %v", failure)
		return nil, failure
	}
}

// failures returns the numbers of program runs after which a backend fails: before the first step,
// and after each of the nine runs of each epoch.
func failures() []int {
	var list []int
	for n := range 4 * 9 {
		list = append(list, n)
	}
	return list
}

// TestFallback fails the backend at each run of a program in turn. The second backend repeats
// the interrupted epoch, so the results equal those of a run on it alone.
func TestFallback(t *testing.T) {
	d := squares(47, 20, 4)
	want, whole := trainCPU(t, options(4), d)
	for _, n := range failures() {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			second := &fragile{Backend: cpu.New(), left: 1 << 30}
			report := &recorder{}
			run := &Run{Data: d, State: begun(t, options(4), d), Report: report, Backend: &fragile{Backend: cpu.New(), left: n}}
			defer run.Backend.Close()
			calls := 0
			run.Fallback = func(failure error) (compute.Backend, error) {
				calls++
				var device *DeviceError
				if !errors.As(failure, &device) || !errors.Is(failure, errLost) {
					t.Errorf("the fallback is told of %v", failure)
				}
				return second, nil
			}
			if err := run.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			if calls != 1 || second.closed != 1 {
				t.Errorf("the fallback was opened %d times and closed %d times", calls, second.closed)
			}
			sameState(t, "with the fallback", run.State, want)
			for i, e := range report.figures() {
				if e != whole.figures()[i] {
					t.Errorf("epoch %d: %+v, want %+v", i+1, e, whole.figures()[i])
				}
			}
			if len(report.epochs) != 4 {
				t.Errorf("%d epochs reported, want 4", len(report.epochs))
			}
			starts := 2
			if n == 0 {
				starts = 1 // it failed before it could start
			}
			if len(report.started) != starts {
				t.Errorf("%d starts reported, want %d", len(report.started), starts)
			}
		})
	}
}

func TestDeviceFails(t *testing.T) {
	d := squares(47, 20, 4)
	for _, n := range failures() {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			state := begun(t, options(4), d)
			want := copyOf(state)
			run := &Run{Data: d, State: state, Report: &recorder{}, Backend: &fragile{Backend: cpu.New(), left: n}}
			defer run.Backend.Close()
			run.Save = func(s *State) error {
				want = copyOf(s)
				return nil
			}
			err := run.Do(context.Background())
			var device *DeviceError
			if !errors.As(err, &device) || !errors.Is(err, errLost) {
				t.Fatalf("error %v, want a *DeviceError that wraps the device's own", err)
			}
			sameState(t, "after the failure", run.State, want)

			// Another run can resume from there.
			run.Backend = cpu.New()
			if err := run.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			whole, _ := trainCPU(t, options(4), d)
			sameState(t, "gone on", run.State, whole)
		})
	}
}

func TestFallbackFails(t *testing.T) {
	d := squares(47, 20, 4)
	none := errors.New("no other backend")
	state := begun(t, options(4), d)
	first := copyOf(state)
	run := &Run{Data: d, State: state, Report: &recorder{}, Backend: &fragile{Backend: cpu.New(), left: 5}}
	defer run.Backend.Close()
	run.Fallback = func(error) (compute.Backend, error) { return nil, none }
	err := run.Do(context.Background())
	var device *DeviceError
	if !errors.As(err, &device) || !errors.Is(err, errLost) || !errors.Is(err, none) {
		t.Errorf("error %v, want both failures", err)
	}
	sameState(t, "after both failures", run.State, first)

	// A fallback that opens and then fails itself is not replaced.
	second := &fragile{Backend: cpu.New(), left: 20}
	run.Fallback = func(error) (compute.Backend, error) { return second, nil }
	if err := run.Do(context.Background()); !errors.As(err, &device) {
		t.Errorf("error %v, want a *DeviceError", err)
	}
	// An epoch runs nine programs: statistics cleared and added up, five steps,
	// and the same without clearing for one step of evaluation.
	if second.closed != 1 || run.State.Epoch != 2 {
		t.Errorf("closed %d times, at epoch %d; want once, at epoch 2", second.closed, run.State.Epoch)
	}
}

// TestInterruptedAfterFallback cancels the context while the second backend trains.
func TestInterruptedAfterFallback(t *testing.T) {
	d := squares(47, 20, 4)
	run := &Run{Data: d, State: begun(t, options(4), d), Report: &recorder{}, Backend: &fragile{Backend: cpu.New(), left: 3}}
	defer run.Backend.Close()
	run.Fallback = func(error) (compute.Backend, error) { return cpu.New(), nil }
	if err := run.Do(after(10)); !errors.Is(err, ErrInterrupted) { // one time is at the failure
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	// Five steps of the first epoch were queued on the backend that failed.
	if run.State.Epoch != 0 || run.State.Rows != 40 {
		t.Errorf("at epoch %d, row %d; want epoch 0, row 40", run.State.Epoch, run.State.Rows)
	}
}

// A stubborn backend does not answer reads until it is interrupted.
type stubborn struct {
	compute.Backend
	reads       int // that it answers
	interrupted chan struct{}
}

func (b *stubborn) Read(dst []float32, src compute.Mat) error {
	if b.reads--; b.reads >= 0 {
		return b.Backend.Read(dst, src)
	}
	<-b.interrupted
	return errLost
}

func (b *stubborn) Interrupt() { close(b.interrupted) }

// TestInterruptedWithoutAnswer cancels the context while the run waits for a device that does not respond. The run stops
// at the end of the last epoch and does not continue on another device.
func TestInterruptedWithoutAnswer(t *testing.T) {
	d := squares(47, 20, 4)
	b := &stubborn{Backend: cpu.New(), interrupted: make(chan struct{})}
	defer b.Close()
	report := &recorder{}
	run := &Run{Data: d, State: begun(t, options(4), d), Report: report, Backend: b, Fallback: refuse(t)}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.reads = 1 << 20
	run.Save = func(*State) error {
		b.reads = 0
		cancel() // takes effect when the next epoch waits, or before it begins
		return nil
	}
	if err := run.Do(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	if run.State.Epoch != 1 || run.State.Rows != 0 || len(report.notices) != 1 || report.notices[0].Kind != Unresponsive || !errors.Is(report.notices[0].Err, errLost) {
		t.Errorf("at epoch %d, row %d, with the notices %v; want epoch 1, row 0 and a notice of the failure", run.State.Epoch, run.State.Rows, report.notices)
	}
}
