package cli

import (
	"fmt"
	"slices"

	"shadegrad/internal/bench"
	"shadegrad/internal/report"
)

// timesTo trains on each backend with several seeds, in turn, until the highest of the accuracies is reached. It writes
// the seconds from the start of a separate process to each accuracy.
func (a *app) timesTo(show *report.Bench, rivals []rival, f *settings) error {
	goals := slices.Sorted(slices.Values(f.timeTo))
	took := make([][][]float64, len(rivals)) // of each rival, of each goal
	for i := range took {
		took[i] = make([][]float64, len(goals))
	}
	args := f.Arguments("backends repeat sweep format json time-to seeds seed")
	for seed := range f.seeds {
		for i, r := range rivals {
			seconds, err := bench.TrainTo(goals, append(args, "-backend="+string(r.kind), fmt.Sprintf("-seed=%d", seed+1)))
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", r.kind, seed+1, err)
			}
			for g, s := range seconds {
				took[i][g] = append(took[i][g], s)
			}
		}
	}
	show.TimesTo(goals, took, f.seeds)
	return nil
}
