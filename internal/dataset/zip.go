package dataset

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"

	"shadegrad/internal/memory"
)

// isZip reports whether data begins like a zip file, such as npz.
func isZip(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// openZip opens an archive. It refuses members that announce more than their compressed bytes can hold, because readers
// trust the size of a file.
func openZip(f fs.File, info fs.FileInfo, budget *memory.Budget) (*zip.Reader, error) {
	at, ok := f.(io.ReaderAt)
	if !ok { // within another archive
		if err := take(budget, info.Size()); err != nil {
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
		if member.UncompressedSize64/maxExpansion > member.CompressedSize64 || member.CompressedSize64 > uint64(info.Size()) {
			return nil, fmt.Errorf("damaged zip archive: %s announces %d bytes, more than the archive can hold", member.Name, member.UncompressedSize64)
		}
	}
	return archive, nil
}
