//go:build !windows

package console

import "os"

// escapes reports true: all usual terminals interpret escape sequences.
func escapes(*os.File) bool { return true }
