package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
)

// device returns a backend that has so much memory, and shows a shader so much of it
// at a time.
func device(memory, block int64) *meter {
	return &meter{Backend: cpu.New(), info: compute.Info{Backend: "gpu", Memory: memory, MaxBuffer: block}}
}

// smallPieces bounds pieces for the length of a test.
func smallPieces(t *testing.T, bytes int64) {
	before := pieceBytes
	pieceBytes = bytes
	t.Cleanup(func() { pieceBytes = before })
}

// fed trains to the end with a limit on the device's memory, and returns the final state and the
// reports.
func fed(t *testing.T, m *meter, limit int64, o Options, d *dataset.Data) (*State, *recorder) {
	t.Helper()
	r := &recorder{}
	run := &Run{Data: d, State: NewState(o, d, ""), Report: r, Backend: m, DeviceMemory: limit}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	return run.State, r
}

// TestFedByPieces compares runs whose data go to the device in pieces with runs whose data are
// all on the device. The results must be bit-identical, whatever the pieces and the reason for
// them.
func TestFedByPieces(t *testing.T) {
	const sample = 17 // bytes, with the label
	for _, n := range []int{47, 50, 60, 200} {
		d := squares(n, 33, 4)
		o := options(4)
		want, whole := trainCPU(t, o, d)
		for _, batches := range []int64{1, 2, 3} {
			for _, why := range []string{"block", "memory", "-device-memory"} {
				t.Run(fmt.Sprintf("%d samples, pieces of %d batches, %s", n, batches, why), func(t *testing.T) {
					smallPieces(t, batches*10*sample)
					m := device(0, 0)
					limit := runMemory(m.info, NewState(o, d, ""), d, all(d)).device - 1
					switch why {
					case "block":
						m.info.MaxBuffer, limit = 16*int64(n)-1, 0
					case "memory":
						m.info.Memory, limit = limit, 0
					}
					got, report := fed(t, m, limit, o, d)
					sameState(t, "by pieces", got, want)
					if !slices.Equal(report.figures(), whole.figures()) {
						t.Errorf("figures %+v\nwant    %+v", report.figures(), whole.figures())
					}
					m.Close()
				})
			}
		}
	}
}

// TestFedWithinLimit compares the memory taken with the plan and with the limit.
func TestFedWithinLimit(t *testing.T) {
	d := squares(500, 100, 4)
	o := options(4)
	o.Epochs = 1
	st := NewState(o, d, "")
	least := runMemory(compute.Info{Backend: "gpu"}, st, d, feedPlan{o.Batch, 0, 100}).device
	resident := runMemory(compute.Info{Backend: "gpu"}, st, d, all(d)).device
	pieces := map[int]bool{}
	for limit := least; limit <= resident; limit += 100 {
		m := device(0, 0)
		run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: m, DeviceMemory: limit}
		p := run.planFeeds(m.info)
		pieces[p.train] = true
		if err := run.Do(context.Background()); err != nil {
			t.Fatalf("at most %d bytes: %v", limit, err)
		}
		if want := runMemory(m.info, st, d, p).device; m.taken != want || m.taken > limit {
			t.Fatalf("at most %d bytes: %d were taken, %d planned", limit, m.taken, want)
		}
		m.Close()
	}
	if len(pieces) < 10 {
		t.Errorf("pieces of %v samples: the room is not used", pieces)
	}
	m := device(0, 0)
	defer m.Close()
	run := &Run{Data: d, State: st, Report: &recorder{}, Backend: m, DeviceMemory: 3000}
	err := run.Do(context.Background())
	var lacking *compute.MemoryError
	if !errors.As(err, &lacking) || lacking.Available != 3000 || lacking.Bytes <= 3000 || !strings.HasPrefix(err.Error(), "DeviceMemory=3000: network ") {
		t.Errorf("with 3000 bytes: error %v", err)
	}
	if m.taken != 0 {
		t.Errorf("with 3000 bytes: %d were taken", m.taken)
	}
}

