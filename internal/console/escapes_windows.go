package console

import (
	"os"

	"golang.org/x/sys/windows"
)

// escapes asks the console to interpret escape sequences, which Windows 10 does since version 1511, but not by default.
func escapes(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	const needed = windows.ENABLE_PROCESSED_OUTPUT | windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING
	return mode&needed == needed || windows.SetConsoleMode(h, mode|needed) == nil
}
