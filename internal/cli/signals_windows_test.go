package cli

import (
	"bufio"
	"io"
	"os"
	"os/signal"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// TestInterrupt presses Ctrl-C in a console, pastes the printed command into cmd.exe, and compares the network with that of an
// undisturbed run.
func TestInterrupt(t *testing.T) {
	// A name of characters that cmd.exe treats specially.
	name, quoted := "my (net) & 100^.x", `"my (net) & 100^.x`
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		// The cmd.exe of Wine 8 leaves the carets.
		name, quoted = "my (net) & 100%PATH%^.x", `"my (net) & 100"^%"PATH"^%"^.x`
	}
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-batch=1", "-lr=0.01", "-every=1", "-epochs=300",
		"-save=" + name, "-expect=test_acc >= 0.01", "-threads=1"}
	whole := at(t)
	whole.run(args...).is(0)

	kernel := windows.NewLazySystemDLL("kernel32.dll")
	kernel.NewProc("FreeConsole").Call()
	if ok, _, err := kernel.NewProc("AllocConsole").Call(); ok == 0 {
		t.Fatal(err)
	}
	interrupts := make(chan os.Signal, 1) // this process gets the Ctrl-C too
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)

	p := at(t)
	cmd := p.command(args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no first epoch: %v\n%s", err, stderr.String())
		}
		if strings.HasPrefix(line, "epoch 1/") {
			break
		}
	}
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_C_EVENT, 0); err != nil {
		t.Fatal(err)
	}
	<-interrupts
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // the status says it all
	r := result{t, strings.Join(args, " "), "", stderr.String(), cmd.ProcessState.ExitCode()}
	r.is(130, "stopping after this step; Ctrl-C again stops immediately", "\nshadegrad: stopped; to resume, run: shadegrad train -resume="+quoted+
		`.checkpoint" -backend=cpu -save=`+quoted+`" -every=1 -expect="test_acc >= 0.01"`)
	typed, _, _ := strings.Cut(resumeCommand(r), " (in PowerShell: ")
	p.sh(typed).is(0, "resuming in epoch ")
	if string(contents(t, p.path(name))) != string(contents(t, whole.path(name))) {
		t.Error("the network is another than the undisturbed run's")
	}
	mustNotExist(t, p.path(name+".checkpoint"))
}
