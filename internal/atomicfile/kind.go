package atomicfile

import (
	"errors"
	"io/fs"
)

// Regular returns an error unless a file is regular: reading a device may never end, and opening a pipe waits for a writer.
// want names what was expected, such as "a file".
func Regular(info fs.FileInfo, want string) error {
	found := "a device"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		found = "a directory"
	case mode&fs.ModeNamedPipe != 0:
		found = "a pipe"
	case mode&fs.ModeSocket != 0:
		found = "a socket"
	}
	return errors.New("expected " + want + ", found " + found)
}
