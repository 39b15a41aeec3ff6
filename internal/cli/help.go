package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// A command is one that the user can name.
type command struct {
	name    string
	summary string
	usage   string // the first part of its help, or ""
	run     func(a *app, args []string) error
}

// commandList lists the commands in the order of the help.
func commandList() []command {
	return []command{
		{"train", "train a network, by default on the built-in MNIST", trainUsage, (*app).train},
		{"presets", "list the recipes of tutorials and papers for train -preset=NAME", presetsUsage, (*app).presets},
		{"tune", "search for the flags of train that are best on a validation set", tuneUsage, (*app).tune},
		{"eval", "report accuracy, confusion matrix, precision and recall of a saved network", evalUsage, (*app).eval},
		{"predict", "classify images or rows of numbers with a saved network", predictUsage, (*app).predict},
		{"draw", "draw digits in a browser and see how a saved network reads them", drawUsage, (*app).draw},
		{"export", "write a saved network as an ONNX model, NumPy arrays or safetensors", exportUsage, (*app).export},
		{"import", "read a network from an ONNX model, a state dict of PyTorch or NumPy arrays", importUsage, (*app).importNetwork},
		{"network", "show the layers of a network, and draw it", networkUsage, (*app).network},
		{"digits", "show the images of a data set, distorted or not, or the weights of a network", digitsUsage, (*app).digits},
		{"report", "compare runs and measurements on a web page", reportUsage, (*app).report},
		{"bench", "compare the speed of backends", benchUsage, (*app).bench},
		{"verify", "repeat a certified run and compare the result", verifyUsage, (*app).verify},
		{"gradcheck", "compare a backend's gradients with differences of the loss", gradcheckUsage, (*app).gradcheck},
		{"doctor", "check what training needs on this machine, with remedies", doctorUsage, (*app).doctor},
		{"replay", "repeat a kept training step and find what was wrong", replayUsage, (*app).replay},
		{"completion", "write shell completions for bash, zsh or fish", completionUsage, (*app).completion},
		{"man", "write the manual page", manUsage, (*app).man},
		{"version", "show the build", "", (*app).version},
		{"help", "show this text, or the help of a COMMAND or a TOPIC", "", (*app).help},
	}
}

// commandNames lists the names of the commands.
func commandNames() []string {
	var names []string
	for _, c := range commandList() {
		names = append(names, c.name)
	}
	return names
}

const (
	description = `Shadegrad trains multilayer perceptrons on MNIST and similar data sets, on a GPU
through OpenGL 4.3 compute shaders or on the CPU.
`
	exitStatuses = `0 done; 1 failed, and the last line says why; 2 the command line is
wrong; 3 an -expect was not met; 130 stopped by Ctrl-C, 143 by SIGTERM or 129 by SIGHUP, with
everything saved.
`
)

// overview returns the text of "shadegrad help".
func overview() string {
	var b strings.Builder
	b.WriteString(description + `
usage: shadegrad COMMAND [FLAGS]

`)
	for _, c := range commandList() {
		fmt.Fprintf(&b, "  %-11s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(&b, `
"shadegrad COMMAND -h" lists the flags of a command, "shadegrad help TOPIC" those of a topic:
%s.

Exit status: %s`, strings.Join(flags.Wrap(flags.List(topics()), 84), "\n"), exitStatuses)
	return b.String()
}

// topics lists the topics of the flags.
func topics() []string { return flags.Topics(newSettings("").table) }

// help is "shadegrad help".
func (a *app) help(args []string) error {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		_, err := io.WriteString(a.stdout, overview())
		return err
	}
	name := args[0]
	isCommand := slices.Contains(commandNames(), name)
	switch {
	case slices.Contains(topics(), name):
		var b strings.Builder
		fmt.Fprintf(&b, "flags of the topic %s:\n", name)
		flags.PrintTopic(&b, newSettings("train").table, name)
		if isCommand {
			fmt.Fprintf(&b, "\n\"shadegrad %s -h\" describes the command %s.\n", name, name)
		}
		_, err := io.WriteString(a.stdout, b.String())
		return err
	case isCommand:
		return a.dispatch([]string{name, "-h"})
	}
	return unknownName("command or topic", name, append(commandNames(), topics()...))
}

// unknownName returns the error of a name that is not in a list.
func unknownName(kind, name string, names []string) error {
	if near := flags.Nearest(name, names); near != "" {
		return flags.Errorf("unknown %s %q; did you mean %s?", kind, name, near)
	}
	return flags.Errorf("unknown %s %q (available: %s)", kind, name, strings.Join(names, ", "))
}

const completionUsage = `usage: shadegrad completion SHELL

Writes the completion of commands and flags for bash, zsh or fish. For bash, add to
~/.bashrc:

  source <(shadegrad completion bash)
`

// completion is "shadegrad completion".
func (a *app) completion(args []string) error {
	s, err := a.parse("completion", completionUsage, args)
	if err != nil {
		return err
	}
	if len(s.Args) != 1 || !slices.Contains(flags.Shells(), s.Args[0]) {
		return flags.Errorf("completion: want one SHELL: %s", flags.Alternatives(flags.Shells()))
	}
	var b strings.Builder
	commands := make(map[string][]string)
	for _, name := range commandNames() {
		commands[name] = nil
	}
	commands["presets"], commands["help"], commands["completion"] = recipe.PresetNames(), append(commandNames(), topics()...), flags.Shells()
	flags.Complete(&b, s.Args[0], "shadegrad", commands, s.table)
	_, err = io.WriteString(a.stdout, b.String())
	return err
}
