package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"shadegrad/internal/clock"
)

// TrainTo runs "shadegrad train" and returns the seconds from its start to the epoch that reached each goal.
func TrainTo(goals []float64, args []string) ([]float64, error) {
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
		var e struct {
			Event   string
			TestAcc *float64 `json:"test_acc"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("a line of train -json: %w", err)
		}
		for e.Event == "epoch" && len(reached) < len(goals) && e.TestAcc != nil && *e.TestAcc >= goals[len(reached)] {
			reached = append(reached, clock.Since(begin).Seconds())
		}
	}
	return reached, lines.Err()
}
