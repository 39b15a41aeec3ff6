package shuffle

import (
	"slices"
	"testing"

	"shadegrad/compute/philox"
)

// TestOrders draws the order of epochs in advance, late, repeatedly and out of sequence. The
// order of an epoch must always be the same.
func TestOrders(t *testing.T) {
	o := New(7, 100)
	for _, step := range []struct {
		epoch, prepare int
	}{{0, 1}, {1, 2}, {2, -1}, {3, 4}, {4, 5}, {4, 5}, {9, 10}, {2, 3}, {3, -1}} {
		got := o.Of(step.epoch)
		want := make([]uint32, 100)
		philox.Stream{Seed: 7, ID: Stream + uint64(step.epoch)}.Shuffle(want)
		if !slices.Equal(got, want) {
			t.Errorf("epoch %d: another order than its own", step.epoch)
		}
		if step.prepare >= 0 {
			o.Prepare(step.prepare)
			o.Wait()
			if !slices.Equal(got, want) {
				t.Errorf("epoch %d: preparing epoch %d changes it", step.epoch, step.prepare)
			}
		}
	}
}
