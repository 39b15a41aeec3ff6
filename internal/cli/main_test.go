package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/backends"
	"shadegrad/internal/bench"
	"shadegrad/internal/cache"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/glctx"
)

// commandVariable makes the test binary run the command, for the exit statuses, signals and streams of
// a process.
const commandVariable = "SHADEGRAD_TEST_MAIN"

// commandMain is the command. A test of faults replaces it in the processes that it starts.
var commandMain = Main

func TestMain(m *testing.M) {
	if os.Getenv(commandVariable) == "1" {
		os.Exit(commandMain())
	}
	if signal.Ignored(syscall.SIGHUP) { // under nohup; the tests' processes must not inherit that
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Exit(glctx.Main(func() int {
		defer shared.remove()
		// The tests do not use the cache of the user's own runs.
		dir, err := os.MkdirTemp("", "shadegrad-cache-")
		if err == nil {
			defer os.RemoveAll(dir)
			err = os.Setenv(cache.Variable, dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}))
}

// A place is a directory and an environment in which to run the command.
type place struct {
	t   testing.TB
	dir string
	env []string
}

// at returns a new, empty place whose environment also has env.
func at(t testing.TB, env ...string) place { return place{t, t.TempDir(), env} }

// path returns the path of a file in the place.
func (p place) path(name string) string { return filepath.Join(p.dir, name) }

// command prepares a process of the command.
func (p place) command(args ...string) *exec.Cmd {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := p.process(self, args...)
	cmd.Args[0] = "shadegrad"
	return cmd
}

// process prepares a process in whose environment the test binary is the command.
func (p place) process(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), name, args...)
	cmd.Dir = p.dir
	cmd.Env = append(p.environment(), commandVariable+"=1")
	cmd.Env = append(cmd.Env, p.env...)
	return cmd
}

// environment returns the environment of the tests without variables that change the command's
// behaviour. SHADEGRAD_SIMD stays: it applies to this process too.
func (p place) environment() []string {
	var kept []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case name == "CI", name == "NO_COLOR", name == "TERM":
		case strings.HasPrefix(name, "SHADEGRAD_") && name != "SHADEGRAD_EGL" && name != "SHADEGRAD_SIMD" && name != cache.Variable:
		default:
			kept = append(kept, v)
		}
	}
	return kept
}

// run runs the command and waits for its end.
func (p place) run(args ...string) result {
	p.t.Helper()
	return p.finish(p.command(args...))
}

// finish runs a process and waits for its end.
func (p place) finish(cmd *exec.Cmd) result {
	p.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return result{p.t, strings.Join(cmd.Args[1:], " "), stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// A result is the outcome of a run of the command.
type result struct {
	t              testing.TB
	command        string
	stdout, stderr string
	status         int
}

// lastLine returns the last line on stderr.
func (r result) lastLine() string {
	lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
	return lines[len(lines)-1]
}

// is checks the exit status, and that stderr contains each text. A failure is one line that begins
// with the program's name, never a stack trace.
func (r result) is(status int, texts ...string) result {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s: exit status %d, want %d", r.command, r.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			r.t.Errorf("%s: stderr does not say\n%s", r.command, text)
		}
	}
	if status != 0 && !strings.HasPrefix(r.lastLine(), "shadegrad: ") {
		r.t.Errorf("%s: the last line on stderr does not say why", r.command)
	}
	for _, trace := range []string{"goroutine ", "panic:", "fatal error:", ".go:"} {
		if strings.Contains(r.stderr+r.stdout, trace) {
			r.t.Errorf("%s: there is %q in the output", r.command, trace)
		}
	}
	if r.t.Failed() {
		r.t.Fatalf("status %d\nstdout:\n%s\nstderr:\n%s", r.status, r.stdout, r.stderr)
	}
	return r
}

// testRunLength is short: the tests check the form of the figures, not the time.
const testRunLength = time.Millisecond

// inProcess runs the command in this process with another opener, for tests of a GPU that they can
// break.
func inProcess(t testing.TB, o backends.Opener, args ...string) result {
	return tapped(t, o, nil, args...)
}

// tapped is inProcess with a function that is called with the output on stdout.
func tapped(t testing.TB, o backends.Opener, tap func(string), args ...string) result {
	return timed(t, o, tap, clock.Now, args...)
}

// timed is tapped with another clock.
func timed(t testing.TB, o backends.Opener, tap func(string), now clock.Func, args ...string) result {
	t.Setenv(cache.Variable, t.TempDir()) // nothing is remembered from before
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &tapWriter{&stdout, tap}, stderr: &stderr,
		env: func(string) string { return "" }, now: now, started: now(), runLength: testRunLength, opener: o, compare: gpuIsFaster}
	status := a.run(args)
	return result{t, strings.Join(args, " "), stdout.String(), stderr.String(), status}
}

// gpuIsFaster replaces a comparison, which would depend on the clock.
func gpuIsFaster(compute.Backend, compute.Backend, bench.Step, *dataset.Data) (bench.Comparison, error) {
	return bench.Comparison{GPU: 25e-6, CPU: 100e-6}, nil
}

type tapWriter struct {
	to  io.Writer
	tap func(string)
}

func (w *tapWriter) Write(p []byte) (int, error) {
	if w.tap != nil {
		w.tap(string(p))
	}
	return w.to.Write(p)
}

// mustNotExist checks that a file does not exist.
func mustNotExist(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s exists (%v)", path, err)
	}
}

// contents returns the bytes of a file.
func contents(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// put writes a file.
func put(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
