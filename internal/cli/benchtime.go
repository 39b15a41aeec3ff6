package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"shadegrad/internal/clock"
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
			seconds, err := a.trainTo(goals, append(args, "-backend="+string(r.kind), fmt.Sprintf("-seed=%d", seed+1)))
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

// trainTo runs "shadegrad train" and returns the seconds from its start to the epoch that reached each goal.
func (a *app) trainTo(goals []float64, args []string) ([]float64, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{"train", "-json", "-test=each", "-every=1"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begin := clock.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	reached, err := untilGoals(out, goals, begin)
	if err != nil || len(reached) == len(goals) { // no further epochs are needed
		cmd.Process.Kill()
		cmd.Wait()
		return reached, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return reached, nil
}

// untilGoals reads the lines of "shadegrad train -json" up to the epoch that reaches the last goal. It returns the
// seconds from begin to each goal that was reached.
func untilGoals(out io.Reader, goals []float64, begin time.Duration) (reached []float64, err error) {
	lines := bufio.NewScanner(out)
	for len(reached) < len(goals) && lines.Scan() {
		var e report.EpochEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("a line of train -json: %w", err)
		}
		for e.Event == "epoch" && len(reached) < len(goals) && e.TestAcc != nil && *e.TestAcc >= goals[len(reached)] {
			reached = append(reached, clock.Since(begin).Seconds())
		}
	}
	return reached, lines.Err()
}
