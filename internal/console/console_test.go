package console

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestOtherWriters checks what is not a terminal.
func TestOtherWriters(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if Is(f) || Is(&bytes.Buffer{}) || Escapes(f, os.Getenv) || Escapes(&bytes.Buffer{}, os.Getenv) {
		t.Error("a file or a buffer is taken for a terminal")
	}
	if n := Columns(f, 77); n != 77 {
		t.Errorf("a file has %d columns", n)
	}
}
