package cli

import (
	"fmt"
	"io"
	"strings"

	"shadegrad/internal/flags"
)

const manUsage = `usage: shadegrad man

Writes the manual page, as in:

  shadegrad man > shadegrad.1 && man ./shadegrad.1
`

// man is "shadegrad man".
func (a *app) man(args []string) error {
	s, err := a.parseFlags("man", manUsage, args)
	if err != nil {
		return err
	}
	var b strings.Builder
	version, _, _ := strings.Cut(programVersion(), " ")
	fmt.Fprintf(&b, `.TH SHADEGRAD 1 "" "Shadegrad %s"
.SH NAME
shadegrad \- train multilayer perceptrons on the GPU or the CPU
.SH SYNOPSIS
.B shadegrad
.I COMMAND
.RI [ FLAGS ]
.SH DESCRIPTION
`, flags.Roff(version))
	flags.ManText(&b, description)
	fmt.Fprint(&b, ".SH COMMANDS\n")
	for _, c := range commandList() {
		usage := strings.TrimPrefix(c.usage, "usage: ")
		synopsis, text, _ := strings.Cut(usage, "\n\n")
		if synopsis == "" {
			synopsis, text = "shadegrad "+c.name, strings.ToUpper(c.summary[:1])+c.summary[1:]+".\n"
		}
		fmt.Fprintf(&b, ".SS %s\n.B %s\n.PP\n", c.name, flags.Roff(synopsis))
		flags.ManText(&b, text)
	}
	fmt.Fprint(&b, ".SH OPTIONS\n")
	for _, topic := range flags.Topics(s.table) {
		flags.ManTopic(&b, s.table, topic)
	}
	fmt.Fprint(&b, ".SH EXIT STATUS\n")
	flags.ManText(&b, exitStatuses)
	_, err = io.WriteString(a.stdout, b.String())
	return err
}
