package cli

import (
	"context"
	"errors"
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
	if a.within != nil {
		return a.within, func() os.Signal { return signalOf(a.within) }
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	finished := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
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
			cancel(signalError{s})
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
		s := signalOf(ctx)
		cancel(nil)
		return s
	}
}

// A signalError is the cause of the end of a context.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return e.String() }

// signalOf returns the signal that ended a context of interruptible, or nil.
func signalOf(ctx context.Context) os.Signal {
	var e signalError
	errors.As(context.Cause(ctx), &e)
	return e.Signal
}
