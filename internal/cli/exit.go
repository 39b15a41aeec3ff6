package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// The exit statuses, which scripts rely on.
const (
	statusFailed    = 1
	statusUsage     = 2
	statusUnmet     = 3
	statusInterrupt = 128 + int(syscall.SIGINT)
	statusTerminate = 128 + int(syscall.SIGTERM)
)

// A usageError says that the command line is wrong.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// An unmetError says that an -expect was not met.
type unmetError struct{ text string }

func (e *unmetError) Error() string { return e.text }

// A stoppedError says that a signal ended the run, and how to go on, unless
// nothing was trained.
type stoppedError struct {
	signal os.Signal
	resume string
}

func (e *stoppedError) Error() string {
	if e.resume == "" {
		return "stopped before anything was trained"
	}
	return "stopped; to resume, run: " + e.resume
}

// exitStatus returns the status that an error calls for.
func exitStatus(err error) int {
	var usage *usageError
	var unmet *unmetError
	var stopped *stoppedError
	switch {
	case errors.As(err, &usage):
		return statusUsage
	case errors.As(err, &unmet):
		return statusUnmet
	case errors.As(err, &stopped):
		return signalStatus(stopped.signal)
	}
	return statusFailed
}

func signalStatus(s os.Signal) int {
	if s == syscall.SIGTERM {
		return statusTerminate
	}
	return statusInterrupt
}
