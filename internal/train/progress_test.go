package train

import (
	"context"
	"slices"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/clock"
)

// A slow backend has fetches that the test makes ready.
type slow struct {
	compute.Backend
	t       *testing.T
	ready   bool // of the fetch under way
	fetches int
	waits   int
	anyWait bool // waiting is allowed
}

type slowFetch struct {
	compute.Fetch
	b *slow
}

func (b *slow) Fetch(m compute.Mat) compute.Fetch {
	b.fetches++
	b.ready = false
	return slowFetch{b.Backend.Fetch(m), b}
}

func (f slowFetch) Ready() bool { return f.b.ready }

func (f slowFetch) Wait() ([]float32, error) {
	if f.b.waits++; !f.b.ready && !f.b.anyWait {
		f.b.t.Error("it waits for a fetch that is not ready")
	}
	return f.Fetch.Wait()
}

// slowRun returns a run and its session at the beginning of the first epoch.
func slowRun(t *testing.T) (*Run, *session, *slow, *recorder) {
	t.Helper()
	d := squares(47, 20, 4)
	b, report := &slow{Backend: cpu.New(), t: t}, &recorder{}
	run := &Run{Data: d, State: begun(t, options(4), d), Report: report, Backend: b}
	s, err := newSession(b, run.State.Options, d, all(d))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.free()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, err := range []error{s.load(run.State), s.beginEpoch(run.State)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return run, s, b, report
}

// step queues the step that begins at a row.
func step(t *testing.T, s *session, row int) int {
	t.Helper()
	next, err := s.runStep(0, row)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// TestProgressNeverWaits polls after each step of a slow device. A fetch reports the rows that
// were done when it was queued, not when it is ready.
func TestProgressNeverWaits(t *testing.T) {
	run, s, b, report := slowRun(t)
	p := progress{begin: clock.Now()}
	row := 0
	var want float64
	poll := func() {
		t.Helper()
		row = step(t, s, row)
		p.next = 0 // it is always time for news
		if _, err := p.poll(run, s, row); err != nil {
			t.Fatal(err)
		}
	}
	poll()
	if b.fetches != 1 || b.waits != 0 || len(report.progress) != 0 {
		t.Fatalf("after a step: %d fetches, %d waits, %d reports; want 1, 0, 0", b.fetches, b.waits, len(report.progress))
	}
	sums := make([]float32, 2)
	if err := b.Read(sums, s.train.Totals); err != nil {
		t.Fatal(err)
	}
	want = float64(sums[0]) / 10
	poll()
	poll()
	if b.fetches != 1 || b.waits != 0 || len(report.progress) != 0 {
		t.Fatalf("while a fetch is under way: %d fetches, %d waits, %d reports; want 1, 0, 0", b.fetches, b.waits, len(report.progress))
	}
	b.ready = true
	poll()
	if b.waits != 1 || len(report.progress) != 1 {
		t.Fatalf("when it is ready: %d waits, %d reports; want 1, 1", b.waits, len(report.progress))
	}
	got := report.progress[0]
	if got.Seconds < 0 {
		t.Errorf("%v seconds have passed", got.Seconds)
	}
	got.Seconds = 0
	if w := (Progress{Epoch: 1, Rows: 10, Samples: 47, Loss: want, Fresh: 10}); got != w {
		t.Errorf("progress is %+v, want %+v", got, w)
	}
	poll()
	if b.fetches != 2 || b.waits != 1 {
		t.Errorf("then: %d fetches, %d waits; want 2, 1", b.fetches, b.waits)
	}
	// At the end of an epoch there is nothing left to disturb.
	b.anyWait = true
	if err := p.close(); err != nil || b.waits != 2 {
		t.Errorf("at the end: %d waits, error %v; want 2", b.waits, err)
	}
}

// TestProgressRate polls before the next report is due.
func TestProgressRate(t *testing.T) {
	run, s, b, _ := slowRun(t)
	p := progress{begin: clock.Now(), next: clock.Now() + time.Hour}
	if _, err := p.poll(run, s, step(t, s, 0)); err != nil {
		t.Fatal(err)
	}
	if b.fetches != 0 {
		t.Error("it asks for news before it is time")
	}
}

// TestProgressAfterResume checks that rows trained before a resume are counted apart from those
// trained after it.
func TestProgressAfterResume(t *testing.T) {
	run, s, b, report := slowRun(t)
	p := progress{begin: clock.Now(), from: 20}
	row := step(t, s, 20)
	for range 2 {
		if _, err := p.poll(run, s, row); err != nil {
			t.Fatal(err)
		}
		b.ready = true
	}
	if len(report.progress) != 1 || report.progress[0].Rows != 30 || report.progress[0].Fresh != 10 {
		t.Errorf("progress is %+v, want 30 rows, 10 of them fresh", report.progress)
	}
}

// TestUnreadyRun trains on a backend whose fetches are never ready: the results
// are the same.
func TestUnreadyRun(t *testing.T) {
	d := squares(47, 20, 4)
	want, whole := trainCPU(t, options(4), d)
	b, report := &slow{Backend: cpu.New(), t: t, anyWait: true}, &recorder{}
	defer b.Close()
	run := &Run{Data: d, State: begun(t, options(4), d), Report: report, Backend: b}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	sameState(t, "with fetches that are never ready", run.State, want)
	if !slices.Equal(report.figures(), whole.figures()) {
		t.Error("the figures differ")
	}
}

func TestImagesPerSecond(t *testing.T) {
	if got := (Epoch{Images: 300, Seconds: 1.5}).ImagesPerSecond(); got != 200 {
		t.Errorf("%v images a second, want 200", got)
	}
	if got := (Epoch{Images: 300}).ImagesPerSecond(); got != 0 {
		t.Errorf("in no time %v images a second, want 0: it is not known", got)
	}
}
