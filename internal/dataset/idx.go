package dataset

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"runtime"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/format"
	"shadegrad/internal/mapped"
	"shadegrad/internal/memory"
	"shadegrad/internal/npy"
	"shadegrad/internal/table"
	"shadegrad/internal/unpack"
)

// IDX is the format of MNIST's files: a magic number (two zero bytes, the type of a value, the number of dimensions),
// each dimension as a big-endian 32-bit number, then the values, big-endian, the last dimension varying fastest.
const (
	imagesMagic = 0x00000803 // bytes in three dimensions: count, rows, columns
	labelsMagic = 0x00000801 // bytes in one dimension: count
)

// idxTypes are the types of values, by the third byte of the magic number.
var idxTypes = map[byte]npy.Header{8: {Kind: 'u', Size: 1}, 9: {Kind: 'i', Size: 1}, 11: {Kind: 'i', Size: 2},
	12: {Kind: 'i', Size: 4}, 13: {Kind: 'f', Size: 4}, 14: {Kind: 'f', Size: 8}}

// An array is the content of an IDX or npy file of images or labels.
type array struct {
	npy.Header
	values []byte
	start  int // position of the values in the file
	idx    bool
	mapped bool // the values are those of the mapped file, and cannot be changed
}

// at returns value i.
func (a *array) at(i int) float64 { return a.Value(a.values, i) }

// headerSize is the number of bytes before the first value of an IDX file.
func headerSize(magic uint32) int { return 4 + 4*int(magic&0xff) }

// mapFrom is the size in bytes from which files are mapped instead of read. Smaller ones are read, which takes at most a
// tenth of a second, so that they may change during the run. Tests replace it.
var mapFrom int64 = 256 << 20

// readArray reads the file name of fsys, compressed or not, and takes its memory from a budget. An npz file must contain
// one array. Errors do not name the file.
func readArray(fsys fs.FS, name string, r role, budget *memory.Budget) (*array, error) {
	f, info, err := unpack.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()

	head := make([]byte, maxArrayHeader)
	n, err := io.ReadFull(f, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, atomicfile.Cause(err)
	}
	switch {
	case unpack.IsZip(head):
		archive, err := unpack.OpenZip(fsys, name, budget)
		if err != nil {
			return nil, err
		}
		defer archive.Close()
		if len(archive.File) != 1 {
			return nil, fmt.Errorf("expected one array, found %d", len(archive.File))
		}
		return readArray(archive, archive.File[0].Name, r, budget)
	case !unpack.IsGzip(head):
		x, size, err := parseHeader(head, r, info.Size(), "")
		if err != nil {
			return nil, err
		}
		if r.images() && int64(size) >= mapFrom {
			if data, ok := mapped.Map(f, info.Size()); ok {
				x.values, x.mapped = data[x.start:], true
				return x, nil
			}
		}
		if err := budget.Take(int64(size)); err != nil {
			return nil, fmt.Errorf("at byte 4: the header announces %s: %w", x.describe(r), err)
		}
		x.values = allocate(size)
		if err := unpack.ReadFull(io.MultiReader(bytes.NewReader(head[x.start:]), f), x.values); err != nil {
			return nil, err
		}
		if _, err := f.Read(make([]byte, 1)); err != io.EOF { // an archive verifies its checksum at the end
			return nil, fmt.Errorf("damaged: %w", cmp.Or(err, errors.New("the file became longer while it was read")))
		}
		return x, nil
	}

	if err := budget.Take(info.Size()); err != nil {
		return nil, fmt.Errorf("the file is too large: %w", err)
	}
	compressed := make([]byte, max(int(info.Size()), n))
	copy(compressed, head)
	if err := unpack.ReadFull(f, compressed[n:]); err != nil {
		return nil, err
	}
	return decodeGzip(compressed, r, budget)
}

// maxArrayHeader is the maximum size of a header.
const maxArrayHeader = format.HeadSize

