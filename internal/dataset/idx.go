package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"runtime"

	"shadegrad/compute"
	"shadegrad/internal/dataset/format"
	"shadegrad/internal/memory"
)

// IDX is the format of MNIST's files: a magic number (two zero bytes, the type of a value, the number of dimensions),
// each dimension as a big-endian 32-bit number, then the values, the last dimension varying fastest.
const (
	imagesMagic = 0x00000803 // bytes in three dimensions: count, rows, columns
	labelsMagic = 0x00000801 // bytes in one dimension: count
)

// An idxFile is the content of a file of images or labels.
type idxFile struct {
	count, height, width int // height and width are 1 for labels
	values               []byte
}

// headerSize is the number of bytes before the first value.
func headerSize(magic uint32) int { return 4 + 4*int(magic&0xff) }

// readIDX reads the file name of fsys, compressed or not, and takes its memory from a budget. Errors do not name the
// file.
func readIDX(fsys fs.FS, name string, magic uint32, budget *memory.Budget) (*idxFile, error) {
	info, err := fs.Stat(fsys, name) // before opening, because opening a pipe waits for a writer
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("expected a file, found " + kind(info.Mode()))
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()

	head := make([]byte, headerSize(magic))
	n, err := io.ReadFull(f, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, reason(err)
	}
	if !isGzip(head) {
		x, size, err := parseHeader(head, magic, info.Size(), "")
		if err != nil {
			return nil, err
		}
		if err := take(budget, int64(size)); err != nil {
			return nil, fmt.Errorf("at byte 4: the header announces %s: %w", x.describe(magic), err)
		}
		x.values = allocate(size)
		return x, readFull(f, x.values)
	}

	if err := take(budget, info.Size()); err != nil {
		return nil, fmt.Errorf("the file is too large: %w", err)
	}
	compressed := make([]byte, max(int(info.Size()), n))
	copy(compressed, head)
	if err := readFull(f, compressed[n:]); err != nil {
		return nil, err
	}
	return decodeGzip(compressed, magic, budget)
}

// take takes n bytes from a budget. The error states what is available.
func take(budget *memory.Budget, n int64) error {
	if left, ok := budget.Take(n); !ok {
		return fmt.Errorf("%s asked for, %s of memory available", compute.FormatBytes(n), compute.FormatBytes(left))
	}
	return nil
}

// kind names the type of a file that is not regular.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// readFull fills buf from f, which had as many bytes left when it was opened.
func readFull(f fs.File, buf []byte) error {
	_, err := io.ReadFull(f, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file became shorter while it was read")
	}
	return reason(err)
}

// reason drops the operation and the path that package os adds to a cause. The caller names the file.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// decodeGzip decodes an IDX file from its compressed bytes.
func decodeGzip(compressed []byte, magic uint32, budget *memory.Budget) (*idxFile, error) {
	// Check the header before allocating the size that it announces.
	head := make([]byte, headerSize(magic))
	n, err := gunzip(head, compressed)
	if err != nil && err != errFull {
		return nil, err
	}
	size := int64(n)
	if err == errFull {
		size = int64(len(compressed)) * maxExpansion
	}
	x, values, err := parseHeader(head[:n], magic, size, "compressed ")
	if err != nil {
		return nil, err
	}
	if err := take(budget, int64(len(head)+values)); err != nil {
		return nil, fmt.Errorf("at byte 4: the header announces %s: %w", x.describe(magic), err)
	}
	data := allocate(len(head) + values)
	n, err = gunzip(data, compressed)
	switch {
	case err == errFull:
		return nil, fmt.Errorf("trailing bytes: expected %s and the end of the data at byte %d, found more",
			x.describe(magic), len(data))
	case err != nil:
		return nil, err
	case n < len(data):
		return nil, fmt.Errorf("truncated: expected %s up to byte %d, the data ends at byte %d",
			x.describe(magic), len(data), n)
	}
	x.values = data[len(head):]
	return x, nil
}

