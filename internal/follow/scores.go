package follow

import (
	"sync"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/train"
)

// TestScores returns a function that tests the network of a complete run, once. It computes on the CPU, since the device
// may have failed.
func TestScores(s *train.State, d *dataset.Data) func() (*train.Scores, error) {
	return sync.OnceValues(func() (*train.Scores, error) {
		b := cpu.New()
		defer b.Close()
		return train.Evaluate(b, s.Options.Network, s.Chosen(), &d.Test)
	})
}
