// Package cli is the command shadegrad: its commands, their flags, messages and
// exit statuses.
package cli

import (
	"io"
	"os"
	"runtime"
	"time"

	"shadegrad/internal/clock"
	"shadegrad/internal/glctx"
)

// started is close to the start of the process: packages are initialised before main runs.
var started = clock.Now()

// The main goroutine starts on the main thread. Locked here, it stays there for GLFW.
func init() { runtime.LockOSThread() }

// Main runs the command with the arguments of the process and returns the exit status.
// It must be called from the main goroutine, which serves the window system.
func Main() int {
	return glctx.Main(func() int {
		a := &app{name: os.Args[0], stdout: os.Stdout, stderr: os.Stderr, env: os.Getenv, now: clock.Now, started: started,
			runLength: 50 * time.Millisecond}
		return a.run(os.Args[1:])
	})
}

// Run runs a command line as Main does, except that the environment does not change it, and returns the
// exit status. It may be called from any goroutine, and opens no GPU.
func Run(args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr, env: func(string) string { return "" }, now: clock.Now, started: clock.Now()}
	return a.run(args)
}
