//go:build cgo && !nogl && !(linux || freebsd || netbsd || openbsd)

package glctx

// placesOfEGL returns the error of openEGL: EGL is not used on this system.
func placesOfEGL() ([]string, error) {
	_, err := openEGL()
	return nil, err
}
