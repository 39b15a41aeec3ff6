package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"shadegrad/internal/atomicfile"
)

// Write replaces the file at path by f, atomically, as [atomicfile.Write] does.
func Write(path string, f *File) error {
	return atomicfile.Write(path, func(w io.Writer) error { return Encode(w, f) })
}

// Encode writes f to w: the tensors in their order, the metadata sorted by key, so that equal files
// are written as equal bytes.
func Encode(w io.Writer, f *File) error {
	if err := f.check(); err != nil {
		return err
	}
	header, err := encodeHeader(f)
	if err != nil {
		return err
	}
	prefix := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	if _, err := w.Write(append(prefix, header...)); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if err := writeValues(w, t.Data); err != nil {
			return err
		}
	}
	return nil
}

// writeValues writes the values of a tensor as the file has them.
func writeValues(w io.Writer, data []float32) error {
	buf := make([]byte, 0, min(len(data), chunk)*valueSize)
	for values := range slices.Chunk(data, chunk) {
		buf = buf[:0]
		for _, v := range values {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// chunk is the number of values converted at a time.
const chunk = 1 << 15

// encodeHeader returns the padded JSON header. It composes the object itself because encoding/json
// would sort the tensors.
func encodeHeader(f *File) ([]byte, error) {
	var b bytes.Buffer
	text := json.NewEncoder(&b)
	text.SetEscapeHTML(false)
	put := func(v any) error {
		if err := text.Encode(v); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // the newline that an Encoder adds
		return nil
	}

	b.WriteByte('{')
	if len(f.Metadata) > 0 {
		b.WriteString(`"` + metadataKey + `":`)
		if err := put(f.Metadata); err != nil {
			return nil, err
		}
	}
	begin := 0
	for _, t := range f.Tensors {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		if err := put(t.Name); err != nil {
			return nil, err
		}
		b.WriteString(`:{"dtype":"F32","shape":`)
		if err := put(append([]int{}, t.Shape...)); err != nil {
			return nil, err
		}
		end := begin + len(t.Data)*valueSize
		fmt.Fprintf(&b, `,"data_offsets":[%d,%d]}`, begin, end)
		begin = end
	}
	b.WriteByte('}')
	for b.Len()%align != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("the header would take %d bytes, over the format's limit of %d", b.Len(), maxHeader)
	}
	return b.Bytes(), nil
}
