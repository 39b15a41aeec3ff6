package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"shadegrad/internal/train"
)

// A bar is a progress line on a terminal. A nil bar draws nothing.
type bar struct {
	w     io.Writer
	width func() int
	color bool
	drawn bool
}

// onTerminal tells whether stderr is a terminal.
func (a *app) onTerminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newBar returns a bar if stderr is a terminal that a person watches, else nil.
func (a *app) newBar() *bar {
	if !a.onTerminal() || a.env("CI") != "" || a.env("TERM") == "dumb" {
		return nil
	}
	f := a.stderr.(*os.File)
	return &bar{w: f, color: a.env("NO_COLOR") == "", width: func() int {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
		return 80
	}}
}

// barCells is the length of the bar proper.
const barCells = 24

// draw replaces the line by where the run is.
func (b *bar) draw(p train.Progress, epochs int) {
	if b == nil {
		return
	}
	share := float64(p.Rows) / float64(p.Samples)
	parts := []string{fmt.Sprintf(" %3.0f%%", 100*share)}
	if p.Fresh > 0 && p.Seconds > 0 {
		rate := float64(p.Fresh) / p.Seconds
		left := float64((epochs-p.Epoch+1)*p.Samples-p.Rows) / rate
		parts = append(parts, fmt.Sprintf("  %.0f images/s", rate), fmt.Sprintf("  loss %.4f", p.Loss), "  "+clock(left)+" left")
	}
	// A line that wraps could not be cleared, so what does not fit is left out.
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
	full := int(share * float64(cells))
	done, rest := strings.Repeat("━", full), strings.Repeat("─", cells-full)
	if b.color {
		done = "\x1b[32m" + done + "\x1b[0m"
	}
	fmt.Fprintf(b.w, "\r\x1b[K%s%s%s%s", head, done, rest, tail)
	b.drawn = true
}

// clear takes the line away.
func (b *bar) clear() {
	if b == nil || !b.drawn {
		return
	}
	fmt.Fprint(b.w, "\r\x1b[K")
	b.drawn = false
}

// clock writes seconds as 1:02:03 or 2:03.
func clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}
