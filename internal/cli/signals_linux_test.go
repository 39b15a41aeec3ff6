package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"shadegrad/internal/keep"
)

// A child is a process of the command whose output a test reads while it runs.
type child struct {
	place
	cmd            *exec.Cmd
	stdout, stderr *bufio.Reader
	closeErr       func()          // closes the reader of stderr
	told           strings.Builder // what was read of stderr
}

// start starts a process whose stdout holds a page at most, so that it is never more than about 30
// lines ahead of the test.
func (p place) start(args ...string) *child {
	p.t.Helper()
	return p.startProcess(p.command(args...))
}

// startProcess starts a process like start does.
func (p place) startProcess(cmd *exec.Cmd) *child {
	p.t.Helper()
	c := &child{place: p, cmd: cmd}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := unix.FcntlInt(outWrite.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize()); err != nil {
		p.t.Fatal(err)
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		p.t.Fatal(err)
	}
	c.cmd.Stdout, c.cmd.Stderr = outWrite, errWrite
	if err := c.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	outWrite.Close()
	errWrite.Close()
	p.t.Cleanup(func() { c.cmd.Process.Kill(); outRead.Close(); errRead.Close() })
	c.closeErr = func() { errRead.Close() }
	c.stdout, c.stderr = bufio.NewReader(outRead), bufio.NewReader(errRead)
	return c
}

// out waits for a line on stdout that begins with text.
func (c *child) out(text string) {
	c.t.Helper()
	for {
		line, err := c.stdout.ReadString('\n')
		if strings.HasPrefix(line, text) {
			return
		}
		if err != nil {
			rest, _ := io.ReadAll(c.stderr)
			c.t.Fatalf("no line %q: %v\n%s", text, err, rest)
		}
	}
}

// err waits for a line on stderr that begins with text.
func (c *child) err(text string) {
	c.t.Helper()
	for {
		line, err := c.stderr.ReadString('\n')
		c.told.WriteString(line)
		if strings.HasPrefix(line, text) {
			return
		}
		if err != nil {
			c.t.Fatalf("no line %q: %v\n%s", text, err, c.told.String())
		}
	}
}

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// end reads the remaining output and waits for the end.
func (c *child) end() result {
	c.t.Helper()
	out := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(c.stdout)
		out <- string(b)
	}()
	rest, err := io.ReadAll(c.stderr)
	if err != nil && !errors.Is(err, os.ErrClosed) {
		c.t.Fatal(err)
	}
	c.told.Write(rest)
	stdout := <-out
	c.cmd.Wait() // the status says it all
	return result{c.t, strings.Join(c.cmd.Args[1:], " "), stdout, c.told.String(), c.cmd.ProcessState.ExitCode()}
}

// TestInterrupt checks the row of FAULTS.md on Ctrl-C, SIGTERM and SIGHUP: the step in flight ends, the state
// is saved, and the printed command resumes the run with a bit-identical result.
func TestInterrupt(t *testing.T) {
	const epochs = "100" // more than fit into the pipe
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-batch=1", "-lr=0.01", "-every=1", "-epochs=" + epochs}
	whole := at(t)
	whole.run(append(args, "-save=m")...).is(0)
	want := contents(t, whole.path("m"))

	for _, s := range []struct {
		signal syscall.Signal
		status int
		again  string
	}{{syscall.SIGINT, 130, "Ctrl-C again"}, {syscall.SIGTERM, 143, "a second SIGTERM"}, {syscall.SIGHUP, 129, "a second SIGTERM"}} {
		t.Run(s.signal.String(), func(t *testing.T) {
			p := at(t)
			c := p.start(append(args, "-save=m", "-threads=1")...)
			c.out("epoch 1/" + epochs)
			sent := time.Now()
			c.signal(s.signal)
			c.err("stopping after this step; " + s.again + " stops immediately")
			r := c.end().is(s.status, "\nshadegrad: stopped; to resume, run: shadegrad train -resume=m.checkpoint -backend=cpu -save=m -every=1\n")
			t.Logf("ended %v after the signal", time.Since(sent))
			if strings.Contains("\n"+r.stderr, "\n\n") {
				t.Errorf("there is an empty line on stderr:\n%s", r.stderr)
			}
			p.run("eval", "-backend=cpu", "-model=m", "-data="+smallData(t)).is(0)

			again := p.sh(resumeCommand(r)).is(0, "resuming in epoch ")
			_, where, _ := strings.Cut(again.stderr, "resuming ")
			t.Logf("went on %s", strings.SplitN(where, "\n", 2)[0])
			if string(contents(t, p.path("m"))) != string(want) {
				t.Error("the network is another than the undisturbed run's")
			}
			mustNotExist(t, p.path("m.checkpoint"))
		})
	}
}

