//go:build !unix && !windows

package mapped

import "os"

func mapFile(*os.File, int) ([]byte, bool) { return nil, false }

// Prefetch does nothing.
func Prefetch([]byte) {}
