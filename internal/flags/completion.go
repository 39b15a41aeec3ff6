package flags

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Shells lists the shells that Complete writes for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Complete writes the completion of a program for a shell: its commands with their arguments, and the flags of
// each with the values that can be listed.
func Complete(w io.Writer, shell, program string, commands map[string][]string, table []*Flag) {
	names := slices.Sorted(maps.Keys(commands))
	if shell == "fish" {
		fish(w, program, names, commands, table)
		return
	}
	if shell == "zsh" {
		fmt.Fprint(w, "autoload -U +X bashcompinit && bashcompinit\n")
	}
	fmt.Fprintf(w, `_%[1]s() {
	local cur=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} flag= words=
	[ "$last" = = ] && flag=${COMP_WORDS[COMP_CWORD-2]}=
	[ "$cur" = = ] && flag=$last= cur=
	if [ "$COMP_CWORD" -le 1 ]; then
		words="%[2]s"
	else
		case "${COMP_WORDS[1]} $flag" in
`, program, strings.Join(names, " "))
	for _, c := range names {
		words := commands[c]
		for _, f := range table {
			if !Has(f.Commands, c) {
				continue
			}
			name := "-" + f.Name
			if f.Arg != "" && !f.Optional {
				name += "="
			}
			words = append(words, name)
			if len(f.Choices) > 0 {
				fmt.Fprintf(w, "\t\t\"%s -%s=\") words=\"%s\" ;;\n", c, f.Name, strings.Join(f.Choices, " "))
			}
		}
		fmt.Fprintf(w, "\t\t\"%s \") words=\"%s\" ;;\n", c, strings.Join(words, " "))
	}
	fmt.Fprintf(w, `		esac
	fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
	case "$COMPREPLY" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -o default -F _%[1]s %[1]s
`, program)
}

// fish writes the completion for fish.
func fish(w io.Writer, program string, names []string, commands map[string][]string, table []*Flag) {
	fmt.Fprintf(w, "complete -c %s -n __fish_use_subcommand -f -a '%s'\n", program, strings.Join(names, " "))
	for _, c := range names {
		if len(commands[c]) > 0 {
			fmt.Fprintf(w, "complete -c %s -n '__fish_seen_subcommand_from %s' -f -a '%s'\n", program, c, strings.Join(commands[c], " "))
		}
		for _, f := range table {
			if !Has(f.Commands, c) {
				continue
			}
			fmt.Fprintf(w, "complete -c %s -n '__fish_seen_subcommand_from %s' -o %s", program, c, f.Name)
			switch {
			case len(f.Choices) > 0:
				fmt.Fprintf(w, " -x -a '%s'", strings.Join(f.Choices, " "))
			case f.Arg != "" && !f.Optional:
				fmt.Fprint(w, " -r")
			}
			fmt.Fprintf(w, " -d '%s'\n", strings.ReplaceAll(f.Help, "'", `\'`))
		}
	}
}
