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
	"strconv"
	"time"
)

// timesTo trains on each backend with several seeds, in turns, until the highest of the
// accuracies is reached, and writes the seconds that each took from the start of a
// process of its own.
func (a *app) timesTo(report *benchReport, rivals []rival, f *benchFlags) error {
	goals := slices.Sorted(slices.Values(f.timeTo))
	took := make([][][]float64, len(rivals)) // of each rival, of each goal
	for i := range took {
		took[i] = make([][]float64, len(goals))
	}
	for seed := range f.seeds {
		for i, r := range rivals {
			seconds, err := a.trainTo(goals, append(f.args, "-backend="+string(r.kind), fmt.Sprintf("-seed=%d", seed+1)))
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", r.kind, seed+1, err)
			}
			for g, s := range seconds {
				took[i][g] = append(took[i][g], s)
			}
		}
	}
	report.timesTo(rivals, goals, took, f.seeds)
	return nil
}

// trainTo runs "shadegrad train" and returns, for each goal that was reached, the
// seconds from its start to the end of the epoch that did.
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
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	reached, err := untilGoals(out, goals, begin)
	if err != nil || len(reached) == len(goals) { // the rest of the epochs is of no interest
		cmd.Process.Kill()
		cmd.Wait()
		return reached, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return reached, nil
}

// untilGoals reads what "shadegrad train -json" writes up to the epoch that reaches the
// last of the goals, and returns how long after begin each was reached.
func untilGoals(out io.Reader, goals []float64, begin time.Time) (reached []float64, err error) {
	lines := bufio.NewScanner(out)
	for len(reached) < len(goals) && lines.Scan() {
		var e epochEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("a line of train -json: %w", err)
		}
		for e.Event == "epoch" && len(reached) < len(goals) && e.TestAcc != nil && *e.TestAcc >= goals[len(reached)] {
			reached = append(reached, time.Since(begin).Seconds())
		}
	}
	return reached, lines.Err()
}

// A timeEvent is a line of -format=json about an accuracy.
type timeEvent struct {
	Event   string    `json:"event"` // "time-to"
	Backend string    `json:"backend"`
	TestAcc float64   `json:"test_acc"`
	Seeds   int       `json:"seeds"`
	Seconds []float64 `json:"seconds"` // of the seeds that reached it
}

// timesTo writes the seconds to each accuracy.
func (r *benchReport) timesTo(rivals []rival, goals []float64, took [][][]float64, seeds int) {
	if r.format == benchText {
		r.print("\nseconds from the start of a process to a test accuracy, median (least to most) of the seeds that reach it\n\n%-8s", "backend")
		for _, g := range goals {
			r.print(" %24s", strconv.FormatFloat(100*g, 'g', 6, 64)+"%")
		}
		r.print("\n")
	}
	for i, v := range rivals {
		if r.format == benchText {
			r.print("%-8s", v.kind)
		}
		for g, list := range took[i] {
			switch r.format {
			case benchText:
				r.print(" %24s", timeText(list, seeds))
			case benchJSON:
				r.object(timeEvent{"time-to", string(v.kind), goals[g], seeds, append([]float64{}, list...)})
			case benchLines:
				for _, s := range list {
					r.print("BenchmarkTimeTo/network=%s/accuracy=%g/backend=%s\t1\t%.0f ns/op\n", r.options.Network, goals[g], v.kind, s*1e9)
				}
			}
		}
		if r.format == benchText {
			r.print("\n")
		}
	}
}

// timeText writes the seconds of several seeds.
func timeText(list []float64, seeds int) string {
	if len(list) == 0 {
		return fmt.Sprintf("not by any of %d", seeds)
	}
	s := slices.Sorted(slices.Values(list))
	median := (s[(len(s)-1)/2] + s[len(s)/2]) / 2
	text := fmt.Sprintf("%.2f (%.2f–%.2f)", median, s[0], s[len(s)-1])
	if len(list) < seeds {
		text += fmt.Sprintf(", %d of %d", len(list), seeds)
	}
	return text
}
