package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
)

// Printable escapes control characters and invalid UTF-8 as Go source does, except newlines and
// tabs: a file name can contain sequences that steer the terminal. It also escapes the controls of text direction, which
// can make a name look like another.
func Printable(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t' || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// PrintableName is Printable for a name within a line: it also escapes newlines and tabs.
func PrintableName(s string) string {
	return strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(Printable(s))
}

// Short is PrintableName for a name from a file's metadata, which may be as long as the file. It keeps 120 characters.
func Short(s string) string {
	const most = 120
	if n := []rune(s); len(n) > most {
		s = string(n[:most-1]) + "…"
	}
	return PrintableName(s)
}

// Count returns a number with its noun: "1 epoch", "2 epochs".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Form describes the samples of a set, such as "images of 28×28" or "rows of 4 numbers".
func Form(s *dataset.Set) string {
	if s.Values != nil {
		return "rows of " + Count(s.Width, "number")
	}
	return fmt.Sprintf("images of %d×%d", s.Width, s.Height)
}

// Samples returns "images" for samples of more than one row and "samples" for rows of numbers.
func Samples(height int) string {
	if height > 1 {
		return "images"
	}
	return "samples"
}

// Describe names a backend, its device and its driver in one line.
func Describe(i compute.Info) string {
	s := fmt.Sprintf("%s: %s, %s", i.Backend, i.Device, i.Driver)
	if i.Detail != "" {
		s += ", " + i.Detail
	}
	return s
}

// Duration formats seconds in the unit that leaves about three digits.
func Duration(s float64) string {
	d := time.Duration(s * 1e9)
	switch {
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.2f µs", s*1e6)
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f µs", s*1e6)
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", s*1e3)
	}
	return fmt.Sprintf("%.3g s", s)
}

// Table aligns the cells of rows in columns. The first row sets the number of columns.
func Table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var t strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		t.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return t.String()
}

// percent formats part/whole, or a dash if whole is not above 0.
func percent(part, whole float64, format string) string {
	if !(whole > 0) {
		return "–"
	}
	return fmt.Sprintf(format+"%%", 100*part/whole)
}

// ofPeak formats a rate as a percentage of the device's peak, or a dash if the peak is unknown.
func ofPeak(rate, peak float64) string { return percent(rate, peak, "%.0f") }

// formatNumbers separates numbers by spaces, with digits after the point, or with as many as each needs
// if digits is negative.
func formatNumbers(list []float32, digits int) string {
	format := byte('f')
	if digits < 0 {
		format = 'g'
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = strconv.FormatFloat(float64(v), format, digits, 32)
	}
	return strings.Join(words, " ")
}
