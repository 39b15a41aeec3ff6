package flags

import (
	"fmt"
	"io"
	"strings"
)

// ManTopic writes the flags of a topic in the language of man pages, each name once, with their commands.
func ManTopic(w io.Writer, table []*Flag, topic string) {
	fmt.Fprintf(w, ".SS %s\n", Roff(topic))
	for _, f := range ofTopic(table, topic) {
		fmt.Fprintf(w, ".TP\n\\fB\\-%s\\fR", Roff(f.Name))
		switch {
		case f.Optional:
			fmt.Fprintf(w, "[=\\fI%s\\fR]", Roff(f.Arg))
		case f.Arg != "":
			fmt.Fprintf(w, "=\\fI%s\\fR", Roff(f.Arg))
		}
		fmt.Fprintf(w, "\n%s\n.br\nCommands: %s\n", Roff(f.text(f.Value.String())), strings.Join(strings.Fields(f.Commands), ", "))
	}
}

// ManText writes paragraphs, which empty lines separate, in the language of man pages. Lines that begin with a space
// are examples and stay as they are.
func ManText(w io.Writer, text string) {
	filled := true
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if example := strings.HasPrefix(line, " "); line != "" && example == filled {
			if filled = !example; filled {
				fmt.Fprint(w, ".fi\n")
			} else {
				fmt.Fprint(w, ".nf\n")
			}
		}
		if line == "" {
			line = ".PP"
		} else {
			line = Roff(line)
		}
		fmt.Fprintln(w, line)
	}
	if !filled {
		fmt.Fprint(w, ".fi\n")
	}
}

// Roff returns a line with the characters escaped that man pages give a meaning.
func Roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
	if strings.HasPrefix(line, ".") {
		line = `\&` + line
	}
	return line
}
