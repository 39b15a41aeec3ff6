// Package console recognises terminals and their capabilities.
package console

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Is reports whether w is a terminal.
func Is(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Escapes reports whether w is a terminal that interprets escape sequences, for a program in the environment env. It switches
// them on where necessary.
func Escapes(w io.Writer, env func(string) string) bool {
	return Is(w) && env("TERM") != "dumb" && escapes(w.(*os.File))
}

// Columns returns the width of the terminal w, or otherwise if it is unknown.
func Columns(w io.Writer, otherwise int) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return otherwise
}
