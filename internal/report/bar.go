package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"shadegrad/internal/console"
	"shadegrad/internal/train"
)

// A Bar is a progress line on a terminal. A nil Bar draws nothing.
type Bar struct {
	w     io.Writer
	width func() int
	Color bool
	drawn bool
}

// NewBar returns a progress line on a terminal.
func NewBar(terminal *os.File, color bool) *Bar {
	return &Bar{w: terminal, Color: color, width: func() int { return console.Columns(terminal, 80) }}
}

// barCells is the length of the bar without its text.
const barCells = 24

// draw replaces the line by the current progress.
func (b *Bar) draw(p train.Progress, epochs int) {
	if b == nil {
		return
	}
	fraction := float64(p.Rows) / float64(p.Samples)
	parts := []string{fmt.Sprintf(" %3.0f%%", 100*fraction)}
	if p.Fresh > 0 && p.Seconds > 0 {
		rate := float64(p.Fresh) / p.Seconds
		left := float64((epochs-p.Epoch+1)*p.Samples-p.Rows) / rate
		parts = append(parts, fmt.Sprintf("  %.0f images/s", rate), fmt.Sprintf("  loss %.4f", p.Loss), "  "+timeLeft(left)+" left")
	}
	// A line that wraps could not be cleared. Parts that do not fit are omitted.
	head := fmt.Sprintf("epoch %d/%d ", p.Epoch, epochs)
	room := b.width() - 1 - len(head)
	if room < 0 {
		return
	}
	cells := min(barCells, room)
	room -= cells
	tail := ""
	for _, part := range parts {
		if len(tail)+len(part) > room {
			break
		}
		tail += part
	}
	full := int(fraction * float64(cells))
	done, rest := strings.Repeat("━", full), strings.Repeat("─", cells-full)
	if b.Color {
		done = "\x1b[32m" + done + "\x1b[0m"
	}
	fmt.Fprintf(b.w, "\r\x1b[K%s%s%s%s", head, done, rest, tail)
	b.drawn = true
}

// clear removes the line.
func (b *Bar) clear() {
	if b == nil || !b.drawn {
		return
	}
	fmt.Fprint(b.w, "\r\x1b[K")
	b.drawn = false
}

// timeLeft formats seconds as 1:02:03 or 2:03.
func timeLeft(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}