// TestInterruptTwice stops a run and the run that resumes it, without -save, with names and flags that
// a shell must not split.
func TestInterruptTwice(t *testing.T) {
	p := at(t)
	c := p.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-epochs=80", "-every=1", "-json", "-expect=test_acc >= 0.01")
	c.out(`{"event":"epoch","epoch":1,`)
	c.signal(syscall.SIGINT)
	r := c.end().is(130)
	const command = "shadegrad train -resume=shadegrad.checkpoint -backend=cpu -every=1 -json -expect='test_acc >= 0.01'"
	if resumeCommand(r) != command {
		t.Fatalf("the command is %s, want %s", resumeCommand(r), command)
	}
	c = p.start("train", "-resume=shadegrad.checkpoint", "-backend=cpu", "-every=1", "-json", "-expect=test_acc >= 0.01")
	c.out(`{"event":"epoch",`)
	c.signal(syscall.SIGTERM)
	if r = c.end().is(143); resumeCommand(r) != command {
		t.Fatalf("the command is %s, want %s", resumeCommand(r), command)
	}
	list := events(t, p.sh(resumeCommand(r)).is(0).stdout)
	if last := list[len(list)-1]; last["event"] != "done" || last["epoch"] != 80.0 {
		t.Errorf("the last event is %v", last)
	}
	mustNotExist(t, p.path("shadegrad.checkpoint"))
}

// TestSecondRun starts a run that saves to the file of another one.
func TestSecondRun(t *testing.T) {
	p := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=100", "-save=m"}
	c := p.start(args...)
	c.out("epoch 1/100")
	p.run(args...).is(1, fmt.Sprintf("shadegrad: m: another run, process %d, saves there; wait until it ends, or save elsewhere\n", c.cmd.Process.Pid))
	c.signal(syscall.SIGKILL)
	c.end()
	p.run(args...).is(0, "saved m")
	mustNotExist(t, p.path("m.lock"))
}

// TestNohup checks that a run continues after a SIGHUP that is ignored at the start.
func TestNohup(t *testing.T) {
	p := at(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := p.startProcess(p.process("nohup", self, "train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=100"))
	c.out("epoch 1/100")
	c.signal(syscall.SIGHUP)
	r := c.end()
	if r.status != 0 || !strings.Contains(r.stdout, "epoch 100/100") {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
	mustNotExist(t, p.path(keep.DefaultCheckpoint))
}

// TestHangup closes the terminal of a run, to which it can no longer write, and sends the SIGHUP and SIGTERM that follow.
func TestHangup(t *testing.T) {
	p := at(t)
	c := p.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=100", "-save=m")
	c.out("epoch 1/100")
	c.closeErr()
	c.signal(syscall.SIGHUP)
	c.signal(syscall.SIGHUP)
	if r := c.end(); r.status != 129 {
		t.Errorf("status %d", r.status)
	}
	p.run("train", "-resume=m.checkpoint", "-backend=cpu").is(0, "resuming in epoch ")
}

// TestInterruptOutsideThePath stops a command that a shell finds only by its path, which the printed
// command must name.
func TestInterruptOutsideThePath(t *testing.T) {
	p := at(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.path("my tools"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, p.path("my tools/digits")); err != nil {
		t.Fatal(err)
	}
	c := p.startProcess(p.process("my tools/digits", "train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-batch=1", "-every=1", "-epochs=100"))
	c.out("epoch 1/100")
	c.signal(syscall.SIGINT)
	r := c.end().is(130)
	const command = "'my tools/digits' train -resume=shadegrad.checkpoint -backend=cpu -every=1"
	if resumeCommand(r) != command {
		t.Fatalf("the command is %s, want %s", resumeCommand(r), command)
	}
	p.finish(p.process("sh", "-c", command)).is(0, "resuming in epoch ")
}

// TestSecondInterrupt immediately stops a run that cannot stop after its step, since it saves into a
// pipe without a reader.
func TestSecondInterrupt(t *testing.T) {
	for _, s := range []struct {
		signal syscall.Signal
		status int
	}{{syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		p := at(t)
		if err := unix.Mkfifo(p.path("pipe"), 0o600); err != nil {
			t.Fatal(err)
		}
		c := p.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=2", "-save=pipe")
		c.out("epoch 1/2")
		c.signal(syscall.SIGINT)
		c.err("stopping after this step")
		c.signal(s.signal)
		r := c.end()
		if r.status != s.status || strings.Contains(r.stderr, "to resume") || strings.Contains(r.stderr, "goroutine ") {
			t.Errorf("%v: status %d, stderr:\n%s", s.signal, r.status, r.stderr)
		}
	}
}
