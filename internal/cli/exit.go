package cli

import (
	"errors"
	"os"
	"syscall"

	"shadegrad/internal/flags"
	"shadegrad/internal/train"
	"shadegrad/internal/values"
)

// The exit statuses. Scripts rely on them.
const (
	statusFailed    = 1
	statusUsage     = 2
	statusUnmet     = 3
	statusHangup    = 128 + int(syscall.SIGHUP)
	statusInterrupt = 128 + int(syscall.SIGINT)
	statusTerminate = 128 + int(syscall.SIGTERM)
)

// A stoppedError reports that a signal ended the run. resume is the command to resume it, or empty if nothing was
// trained.
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

// Unwrap returns train.ErrInterrupted.
func (e *stoppedError) Unwrap() error { return train.ErrInterrupted }

// exitStatus returns the exit status for an error.
func exitStatus(err error) int {
	var usage *flags.Error
	var unmet *values.UnmetError
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
	switch s {
	case syscall.SIGHUP:
		return statusHangup
	case syscall.SIGTERM:
		return statusTerminate
	}
	return statusInterrupt
}
