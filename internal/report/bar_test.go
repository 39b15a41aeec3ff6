package report

import (
	"bytes"
	"strings"
	"testing"

	"shadegrad/internal/train"
)

// TestBarFits checks that a narrow terminal omits whole words: a line that wraps could not be
// cleared.
func TestBarFits(t *testing.T) {
	p := train.Progress{Epoch: 2, Rows: 15000, Samples: 60000, Loss: 0.25, Seconds: 1.5, Fresh: 15000}
	for width := 1; width < 120; width++ {
		var w bytes.Buffer
		b := &Bar{w: &w, width: func() int { return width }}
		b.draw(p, 5)
		line := strings.TrimPrefix(w.String(), "\r\x1b[K")
		if n := len([]rune(line)); n >= width {
			t.Errorf("%d columns: a line of %d: %q", width, n, line)
		}
		const whole = "epoch 2/5 ━━━━━━──────────────────  25%  10000 images/s  loss 0.2500  0:23 left"
		if width > len([]rune(whole)) && line != whole {
			t.Errorf("%d columns: %q, want %q", width, line, whole)
		}
		for _, end := range []string{"", "─", "%", "images/s", "loss 0.2500", "left", "2/5 "} {
			if end == "" && line == "" || end != "" && strings.HasSuffix(line, end) {
				line = "ok"
			}
		}
		if line != "ok" {
			t.Errorf("%d columns: a word is cut: %q", width, line)
		}
		w.Reset()
		b.clear()
		if b.clear(); w.String() != "" && w.String() != "\r\x1b[K" {
			t.Errorf("cleared with %q", w.String())
		}
	}
}

// TestBarRate checks that the rate counts only images trained since the run was resumed.
func TestBarRate(t *testing.T) {
	for _, c := range []struct {
		p    train.Progress
		want string
	}{
		{train.Progress{Epoch: 1, Rows: 600, Samples: 1000, Loss: 1, Seconds: 2, Fresh: 100}, "  60%  50 images/s  loss 1.0000  0:08 left"},
		{train.Progress{Epoch: 1, Rows: 600, Samples: 1000, Loss: 1, Seconds: 2, Fresh: 0}, "  60%"},
		{train.Progress{Epoch: 1, Rows: 10, Samples: 1000, Loss: 1, Seconds: 100, Fresh: 10}, "   1%  0 images/s  loss 1.0000  2:45:00 left"},
	} {
		var w bytes.Buffer
		(&Bar{w: &w, width: func() int { return 200 }}).draw(c.p, 1)
		if !strings.HasSuffix(w.String(), "─"+c.want) {
			t.Errorf("%q does not end in %q", w.String(), c.want)
		}
	}
	var none *Bar
	none.draw(train.Progress{}, 1)
	none.clear()
}
