package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// sh runs a line in a shell in which shadegrad is this command. On Windows it types the line into cmd.exe, since cmd.exe /c
// treats quotes in another way.
func (p place) sh(line string) result {
	p.t.Helper()
	shell, args, name := "sh", []string{"-c", line}, "shadegrad"
	if runtime.GOOS == "windows" {
		shell, args, name = "cmd.exe", nil, "shadegrad.exe"
	}
	if _, err := exec.LookPath(shell); err != nil {
		p.t.Fatal(shell + " is not installed")
	}
	bin := p.t.TempDir()
	installAs(p.t, filepath.Join(bin, name))
	q := p
	q.env = append(append([]string{}, p.env...), fmt.Sprintf("PATH=%s%c%s", bin, os.PathListSeparator, os.Getenv("PATH")))
	cmd := q.process(shell, args...)
	if runtime.GOOS == "windows" {
		typed := filepath.Join(bin, "typed") // the cmd.exe of Wine reads only files line by line
		put(p.t, typed, []byte("@echo off\r\n"+line+"\r\nexit %errorlevel%\r\n"))
		f, err := os.Open(typed)
		if err != nil {
			p.t.Fatal(err)
		}
		defer f.Close()
		cmd.Stdin = f
	}
	return q.finish(cmd)
}

// installAs makes the test binary, which can be the command, available under another name. Windows does not delete a link to a
// running program.
func installAs(t testing.TB, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Symlink(self, path); err != nil {
			t.Fatal(err)
		}
		return
	}
	put(t, path, contents(t, self))
}
