package flags

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// fewFlags is the largest number of flags that help lists without topics.
const fewFlags = 12

// Topics lists the topics of flags in the order of the table.
func Topics(table []*Flag) []string {
	var list []string
	for _, f := range table {
		if !Has(strings.Join(list, " "), f.Topic) {
			list = append(list, f.Topic)
		}
	}
	return list
}

// PrintHelp lists the flags, by topics if there are many.
func (s *Set) PrintHelp(w io.Writer) {
	if len(s.Flags) <= fewFlags {
		fmt.Fprintln(w)
		for _, f := range s.Flags {
			print(w, f, s.initial[f.Name])
		}
		return
	}
	for _, topic := range Topics(s.Flags) {
		fmt.Fprintf(w, "\n%s:\n", topic)
		for _, f := range s.Flags {
			if f.Topic == topic {
				print(w, f, s.initial[f.Name])
			}
		}
	}
}

// PrintTopic lists the flags of a topic, each name once, with their commands.
func PrintTopic(w io.Writer, table []*Flag, topic string) {
	for _, f := range ofTopic(table, topic) {
		print(w, f, f.Value.String())
		fmt.Fprintf(w, "    \tin: %s\n", strings.Join(strings.Fields(f.Commands), ", "))
	}
}

// ofTopic returns the flags of a topic, each name once.
func ofTopic(table []*Flag, topic string) []*Flag {
	var list []*Flag
	seen := ""
	for _, f := range table {
		if f.Topic == topic && !Has(seen, f.Name) {
			seen += " " + f.Name
			list = append(list, f)
		}
	}
	return list
}

// print lists a flag as Go's package flag does.
func print(w io.Writer, f *Flag, initial string) {
	arg := ""
	switch {
	case f.Optional:
		arg = "[=" + f.Arg + "]"
	case f.Arg != "":
		arg = " " + f.Arg
	}
	fmt.Fprintf(w, "  -%s%s\n    \t%s\n", f.Name, arg, strings.Join(Wrap(f.text(initial), 88), "\n    \t"))
}

// text returns the help of a flag with its default value.
func (f *Flag) text(initial string) string {
	value := f.Default
	if value == "" {
		value = initial
	}
	if value == "" {
		return f.Help
	}
	return f.Help + " (default " + value + ")"
}

// Wrap divides text into lines of at most width characters, if its words allow.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line+" "+word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
