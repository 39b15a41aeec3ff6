package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"shadegrad/internal/console"
)

// interruptible returns a context that the first Ctrl-C, SIGTERM or SIGHUP cancels; another Ctrl-C or SIGTERM ends the
// process immediately. A SIGHUP that is ignored, as under nohup, stays ignored. stop restores the default and returns the
// signal, if there was one.
func (a *app) interruptible() (ctx context.Context, stop func() os.Signal) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	first := make(chan os.Signal, 1)
	finished := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			first <- s
			// The terminal or the reader of a pipe may be gone. The state is saved nevertheless.
			signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
			if console.Is(a.stderr) { // which shows ^C after the progress line
				fmt.Fprintln(a.stderr)
			}
			again := "Ctrl-C again"
			if s != os.Interrupt {
				again = "a second SIGTERM"
			}
			fmt.Fprintf(a.stderr, "stopping after this step; %s stops immediately\n", again)
			cancel()
		case <-finished:
			return
		}
		select {
		case s := <-signals:
			os.Exit(signalStatus(s))
		case <-finished:
		}
	}()
	return ctx, func() os.Signal {
		signal.Stop(signals)
		close(finished)
		cancel()
		select {
		case s := <-first:
			return s
		default:
			return nil
		}
	}
}
