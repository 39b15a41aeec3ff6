// Package npy reads the header of NumPy's npy files, and the values of arrays.
//
// A file is a magic string, a version, the length of the header, the header, which is a Python dictionary, and the values.
// See numpy.lib.format in NumPy's reference.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Magic is the beginning of an npy file.
const Magic = "\x93NUMPY"

// A Header describes an array.
type Header struct {
	Shape   []int
	Kind    byte // of a value: 'b' bool, 'u' or 'i' integer, 'f' floating point
	Size    int  // of a value in bytes
	Order   binary.ByteOrder
	Fortran bool // the first index varies fastest
}

var (
	descr   = regexp.MustCompile(`'descr': *'([<>|=])([a-zA-Z])(\d*)'`)
	fortran = regexp.MustCompile(`'fortran_order': *(True|False)`)
	shape   = regexp.MustCompile(`'shape': *\(([\d, ]*)\)`)
)

// Parse parses the header of a file that begins with head, which must contain the whole header. It returns the position
// of the first value.
func Parse(head []byte) (h Header, values int, err error) {
	if len(head) < 12 || string(head[:6]) != Magic {
		return h, 0, errors.New("truncated: the file ends in the header of an npy file")
	}
	at, length := 10, int(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 {
		at, length = 12, int(min(binary.LittleEndian.Uint32(head[8:]), math.MaxInt32))
	}
	if length > len(head)-at {
		return h, 0, fmt.Errorf("expected an npy header of at most %d bytes, found one of %d", len(head)-at, length)
	}
	text := string(head[at : at+length])
	d, f, s := descr.FindStringSubmatch(text), fortran.FindStringSubmatch(text), shape.FindStringSubmatch(text)
	if f == nil || s == nil {
		return h, 0, fmt.Errorf("damaged npy header at byte %d", at)
	}
	if d == nil {
		return h, 0, errors.New("expected numbers, found an npy array of a structured type; save each field as an array of its own")
	}
	h = Header{Kind: d[2][0], Order: binary.LittleEndian, Fortran: f[1] == "True"}
	if d[1] == ">" {
		h.Order = binary.BigEndian
	}
	h.Size, _ = strconv.Atoi(d[3])
	if !slices.Contains([]string{"b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8"}, d[2]+d[3]) {
		remedy := "save it with a numeric type, as array.astype('float32')"
		if d[2] == "U" || d[2] == "S" {
			remedy = "number the texts, as numpy.unique(array, return_inverse=True)[1]"
		}
		return h, 0, fmt.Errorf("expected numbers, found an npy array of type %s%s; %s", d[2], d[3], remedy)
	}
	for _, n := range strings.FieldsFunc(s[1], func(c rune) bool { return c == ',' || c == ' ' }) {
		size, err := strconv.Atoi(n)
		if err != nil {
			return h, 0, fmt.Errorf("damaged npy header: a size of %s", n)
		}
		h.Shape = append(h.Shape, size)
	}
	return h, at + length, nil
}

// Bytes returns the number of bytes of the values; ok is false if it exceeds 64 bits.
func (h *Header) Bytes() (n uint64, ok bool) {
	n = uint64(h.Size)
	for _, size := range h.Shape {
		high, low := bits.Mul64(n, uint64(size))
		if n = low; high != 0 {
			return 0, false
		}
	}
	return n, true
}

// Value returns value i of values.
func (h *Header) Value(values []byte, i int) float64 {
	var v uint64
	switch b := values[i*h.Size:]; h.Size {
	case 1:
		v = uint64(b[0])
	case 2:
		v = uint64(h.Order.Uint16(b))
	case 4:
		v = uint64(h.Order.Uint32(b))
	case 8:
		v = h.Order.Uint64(b)
	}
	switch unused := 64 - 8*h.Size; {
	case h.Kind == 'f' && h.Size == 4:
		return float64(math.Float32frombits(uint32(v)))
	case h.Kind == 'f':
		return math.Float64frombits(v)
	case h.Kind == 'i':
		return float64(int64(v<<unused) >> unused)
	}
	return float64(v)
}

// Transpose makes h describe the same values with the order of the indices reversed.
func (h *Header) Transpose() {
	n := len(h.Shape)
	reversed := make([]int, n)
	for i, size := range h.Shape {
		reversed[n-1-i] = size
	}
	h.Shape, h.Fortran = reversed, !h.Fortran
}

// Reorder copies values to dst so that the last index varies fastest.
func (h *Header) Reorder(dst, values []byte) {
	index := make([]int, len(h.Shape))
	for at := 0; at < len(dst); at += h.Size {
		from, stride := 0, h.Size
		for i, n := range h.Shape {
			from += index[i] * stride
			stride *= n
		}
		copy(dst[at:at+h.Size], values[from:])
		for i := len(index) - 1; i >= 0; i-- {
			if index[i]++; index[i] < h.Shape[i] {
				break
			}
			index[i] = 0
		}
	}
	h.Fortran = false
}
