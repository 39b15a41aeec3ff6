package cli

import (
	"slices"
	"testing"
	"time"

	"shadegrad/internal/train"
)

// toldReporter notes which epochs it was told of.
type toldReporter struct {
	reporter
	epochs []int
}

func (r *toldReporter) Finished(e train.Epoch) { r.epochs = append(r.epochs, e.Epoch) }
func (r *toldReporter) end()                   {}

// TestSparseReporter has epochs of 4 seconds: with a silence of 10, each third one is told of
// beside those that are due, and without one those alone; the last always is.
func TestSparseReporter(t *testing.T) {
	for _, x := range []struct {
		silence time.Duration
		want    []int
	}{
		{10 * time.Second, []int{3, 6, 9, 10, 13, 16, 17}},
		{0, []int{10, 17}},
	} {
		now, told := time.Unix(0, 0), &toldReporter{}
		r := &sparseReporter{reporter: told, every: 10, silence: x.silence, now: func() time.Time { return now }, told: now}
		for epoch := 1; epoch <= 17; epoch++ {
			now = now.Add(4 * time.Second)
			r.Finished(train.Epoch{Epoch: epoch})
		}
		r.end()
		if !slices.Equal(told.epochs, x.want) {
			t.Errorf("silence %v: told of epochs %v, want %v", x.silence, told.epochs, x.want)
		}
	}
}
