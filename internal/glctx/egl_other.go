//go:build cgo && !nogl && !darwin && !(linux || freebsd || netbsd || openbsd)

package glctx

func openEGL(hardware bool) (surface, error) { return nil, ErrUnused }

func namesOfEGL() ([]string, error) { return nil, ErrUnused }
