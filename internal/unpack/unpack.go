// Package unpack opens files: of a file system or an archive, compressed with gzip or not. Its errors do not name the file.
package unpack

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/format"
)

// Paths is a file system that opens files by any path.
type Paths struct{}

func (Paths) Open(name string) (fs.File, error)     { return os.Open(name) }
func (Paths) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Open opens a regular file.
func Open(fsys fs.FS, name string) (fs.File, fs.FileInfo, error) {
	info, err := fs.Stat(fsys, name) // before opening, because opening a pipe waits for a writer
	if err != nil {
		return nil, nil, atomicfile.Cause(err)
	}
	if err := atomicfile.Regular(info, "a file"); err != nil {
		return nil, nil, err
	}
	f, err := fsys.Open(name)
	return f, info, atomicfile.Cause(err)
}

// ReadFull fills buf from f, which had as many bytes left when it was opened.
func ReadFull(f io.Reader, buf []byte) error {
	_, err := io.ReadFull(f, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file became shorter while it was read")
	}
	return atomicfile.Cause(err)
}

// Head returns the first bytes of a file, decompressed, as far as they can be read: enough for format.Describe.
func Head(fsys fs.FS, name string) []byte {
	f, _, err := Open(fsys, name)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, format.HeadSize)
	n, _ := io.ReadFull(f, head)
	if !IsGzip(head[:n]) {
		return head[:n]
	}
	z, err := gzip.NewReader(io.MultiReader(bytes.NewReader(head[:n]), f))
	if err != nil {
		return nil
	}
	n, _ = io.ReadFull(z, head)
	return head[:n]
}
