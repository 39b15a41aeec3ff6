package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"shadegrad/internal/half"
)

// A DataType is the type of the values of a tensor.
type DataType int64

// The types of which this package reads values.
const (
	Float32  DataType = 1
	Int32    DataType = 6
	Int64    DataType = 7
	String   DataType = 8
	Float16  DataType = 10
	Float64  DataType = 11
	BFloat16 DataType = 16
)

var typeNames = map[DataType]string{1: "FLOAT", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64", 8: "STRING",
	9: "BOOL", 10: "FLOAT16", 11: "DOUBLE", 12: "UINT32", 13: "UINT64", 14: "COMPLEX64", 15: "COMPLEX128", 16: "BFLOAT16"}

// String returns ONNX's name of the type.
func (t DataType) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return fmt.Sprintf("type %d", int64(t))
}

// A Tensor is an array. Its values stay encoded until they are asked for.
type Tensor struct {
	Name     string
	Dims     []int64
	Type     DataType
	Strings  []string
	External *External // where the values are, if they are not in the file

	raw    []byte      // all values, little-endian
	packed packedLists // or one of the lists
}

// packedLists are the encoded lists of values by type. A list can have several parts.
type packedLists struct{ floats, doubles, int32s, int64s [][]byte }

// An External is the place of values in another file.
type External struct {
	File   string
	Offset int64
	Length int64 // 0 if the tensor decides
}

// SetRaw sets the values of a tensor whose External was read.
func (t *Tensor) SetRaw(b []byte) { t.raw, t.External = b, nil }

// NewFloats returns a tensor of float32 values.
func NewFloats(name string, dims []int64, values []float32) Tensor {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return Tensor{Name: name, Dims: dims, Type: Float32, raw: raw}
}

// width returns the size of a value in bytes, or 0 for a type of which no numbers are read.
func (t DataType) width() int {
	switch t {
	case Float16, BFloat16:
		return 2
	case Float32, Int32:
		return 4
	case Float64, Int64:
		return 8
	}
	return 0
}

// Len returns the number of values that the shape asks for, or an error if it is negative or too large.
func (t *Tensor) Len() (int, error) {
	n := int64(1)
	for _, d := range t.Dims {
		if d < 0 || d > 0 && n > math.MaxInt32*8/d {
			return 0, fmt.Errorf("initializer %q: shape %v is not valid", t.Name, t.Dims)
		}
		n *= d
	}
	return int(n), nil
}

// Bytes returns the number of bytes of the values.
func (t *Tensor) Bytes() (int64, error) {
	n, err := t.Len()
	return int64(n) * int64(t.Type.width()), err
}

// Floats returns the values of a tensor of numbers, rounded.
func (t *Tensor) Floats() ([]float32, error) { return numbers[float32](t) }

// Doubles returns the values of a tensor of numbers.
func (t *Tensor) Doubles() ([]float64, error) { return numbers[float64](t) }

// numbers converts the values of a tensor without another list of them: the tensor can take much of the memory.
func numbers[T float32 | float64](t *Tensor) ([]T, error) {
	n, err := t.Len()
	if err != nil {
		return nil, err
	}
	if t.External != nil {
		return nil, fmt.Errorf("initializer %q: its values are in another file, %q", t.Name, t.External.File)
	}
	width := t.Type.width()
	if width == 0 {
		return nil, fmt.Errorf("initializer %q: values of type %s are not supported", t.Name, t.Type)
	}
	parts, width := t.parts(width)
	found, whole := count(parts, width)
	if found != n || !whole {
		return nil, fmt.Errorf("initializer %q: shape %v of %s has %d values, found %d", t.Name, t.Dims, t.Type, n, found)
	}
	values := make([]T, 0, n)
	for _, p := range parts {
		for len(p) > 0 {
			w, size := word(p, width)
			values, p = append(values, T(t.Type.number(w))), p[size:]
		}
	}
	return values, nil
}

// parts returns the encoded values, and the width of each in bytes, or 0 for varints.
func (t *Tensor) parts(width int) ([][]byte, int) {
	switch {
	case len(t.raw) > 0:
		return [][]byte{t.raw}, width
	case t.Type == Float32:
		return t.packed.floats, 4
	case t.Type == Float64:
		return t.packed.doubles, 8
	case t.Type == Int64:
		return t.packed.int64s, 0
	}
	return t.packed.int32s, 0 // 16-bit floats are stored as integers too
}

// count returns the number of values in parts, and whether each part ends with a whole value.
func count(parts [][]byte, width int) (n int, whole bool) {
	for _, p := range parts {
		if width > 0 {
			n += len(p) / width
			if len(p)%width != 0 {
				return n, false
			}
			continue
		}
		for len(p) > 0 {
			_, size := protowire.ConsumeVarint(p)
			if size < 0 { // Decode has checked the list
				return n, false
			}
			n, p = n+1, p[size:]
		}
	}
	return n, true
}

// word returns the bits of the first value of b, and its size in bytes.
func word(b []byte, width int) (w uint64, size int) {
	switch width {
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), width
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), width
	case 8:
		return binary.LittleEndian.Uint64(b), width
	}
	return protowire.ConsumeVarint(b)
}

// number returns the value of the bits w of a type.
func (t DataType) number(w uint64) float64 {
	switch t {
	case Float16:
		return float64(half.Float16(uint16(w)))
	case BFloat16:
		return float64(half.BFloat16(uint16(w)))
	case Float32:
		return float64(math.Float32frombits(uint32(w)))
	case Float64:
		return math.Float64frombits(w)
	case Int32:
		return float64(int32(w))
	}
	return float64(int64(w))
}
