//go:build cgo && !nogl && (linux || freebsd || netbsd || openbsd)

package glctx

// placesOfEGL returns the names of EGL's candidates.
func placesOfEGL() ([]string, error) {
	if err := loadEGL(); err != nil {
		return nil, err
	}
	var names []string
	for _, c := range eglCandidates() {
		names = append(names, c.name)
	}
	return names, nil
}
