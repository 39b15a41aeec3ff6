package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/clock"
	"shadegrad/internal/console"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/mapped"
	"shadegrad/internal/report"
)

// An app is one invocation of the command: its streams, its environment, and how it opens backends.
type app struct {
	name           string // as it was called, for the commands it prints; "" is shadegrad
	stdout, stderr io.Writer
	env            func(string) string
	now            clock.Func    // the clock of measurements
	started        time.Duration // its reading at the start of the process
	runLength      time.Duration // approximate length of a run of steps in bench
	opener         backends.Opener
	within         context.Context // of a command that trains several networks: it ends at a signal
	// compare replaces the comparison of -backend=auto in tests.
	compare func(gpu, host compute.Backend, s bench.Step, d *dataset.Data) (bench.Comparison, error)
}

// run executes a command line and returns the exit status. Unless it is 0, the last line on stderr
// has the reason.
func (a *app) run(args []string) (status int) {
	defer func() {
		if r := recover(); r != nil {
			status = a.crash(r)
		}
	}()
	debug.SetPanicOnFault(true) // see mapped.AsError
	err := a.dispatch(args)
	if err == nil || errors.Is(err, flags.ErrHelp) {
		return 0
	}
	// The log of a shader and a list of bad images have several lines.
	fmt.Fprintln(a.stderr, "shadegrad: "+strings.ReplaceAll(report.Printable(err.Error()), "\n", "\nshadegrad: "))
	return exitStatus(err)
}

// crash reports a bug in this program, or a mapped file that became shorter. It shows the stack only on request.
func (a *app) crash(reason any) int {
	if err := mapped.AsError(reason); err != nil {
		fmt.Fprintf(a.stderr, "shadegrad: %v\n", err)
		return 1
	}
	if a.env("SHADEGRAD_TRACE") != "" {
		a.stderr.Write(debug.Stack())
	}
	fmt.Fprintf(a.stderr, "shadegrad: internal error: %v; this is a bug: please report it with what SHADEGRAD_TRACE=1 prints\n", reason)
	return 1
}

// dispatch runs the command that the first argument names.
func (a *app) dispatch(args []string) error {
	if len(args) == 0 {
		fmt.Fprint(a.stderr, overview())
		return flags.Errorf("no command given")
	}
	name := args[0]
	switch name {
	case "-version", "--version":
		name = "version"
	case "-h", "-help", "--help":
		name = "help"
	}
	for _, c := range commandList() {
		if c.name == name {
			return c.run(a, args[1:])
		}
	}
	if strings.HasPrefix(name, "-") {
		return flags.Errorf("%s: the command comes before its flags, as in: shadegrad train %s", name, name)
	}
	return unknownName("command", name, commandNames())
}

// version is "shadegrad version".
func (a *app) version([]string) error {
	_, err := fmt.Fprintln(a.stdout, buildVersion())
	return err
}

// The linker sets both in a release (.ci/release.sh).
var releaseVersion, releaseCommit string

// programVersion returns the version of the program, and its commit if it is known.
func programVersion() string {
	if releaseVersion != "" {
		return releaseVersion + " " + releaseCommit
	}
	version := "(devel)"
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
	return version
}

// buildVersion returns the name of the program, its version and whether it supports a GPU.
func buildVersion() string {
	gpu := "with GPU support"
	if !backends.GPUSupport {
		gpu = "without GPU support"
	}
	return fmt.Sprintf("shadegrad %s, %s", programVersion(), gpu)
}

// interactive reports whether stderr is a terminal in interactive use.
func (a *app) interactive() bool {
	return a.env("CI") == "" && console.Escapes(a.stderr, a.env)
}

// newBar returns a progress line in interactive use, else nil.
func (a *app) newBar() *report.Bar {
	if !a.interactive() {
		return nil
	}
	return report.NewBar(a.stderr.(*os.File), a.env("NO_COLOR") == "")
}

// note prints a line on stderr, unless it is empty.
func (a *app) note(text string) {
	if text != "" {
		fmt.Fprintln(a.stderr, report.PrintableName(text))
	}
}
