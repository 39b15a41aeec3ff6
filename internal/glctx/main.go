//go:build cgo && !nogl && !darwin

package glctx

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// The main goroutine starts on the main thread. Locked here, it stays there.
func init() { runtime.LockOSThread() }

// mainLoop is a running Main.
type mainLoop struct {
	calls chan func()
	quit  chan struct{} // closed when Main returns
}

var (
	mainMu  sync.Mutex
	running *mainLoop // nil while Main is not running
)

// endLimit is the longest time that a call of GLFW may take after Main's function has
// returned.
const endLimit = time.Second

// Main runs f on another goroutine, serves GLFW's calls on the main thread, and
// returns f's result. Call it from main, or from TestMain:
// os.Exit(glctx.Main(m.Run)). If a call of GLFW does not return, Main cannot either, and
// ends the process with f's result.
func Main(f func() int) int {
	loop := &mainLoop{calls: make(chan func()), quit: make(chan struct{})}
	mainMu.Lock()
	if running != nil {
		mainMu.Unlock()
		panic("glctx: Main is already running")
	}
	running = loop
	mainMu.Unlock()
	defer func() {
		mainMu.Lock()
		running = nil
		mainMu.Unlock()
		close(loop.quit)
	}()

	// Windows sends events to hidden windows too, and other programs wait for the
	// answers. On X11 reading events would only let a lost X server end the process.
	var tick <-chan time.Time
	if runtime.GOOS == "windows" {
		t := time.NewTicker(time.Second / 4)
		defer t.Stop()
		tick = t.C
	}

	done := make(chan int)
	go func() {
		code := f()
		select {
		case done <- code:
		case <-time.After(endLimit):
			os.Exit(code)
		}
	}()
	for {
		select {
		case call := <-loop.calls:
			call()
		case <-tick:
			pollEvents()
		case code := <-done:
			return code
		}
	}
}

// mainRunning reports whether Main serves the main thread.
func mainRunning() bool {
	mainMu.Lock()
	defer mainMu.Unlock()
	return running != nil
}

// onMain runs f on the main thread and returns its error. It turns a panic into an
// error.
func onMain(f func() error) error {
	mainMu.Lock()
	loop := running
	mainMu.Unlock()
	if loop == nil {
		return ErrNoMain
	}
	result := make(chan error, 1)
	select {
	case loop.calls <- func() { result <- recovered(f) }:
		return <-result
	case <-loop.quit:
		return ErrNoMain
	}
}

// recovered calls f and turns a panic into an error of one line.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %s", oneLine(fmt.Sprint(p)))
		}
	}()
	return f()
}
