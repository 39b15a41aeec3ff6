//go:build !unix && !windows

package mapped

import "os"

func mapFile(*os.File, int) ([]byte, bool) { return nil, false }

func unmap([]byte) error { return nil }

// Prefetch does nothing.
func Prefetch([]byte) {}
