//go:build cgo && !nogl && !darwin && !(linux || freebsd || netbsd || openbsd)

package glctx

import (
	"errors"
	"runtime"
)

var errNoEGL = errors.New("not used on " + runtime.GOOS)

func openEGL(hardware bool) (surface, error) { return nil, errNoEGL }

func namesOfEGL() ([]string, error) { return nil, errNoEGL }
