package report

import (
	"slices"
	"testing"
	"time"

	"shadegrad/internal/train"
)

// epochRecorder records the epochs that it is passed of.
type epochRecorder struct {
	Reporter
	epochs []int
}

func (r *epochRecorder) Finished(e train.Epoch) { r.epochs = append(r.epochs, e.Epoch) }
func (r *epochRecorder) End()                   {}

// TestSparseReporter reports epochs of 4 seconds. With a maximum silence of 10 seconds it passes on
// every third epoch and every tenth, without one only every tenth. It always passes on the last.
func TestSparseReporter(t *testing.T) {
	for _, x := range []struct {
		silence time.Duration
		want    []int
	}{
		{10 * time.Second, []int{3, 6, 9, 10, 13, 16, 17}},
		{0, []int{10, 17}},
	} {
		now, passed := time.Duration(0), &epochRecorder{}
		r := &sparse{Reporter: passed, every: 10, silence: x.silence, now: func() time.Duration { return now }, reported: now}
		for epoch := 1; epoch <= 17; epoch++ {
			now += 4 * time.Second
			r.Finished(train.Epoch{Epoch: epoch})
		}
		r.End()
		if !slices.Equal(passed.epochs, x.want) {
			t.Errorf("silence %v: epochs %v, want %v", x.silence, passed.epochs, x.want)
		}
	}
}

func TestUsualEvery(t *testing.T) {
	for n, want := range map[int]int{1: 1, 50: 1, 51: 5, 100: 5, 101: 10, 200: 10, 201: 20, 1000: 50, 2000: 100, 10000: 500, 1 << 31: 200_000_000} {
		if got := usualEvery(n); got != want {
			t.Errorf("of %d epochs every %d is reported, want %d", n, got, want)
		}
	}
}
