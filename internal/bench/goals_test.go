package bench

import (
	"strings"
	"testing"

	"shadegrad/internal/clock"
)

// TestUntilGoals reads events up to the one that reaches the last goal, and refuses lines that are not
// events.
func TestUntilGoals(t *testing.T) {
	const first = `{"event":"start"}` + "\n" + `{"event":"epoch","test_acc":0.6}` + "\n"
	const second = `{"event":"epoch","test_acc":0.99}` + "\n"
	for _, c := range []struct {
		lines   string
		reached int
		failure string
	}{
		{first, 1, ""},
		{first + second + "no event", 3, ""},
		{first + "no event\n" + second, 0, "a line of train -json: "},
		{first + strings.Repeat("x", 1<<17), 1, "token too long"},
	} {
		reached, err := untilGoals(strings.NewReader(c.lines), []float64{0.5, 0.9, 0.98}, clock.Now())
		if len(reached) != c.reached || (err == nil) != (c.failure == "") || err != nil && !strings.Contains(err.Error(), c.failure) {
			t.Errorf("%.40q…: %d goals, error %v; want %d, %q", c.lines, len(reached), err, c.reached, c.failure)
		}
	}
}
