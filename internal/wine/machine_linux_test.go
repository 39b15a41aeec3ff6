package wine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A machine is a new installation of Wine with a display.
type machine struct {
	dir string // of its files, and where programs start
	env []string
}

const wine = "/usr/lib/wine/wine64" // Debian's wine command asks for a 32-bit Wine first

// newMachine installs Wine with what Go programs need.
func newMachine(t *testing.T) *machine {
	t.Helper()
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	for _, tool := range []string{"x86_64-w64-mingw32-gcc", wine, "Xvfb"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
				t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but tools are missing: %v", err)
			}
			t.Skip(err)
		}
	}
	m := &machine{dir: t.TempDir()}
	prefix := filepath.Join(m.dir, "prefix")
	m.env = append(os.Environ(), "WINEPREFIX="+prefix, "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree=;mshtml=", "DISPLAY="+display(t),
		"LIBGL_ALWAYS_SOFTWARE=1", "GALLIVM_PERF=nopt", "CI=1")
	t.Cleanup(func() {
		// Wine's services would otherwise live on for a few seconds and write to the directory.
		m.native(t, nil, "/usr/lib/wine/wineserver64", "-k", "-w")
	})
	m.run(t, time.Minute, "wineboot", "-i").is(t, 0)
	m.native(t, nil, "x86_64-w64-mingw32-gcc", "-shared", "-O1", "-Wall", "-Werror", "-o",
		filepath.Join(prefix, "drive_c/windows/system32/bcryptprimitives.dll"), "testdata/bcryptprimitives.c", "-ladvapi32")
	return m
}

// display starts a virtual display, which ends with the test, and returns its name.
func display(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-noreset", "-nolisten", "tcp", "-screen", "0", "640x480x24")
	x.ExtraFiles = []*os.File{write}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Process.Kill(); x.Wait() })
	write.Close()
	var number int
	if _, err := fmt.Fscanln(read, &number); err != nil {
		t.Fatalf("Xvfb does not start: %v", err)
	}
	read.Close()
	return fmt.Sprint(":", number)
}

// native runs a program of this machine, with more variables in its environment.
func (m *machine) native(t *testing.T, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(m.env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

// build makes a Windows program by a command of go.
func (m *machine) build(t *testing.T, cgo bool, output string, args ...string) string {
	t.Helper()
	path := filepath.Join(m.dir, output)
	env := []string{"GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0"}
	if cgo {
		env = append(env, "CGO_ENABLED=1", "CC=x86_64-w64-mingw32-gcc")
	}
	m.native(t, env, "go", append(append([]string{args[0]}, "-o", path), args[1:]...)...)
	return path
}

// A result is the outcome of a program.
type result struct {
	command        string
	stdout, stderr string
	status         int
}

// run runs a Windows program in the machine's directory.
func (m *machine) run(t *testing.T, limit time.Duration, args ...string) result {
	t.Helper()
	return m.runIn(t, m.dir, limit, args...)
}

// runIn runs a Windows program in a directory.
func (m *machine) runIn(t *testing.T, dir string, limit time.Duration, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, wine, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, m.env, time.Second // services of Wine keep the pipes
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil || err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("%s: %v (%v)\n%s%s", strings.Join(args, " "), err, ctx.Err(), stdout.String(), stderr.String())
	}
	text := func(b bytes.Buffer) string { return strings.ReplaceAll(b.String(), "\r\n", "\n") }
	return result{strings.Join(args, " "), text(stdout), text(stderr), cmd.ProcessState.ExitCode()}
}

// is checks the exit status, and that the output contains each text.
func (r result) is(t *testing.T, status int, texts ...string) result {
	t.Helper()
	if r.status != status {
		t.Errorf("%s: exit status %d, want %d\n%s%s", r.command, r.status, status, r.stdout, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("%s: the output does not contain %q\n%s%s", r.command, text, r.stdout, r.stderr)
		}
	}
	return r
}
