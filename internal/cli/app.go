package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/dataset"
	"shadegrad/internal/report"

	"golang.org/x/term"
)

// An app is one invocation of the command: where it writes, what it knows of its
// surroundings, and how it opens backends.
type app struct {
	name           string // as it was called, for commands to be typed again; "" is shadegrad
	stdout, stderr io.Writer
	env            func(string) string
	started        time.Time
	opener         backends.Opener
	// compare replaces the comparison that -backend=auto makes, in tests.
	compare func(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (comparison, error)
}

const help = `Shadegrad trains multilayer perceptrons on MNIST and data sets like it, on
a GPU through OpenGL 4.3 compute shaders or on the CPU.

usage: shadegrad COMMAND [FLAGS]

  train     train a network; without flags, on the built-in MNIST
  presets   list the recipes of tutorials and papers that train -preset=NAME has
  eval      accuracy, confusion matrix, precision and recall of a saved network
  predict   ask a saved network about images, or rows of numbers
  network   show a network's layers, and draw it
  digits    show the images of a data set, distorted or not, or the weights of a network
  bench     time backends side by side
  verify    run a certified run again, and see whether it comes to the same
  gradcheck check a backend's gradients against differences of the loss
  doctor    what works on this machine, what does not, and what to do about it
  replay    run a training step again that was kept, and tell what was wrong with it
  version   which build this is
  help      this text

"shadegrad COMMAND -h" lists a command's flags. Exit status: 0 done; 1 it failed,
and the last line says why; 2 the command line is wrong; 3 an -expect was not
met; 130 stopped by Ctrl-C (143 by SIGTERM), with everything saved.
`

// run does what the arguments ask and returns the exit status. The last line on
// stderr says why, if it is not 0.
func (a *app) run(args []string) (status int) {
	defer func() {
		if r := recover(); r != nil {
			status = a.crash(r)
		}
	}()
	err := a.dispatch(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	// The log of a shader, or several bad images, take several lines.
	fmt.Fprintln(a.stderr, "shadegrad: "+strings.ReplaceAll(report.Printable(err.Error()), "\n", "\nshadegrad: "))
	return exitStatus(err)
}

// crash tells of a mistake in this program without showing a stack to those who
// cannot use one.
func (a *app) crash(reason any) int {
	if a.env("SHADEGRAD_TRACE") != "" {
		a.stderr.Write(debug.Stack())
	}
	fmt.Fprintf(a.stderr, "shadegrad: internal error: %v; this is a bug: please report it with what SHADEGRAD_TRACE=1 prints\n", reason)
	return 1
}

func (a *app) dispatch(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(a.stderr, help)
		return usagef("no command given")
	}
	switch args[0] {
	case "train":
		return a.train(args[1:])
	case "presets":
		return a.presets(args[1:])
	case "network":
		return a.network(args[1:])
	case "digits":
		return a.digits(args[1:])
	case "eval":
		return a.eval(args[1:])
	case "predict":
		return a.predict(args[1:])
	case "bench":
		return a.bench(args[1:])
	case "verify":
		return a.verify(args[1:])
	case "gradcheck":
		return a.gradcheck(args[1:])
	case "doctor":
		return a.doctor(args[1:])
	case "replay":
		return a.replay(args[1:])
	case "version", "-version", "--version":
		return a.version()
	case "help", "-h", "-help", "--help":
		if args[0] == "help" && len(args) > 1 {
			return a.dispatch([]string{args[1], "-h"})
		}
		_, err := fmt.Fprint(a.stdout, help)
		return err
	}
	commands := []string{"train", "presets", "eval", "predict", "network", "digits", "bench", "verify", "gradcheck", "doctor", "replay", "version", "help"}
	meant := ""
	if near := nearest(args[0], commands); near != "" {
		meant = "; did you mean " + near + "?"
	}
	return usagef("no command %q%s; there are %s", args[0], meant, andList(commands))
}

func (a *app) version() error {
	_, err := fmt.Fprintln(a.stdout, buildVersion())
	return err
}

// buildVersion names the program, its version and its kind.
func buildVersion() string {
	version, gpu := "(devel)", "with GPU support"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version += " " + s.Value
			}
		}
	}
	if !backends.GPUSupport {
		gpu = "without GPU support"
	}
	return fmt.Sprintf("shadegrad %s, %s", version, gpu)
}

// onTerminal reports whether stderr is a terminal.
func (a *app) onTerminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// newBar returns a progress line if stderr is a terminal in interactive use, else nil.
func (a *app) newBar() *report.Bar {
	if !a.onTerminal() || a.env("CI") != "" || a.env("TERM") == "dumb" {
		return nil
	}
	return report.NewBar(a.stderr.(*os.File), a.env("NO_COLOR") == "")
}
