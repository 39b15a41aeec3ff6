package unpack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"

	"shadegrad/internal/memory"
)

// An Archive is an open zip archive, such as an npz file.
type Archive struct {
	*zip.Reader
	io.Closer
}

// IsZip reports whether data begins like a zip file.
func IsZip(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// OpenZip opens an archive, and takes the memory for one within another archive from a budget. It refuses members that
// announce more than their compressed bytes can hold, because readers trust the size of a file.
func OpenZip(fsys fs.FS, name string, budget *memory.Budget) (*Archive, error) {
	f, info, err := Open(fsys, name)
	if err != nil {
		return nil, err
	}
	archive, err := readZip(f, info, budget)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Archive{archive, f}, nil
}

func readZip(f fs.File, info fs.FileInfo, budget *memory.Budget) (*zip.Reader, error) {
	at, ok := f.(io.ReaderAt)
	if !ok { // the file is in another archive
		if err := budget.Take(info.Size()); err != nil {
			return nil, err
		}
		content, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		at = bytes.NewReader(content)
	}
	archive, err := zip.NewReader(at, info.Size())
	if err != nil {
		return nil, fmt.Errorf("damaged zip archive: %w", err)
	}
	for _, member := range archive.File {
		if member.UncompressedSize64/MaxExpansion > member.CompressedSize64 || member.CompressedSize64 > uint64(info.Size()) {
			return nil, fmt.Errorf("damaged zip archive: %s announces %d bytes, more than the archive can hold", member.Name, member.UncompressedSize64)
		}
	}
	return archive, nil
}