// decodeGzip decodes an IDX or npy file from its compressed bytes.
func decodeGzip(compressed []byte, r role, budget *memory.Budget) (*array, error) {
	// Check the header before allocating the size that it announces.
	head := make([]byte, maxArrayHeader)
	n, err := unpack.Gunzip(head, compressed)
	if err != nil && err != unpack.ErrFull {
		return nil, err
	}
	x, values, err := parseHeader(head[:n], r, int64(len(compressed))*unpack.MaxExpansion, "compressed ")
	if err != nil {
		return nil, err
	}
	if err := budget.Take(int64(x.start + values)); err != nil {
		return nil, fmt.Errorf("at byte 4: the header announces %s: %w", x.describe(r), err)
	}
	data := allocate(x.start + values)
	n, err = unpack.Gunzip(data, compressed)
	switch {
	case err == unpack.ErrFull:
		return nil, fmt.Errorf("trailing bytes: expected %s and the end of the data at byte %d, found more",
			x.describe(r), len(data))
	case err != nil:
		return nil, err
	case n < len(data):
		return nil, fmt.Errorf("truncated: expected %s up to byte %d, the data ends at byte %d",
			x.describe(r), len(data), n)
	}
	x.values = data[x.start:]
	return x, nil
}

// parseHeader checks the first bytes of a file. It returns an array without values, and the number of their bytes. size is
// the length of the file, or an upper bound if form says that it is compressed.
func parseHeader(head []byte, r role, size int64, form string) (x *array, bytes int, err error) {
	x = &array{}
	if strings.HasPrefix(string(head), npy.Magic) {
		x.Header, x.start, err = npy.Parse(head)
	} else {
		err = x.parseIDX(head, r)
	}
	if err == nil && len(x.Shape) == 0 {
		err = errors.New("expected an array, found one number")
	}
	if err != nil {
		return nil, 0, err
	}
	for i, n := range x.Shape {
		if n == 0 {
			what := [3]string{"label", "row", "column"}[min(i, 2)]
			if i == 0 && r.images() {
				what = "image"
			}
			return nil, 0, fmt.Errorf("at byte %d: expected at least one %s, found 0", 4+4*i, what)
		}
	}

	total, ok := x.Bytes()
	header := int64(x.start)
	if !ok || total > uint64(size-header) {
		announced := fmt.Sprintf("%d", total)
		if !ok {
			announced = "over 2^64"
		}
		if form != "" {
			return nil, 0, fmt.Errorf("at byte 4: the header announces %s, %s bytes; the %sfile cannot hold more than %d",
				x.describe(r), announced, form, size-header)
		}
		return nil, 0, fmt.Errorf("truncated: the header announces %s, %s bytes from byte %d on; the file ends at byte %d",
			x.describe(r), announced, header, size)
	}
	if total > uint64(maxInt-x.start) {
		return nil, 0, fmt.Errorf("at byte 4: the header announces %s, too much for a program of %d bits (%s)",
			x.describe(r), bits.UintSize, runtime.GOARCH)
	}
	if form == "" && uint64(size-header) > total {
		return nil, 0, fmt.Errorf("trailing bytes: expected %s and the end of the file at byte %d, found %d more",
			x.describe(r), uint64(header)+total, uint64(size-header)-total)
	}
	return x, int(total), nil
}

// parseIDX parses the header of an IDX file. Images must have at least two dimensions, labels at most two.
func (a *array) parseIDX(head []byte, r role) error {
	want := headerSize(r.magic())
	if len(head) >= 4 {
		found := binary.BigEndian.Uint32(head)
		t, ok := idxTypes[head[2]]
		a.Header, a.idx = t, true
		dimensions := int(head[3])
		if !ok || found>>16 != 0 || dimensions < 1 || dimensions > 4 || r.images() != (dimensions > 1) && (r.images() || dimensions > 2) {
			return fmt.Errorf("wrong magic number at byte 0: expected %s, found %s", magicText(r.magic()), foundText(found, head))
		}
		a.Order, want = binary.BigEndian, 4+4*dimensions
	}
	if len(head) < want {
		return fmt.Errorf("truncated: expected a header of %d bytes, the file ends at byte %d%s", want, len(head), hint(head))
	}
	for at := 4; at < want; at += 4 {
		a.Shape = append(a.Shape, int(binary.BigEndian.Uint32(head[at:])))
	}
	a.start = want
	return nil
}

const maxInt = 1<<(bits.UintSize-1) - 1

// describe returns the sizes of the header in words.
func (a *array) describe(r role) string {
	switch n := a.Shape; {
	case len(n) == 1 && !r.images():
		return table.Counted(n[0], "label")
	case len(n) == 3 && r.images():
		return fmt.Sprintf("%d images of %dx%d", n[0], n[2], n[1])
	}
	return fmt.Sprintf("an array of %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(a.Shape), " ", "x"), "[]"))
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