// TestDeviceMemoryIsNotTheCPUs checks that DeviceMemory bounds the memory of a GPU, and not that of
// the CPU that takes over the run.
func TestDeviceMemoryIsNotTheCPUs(t *testing.T) {
	d := squares(200, 33, 4)
	m := device(0, 0)
	defer m.Close()
	report := &recorder{}
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: report, Backend: m, DeviceMemory: 3000}
	run.Fallback = func(failure error) (compute.Backend, error) {
		if !strings.HasPrefix(failure.Error(), "DeviceMemory=3000: ") {
			t.Errorf("the failure is %v", failure)
		}
		return cpu.New(), nil
	}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(report.started) != 1 || report.started[0].Backend != "cpu" || len(report.notices) != 0 {
		t.Errorf("started on %+v, notices %+v", report.started, report.notices)
	}
}

// TestFedInPieces checks that a notice reports data that are fed in pieces, and only then.
func TestFedInPieces(t *testing.T) {
	d := squares(200, 33, 4)
	o := options(4)
	o.Epochs = 1
	m := device(0, 0)
	defer m.Close()
	if _, report := fed(t, m, 0, o, d); len(report.notices) != 0 {
		t.Errorf("notices %+v where all is on the device", report.notices)
	}
	smallPieces(t, 510)
	m.info.MaxBuffer = 1000
	_, report := fed(t, m, 0, o, d)
	want := Notice{Kind: FedInPieces, Images: 30, Bytes: 1020}
	if len(report.notices) != 1 || report.notices[0] != want {
		t.Errorf("notices %+v, want %+v", report.notices, want)
	}
}

// TestFedResumed stops a run within a piece and resumes it.
func TestFedResumed(t *testing.T) {
	smallPieces(t, 2*10*17)
	d := squares(97, 20, 4)
	o := options(4)
	want, _ := trainCPU(t, o, d)
	for steps := range 12 {
		m := device(0, 1000)
		run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: m}
		if err := run.Do(after(steps)); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("after %d steps: error %v", steps, err)
		}
		if err := run.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		sameState(t, fmt.Sprintf("after %d steps", steps), run.State, want)
		m.Close()
	}
}

// TestFedDiverges checks that a divergence has the same step and layer as with all data on the
// device.
func TestFedDiverges(t *testing.T) {
	d := squares(97, 20, 4)
	o := options(4)
	o.LearningRate, o.Schedule = 1e20, Constant
	said := func(m *meter) string {
		defer m.Close()
		run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: m}
		err := run.Do(context.Background())
		var diverged *DivergedError
		if !errors.As(err, &diverged) {
			t.Fatalf("error %v, want a *DivergedError", err)
		}
		return err.Error()
	}
	want := said(device(0, 0))
	smallPieces(t, 2*10*17)
	if got := said(device(0, 1000)); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestEvaluateByPieces evaluates a set that does not fit on the device.
func TestEvaluateByPieces(t *testing.T) {
	smallPieces(t, 1000*17)
	c := options(4).Network
	set := &squares(1, 4321, 4).Test
	values := c.InitialParameters(1)
	score := func(m *meter) *Scores {
		defer m.Close()
		s, err := Evaluate(m, c, values, set)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	want := score(device(0, 0))
	for _, m := range []*meter{device(0, 20000), device(evalMemory(compute.Info{Backend: "gpu"}, c, set, 4321).device-1, 0)} {
		got := score(m)
		if math.Float64bits(got.Loss) != math.Float64bits(want.Loss) || got.Acc != want.Acc || fmt.Sprint(got.Confusion) != fmt.Sprint(want.Confusion) {
			t.Errorf("with %+v: %+v, want %+v", m.info, got, want)
		}
	}
}

// failing fails to take pieces.
type failing struct{ *meter }

func (failing) WriteBytes(compute.Bytes, []byte) error { return errors.New("no more bytes") }

func TestFeedFails(t *testing.T) {
	smallPieces(t, 510)
	d := squares(200, 33, 4)
	m := device(0, 1000)
	defer m.Close()
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: &recorder{}, Backend: failing{m}}
	err := run.Do(context.Background())
	var dev *DeviceError
	if !errors.As(err, &dev) || !strings.Contains(err.Error(), "no more bytes") {
		t.Errorf("error %v, want a *DeviceError with the backend's", err)
	}
}
