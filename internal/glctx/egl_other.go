//go:build cgo && !nogl && !(linux || freebsd || netbsd || openbsd)

package glctx

import (
	"errors"
	"runtime"
)

func openEGL() (surface, error) {
	return nil, errors.New("not used on " + runtime.GOOS)
}
