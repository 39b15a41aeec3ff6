package report

import (
	"fmt"
	"io"
	"strings"

	"shadegrad/internal/doctor"
)

// marks are the first character of a step's line.
var marks = map[doctor.Status]string{doctor.OK: "✓", doctor.Failed: "✗", doctor.Untried: "–", doctor.Unneeded: "–"}

// DoctorStep writes a step: a line, and its details below.
func DoctorStep(w io.Writer, s doctor.Step) error {
	const indent = "                   " // the width of mark and name
	var b strings.Builder
	found := s.Found
	if s.Status == doctor.Untried || s.Status == doctor.Unneeded {
		found = fmt.Sprintf("%s: %s", s.Status, found)
	}
	fmt.Fprintf(&b, "%s %-16s %s\n", marks[s.Status], s.Name, found)
	for _, line := range s.Log {
		fmt.Fprintf(&b, "%s%s\n", indent, line)
	}
	width := 0
	for _, v := range s.Values {
		width = max(width, len(v.Name))
	}
	for _, v := range s.Values {
		need := ""
		if v.Need != "" {
			need = " (" + v.Need + ")"
		}
		fmt.Fprintf(&b, "%s%-*s  %s%s\n", indent, width, v.Name, v.Value, need)
	}
	label := "hint"
	if s.Status == doctor.Failed {
		label = "fix"
	}
	for _, line := range s.Advice {
		fmt.Fprintf(&b, "%s%s: %s\n", indent, label, line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
