//go:build cgo && !nogl && !darwin

package glctx

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// mainLoop serves GLFW's calls on one thread.
type mainLoop struct {
	calls chan func()
	quit  chan struct{} // closed when it ends
}

var (
	mainMu  sync.Mutex
	running *mainLoop // nil until Main or the first call of GLFW
)

func newLoop() *mainLoop { return &mainLoop{calls: make(chan func()), quit: make(chan struct{})} }

// endLimit is the longest time that a call of GLFW may take after Main's function has
// returned.
const endLimit = time.Second

// Main runs f on another goroutine, serves GLFW's calls on the caller's thread, and returns f's result. Call it from main,
// or from TestMain: os.Exit(glctx.Main(m.Run)). If a call of GLFW does not return, Main cannot either, and ends the
// process with f's result.
//
// GLFW's manual demands the main thread, which the main goroutine has if the program has locked it there in an init
// function. On Windows and X11 any thread will do, if it is always the same. Without Main, in a program that uses Shadegrad
// as a library, the first call of GLFW therefore starts a thread that serves this and all later ones.
func Main(f func() int) int {
	loop := newLoop()
	mainMu.Lock()
	if running != nil {
		mainMu.Unlock()
		panic("glctx: Main must be called once, before the first context is opened")
	}
	running = loop
	mainMu.Unlock()
	defer close(loop.quit)
	done := make(chan int)
	go func() {
		code := f()
		select {
		case done <- code:
		case <-time.After(endLimit):
			os.Exit(code)
		}
	}()
	return loop.serve(done)
}

// serve runs calls on the caller's thread until a result arrives, and returns it.
func (l *mainLoop) serve(done <-chan int) int {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Windows sends events to hidden windows too, and other programs wait for the
	// answers. On X11 reading events would only let a lost X server end the process.
	var tick <-chan time.Time
	if runtime.GOOS == "windows" {
		t := time.NewTicker(time.Second / 4)
		defer t.Stop()
		tick = t.C
	}
	for {
		select {
		case call := <-l.calls:
			call()
		case <-tick:
			pollEvents()
		case code := <-done:
			return code
		}
	}
}

// theLoop returns the running loop, or starts one that never ends.
func theLoop() *mainLoop {
	mainMu.Lock()
	defer mainMu.Unlock()
	if running == nil {
		running = newLoop()
		go running.serve(nil)
	}
	return running
}

// onMain runs f on the thread of GLFW and returns its error. It turns a panic into an
// error. After the end of Main it returns ErrNoMain.
func onMain(f func() error) error {
	loop := theLoop()
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