// parseHeader checks the first bytes of a file. It returns their content and the number of bytes of values. size is the
// length of the file, or an upper bound if form says that it is compressed.
func parseHeader(head []byte, magic uint32, size int64, form string) (x *idxFile, values int, err error) {
	if len(head) >= 4 {
		if found := binary.BigEndian.Uint32(head); found != magic {
			return nil, 0, fmt.Errorf("wrong magic number at byte 0: expected %s, found %s", magicText(magic), foundText(found, head))
		}
	}
	if len(head) < headerSize(magic) {
		return nil, 0, fmt.Errorf("truncated: expected a header of %d bytes, the file ends at byte %d%s",
			headerSize(magic), len(head), hint(head))
	}
	dims := [3]uint32{1, 1, 1}
	for i := range int(magic & 0xff) {
		at := 4 + 4*i
		dims[i] = binary.BigEndian.Uint32(head[at:])
		if dims[i] == 0 {
			what := [3]string{"label", "row", "column"}[i]
			if i == 0 && magic == imagesMagic {
				what = "image"
			}
			return nil, 0, fmt.Errorf("at byte %d: expected at least one %s, found 0", at, what)
		}
	}

	pixels := uint64(dims[1]) * uint64(dims[2])
	overflow, total := bits.Mul64(uint64(dims[0]), pixels)
	x = &idxFile{count: int(dims[0]), height: int(dims[1]), width: int(dims[2])}
	header := int64(len(head))
	if overflow != 0 || total > uint64(size-header) {
		announced := fmt.Sprintf("%d", total)
		if overflow != 0 {
			announced = "over 2^64"
		}
		if form != "" {
			return nil, 0, fmt.Errorf("at byte 4: the header announces %s, %s bytes; the %sfile cannot hold more than %d",
				x.describe(magic), announced, form, size-header)
		}
		return nil, 0, fmt.Errorf("truncated: the header announces %s, %s bytes from byte %d on; the file ends at byte %d",
			x.describe(magic), announced, header, size)
	}
	if total > uint64(maxInt-len(head)) {
		return nil, 0, fmt.Errorf("at byte 4: the header announces %s, too much for a program of %d bits (%s)",
			x.describe(magic), bits.UintSize, runtime.GOARCH)
	}
	if form == "" && uint64(size-header) > total {
		return nil, 0, fmt.Errorf("trailing bytes: expected %s and the end of the file at byte %d, found %d more",
			x.describe(magic), uint64(header)+total, uint64(size-header)-total)
	}
	return x, int(total), nil
}

const maxInt = 1<<(bits.UintSize-1) - 1

// describe returns the counts of the header in words.
func (x *idxFile) describe(magic uint32) string {
	if magic == labelsMagic {
		return fmt.Sprintf("%d labels", uint32(x.count))
	}
	return fmt.Sprintf("%d images of %dx%d", uint32(x.count), uint32(x.width), uint32(x.height))
}

// magicText names one of the two magic numbers.
func magicText(magic uint32) string {
	if magic == labelsMagic {
		return fmt.Sprintf("%#08x (IDX labels)", magic)
	}
	return fmt.Sprintf("%#08x (IDX images)", magic)
}

// foundText describes the four bytes of a wrong magic number.
func foundText(found uint32, head []byte) string {
	switch {
	case found == imagesMagic || found == labelsMagic:
		return magicText(found)
	case found>>16 == 0 && found&0xff != 0 && found&0xff <= 8 && found>>8 >= 8 && found>>8 <= 14:
		return fmt.Sprintf("%#08x (IDX with values of type %#02x in %d dimensions)", found, found>>8, found&0xff)
	}
	return fmt.Sprintf("%#08x, neither IDX nor gzip%s", found, hint(head))
}

// hint names the format of a file that begins with head, if it is one that users take for data files.
func hint(head []byte) string {
	if text := format.Describe(head); text != "" {
		return " (it is " + text + ")"
	}
	return ""
}
