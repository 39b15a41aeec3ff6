//go:build !windows

package atomicfile

import (
	"errors"
	"syscall"
)

// blocked reports whether another program can be the cause of a failed rename. Outside Windows it cannot.
func blocked(error) bool { return false }

// full reports whether the disk or a quota is full.
func full(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// reserved reports whether the system reserves the name of a file. Only Windows does.
func reserved(string) bool { return false }
