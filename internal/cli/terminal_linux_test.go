package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal runs the command with stderr, and optionally stdout, on a terminal of so many columns,
// and returns the output on the terminal and on stdout.
func (p place) onTerminal(columns uint16, stdoutToo bool, args ...string) (screen string, r result) {
	p.t.Helper()
	master, slave := openTerminal(p.t, columns)
	cmd := p.command(args...)
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, slave
	if stdoutToo {
		cmd.Stdout = slave
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	slave.Close()
	// Reading ends in EIO if the other side is closed.
	b, err := io.ReadAll(master)
	if err != nil && !errors.Is(err, syscall.EIO) {
		p.t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return string(b), result{p.t, strings.Join(args, " "), stdout.String(), string(b), cmd.ProcessState.ExitCode()}
}

// openTerminal returns the two sides of a pseudo-terminal.
func openTerminal(t testing.TB, columns uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("pseudo-terminals are missing: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// slow returns the arguments of a run whose epoch takes longer than 0.1 s, after which there is
// progress to show.
func slow(t testing.TB, more ...string) []string {
	return append([]string{"train", "-backend=cpu", "-data=" + middleData(t), "-hidden=512,256", "-batch=1", "-momentum=0.9", "-epochs=1"}, more...)
}

var barLine = regexp.MustCompile(`\r\x1b\[Kepoch 1/1 (\x1b\[32m)?━*(\x1b\[0m)?─* +\d+%  \d+ images/s  loss \d+\.\d{4}  \d+:\d\d left`)

// TestBar checks for a progress line with images/s, loss and time left, which is removed before the
// next line.
func TestBar(t *testing.T) {
	screen, r := at(t, "TERM=xterm").onTerminal(120, false, slow(t)...)
	r.is(0)
	bars := barLine.FindAllStringIndex(screen, -1)
	if len(bars) == 0 {
		t.Fatalf("no progress line:\n%q", screen)
	}
	t.Logf("%d progress lines, the last %q", len(bars), screen[bars[len(bars)-1][0]:bars[len(bars)-1][1]])
	if rest := screen[bars[len(bars)-1][1]:]; !strings.HasPrefix(rest, "\r\x1b[K") || strings.Trim(rest, "\r\x1b[K") != "" {
		t.Errorf("after the last progress line there is %q", rest)
	}
	if !strings.Contains(screen, "\x1b[32m") {
		t.Error("the output has no colour")
	}
	if strings.Count(r.stdout, "\n") != 2 || strings.ContainsAny(r.stdout, "\x1b\r") {
		t.Errorf("stdout:\n%q", r.stdout)
	}
}

// TestBarAndResults prints the progress line and results on one terminal. The progress line is
// removed before results.
func TestBarAndResults(t *testing.T) {
	screen, r := at(t, "TERM=xterm").onTerminal(120, true, slow(t)...)
	if r.status != 0 || !regexp.MustCompile(`\r\x1b\[Kepoch 1/1: training loss [^\x1b]*\r\ntest accuracy [^\x1b]*\r\nmost frequent confusion: \d read as \d, \d+ of \d+ times\r\n$`).MatchString(screen) {
		t.Errorf("status %d, screen:\n%q", r.status, screen)
	}
}

// TestNoBar checks the environments without colour or without a progress line.
func TestNoBar(t *testing.T) {
	_, slave := openTerminal(t, 120)
	defer slave.Close()
	reader, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer pipe.Close()
	for _, c := range []struct {
		stderr     io.Writer
		env        string
		bar, color bool
	}{
		{slave, "", true, true},
		{slave, "NO_COLOR", true, false},
		{slave, "CI", false, false},
		{pipe, "", false, false},
		{new(bytes.Buffer), "", false, false},
	} {
		a := &app{stderr: c.stderr, env: func(name string) string { return map[string]string{c.env: "1"}[name] }}
		if b := a.newBar(); (b != nil) != c.bar || b != nil && b.Color != c.color {
			t.Errorf("stderr %T with %s=1: %+v", c.stderr, c.env, b)
		}
	}
	dumb := &app{stderr: slave, env: func(name string) string { return map[string]string{"TERM": "dumb"}[name] }}
	if dumb.newBar() != nil {
		t.Error("there is a bar on a dumb terminal")
	}
}

// TestPredictOnTerminal checks that a terminal with colours gets grey levels.
func TestPredictOnTerminal(t *testing.T) {
	model, image := goodModel(t), repository(t, "testdata/digits/seven.png")
	color, r := at(t, "TERM=xterm").onTerminal(120, true, "predict", "-model="+model, image)
	r.is(0)
	plain, r := at(t, "TERM=xterm", "NO_COLOR=1").onTerminal(120, true, "predict", "-model="+model, image)
	r.is(0)
	if !strings.Contains(color, "\x1b[") || strings.Contains(plain, "\x1b") || !strings.Contains(plain, "it is a 7: ") {
		t.Errorf("with colour:\n%q\nwithout:\n%q", color, plain)
	}
}

// TestCurve checks that a run on a terminal ends with a curve, in braille or ASCII as its encoding allows, and the most frequent
// confusion. In CI, in a pipe and with -json neither is there.
func TestCurve(t *testing.T) {
	const words = "most frequent confusion: "
	run := trainSmall(t, "-epochs=4")
	for _, c := range []struct {
		name    string
		env     []string
		stdout  bool // stdout is the terminal too
		args    []string
		curve   bool
		unicode bool
	}{
		{"UTF-8", []string{"LC_ALL=en_GB.UTF-8"}, true, run, true, true},
		{"C", []string{"LC_ALL=C", "LANG=en_GB.UTF-8"}, true, run, true, false},
		{"CI", []string{"CI=1"}, true, run, false, false},
		{"pipe", nil, false, run, false, false},
		{"json", nil, true, append(run, "-json"), false, false},
	} {
		screen, r := at(t, append([]string{"TERM=xterm"}, c.env...)...).onTerminal(80, c.stdout, c.args...)
		r.is(0)
		if got := strings.Contains(screen, "  epoch 1 ") && strings.Contains(screen, words); got != c.curve || !c.curve && strings.Contains(screen, words) {
			t.Errorf("%s: there is a curve: %v\n%s", c.name, got, screen)
		}
		if got := strings.ContainsFunc(screen, func(r rune) bool { return r > 0x2800 && r < 0x2900 }); got != c.unicode {
			t.Errorf("%s: it is in braille: %v\n%s", c.name, got, screen)
		}
	}
	screen, r := at(t, "TERM=xterm", "NO_COLOR=1").onTerminal(80, true, run...)
	if r.is(0); strings.Contains(screen, "\x1b[3") {
		t.Errorf("NO_COLOR: there is colour in\n%q", screen)
	}
}
