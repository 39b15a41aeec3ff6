//go:build cgo && !nogl && !darwin && !(linux && (amd64 || arm64))

package glctx

// loadX11 does nothing: the program is linked with what GLFW needs.
func loadX11() error { return nil }
