package report

import (
	"strings"
	"testing"
)

// TestPrintable checks that names cannot control the terminal.
func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"Wąż 7":           "Wąż 7",
		"a\x1b[2Jb":       `a\x1b[2Jb`,
		"a\x00\xffb":      `a\x00\xffb`,
		"exe\u202ecsv.":   `exe\u202ecsv.`,
		"\u2066x\u2069":   `\u2066x\u2069`,
		"a\u200eb\u061cc": `a\u200eb\u061cc`,
		"a\nb\tc":         `a\nb\tc`,
	} {
		if got := PrintableName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := Printable("a\nb\tc"); got != "a\nb\tc" {
		t.Errorf("lines: got %q", got)
	}
}

func TestShort(t *testing.T) {
	if got := Short(strings.Repeat("ä", 120)); got != strings.Repeat("ä", 120) {
		t.Errorf("120 characters: got %q", got)
	}
	if got := Short(strings.Repeat("ä", 1<<20)); got != strings.Repeat("ä", 119)+"…" {
		t.Errorf("a million characters: got %q", got)
	}
}
