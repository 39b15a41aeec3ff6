package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/half"
	"shadegrad/internal/memory"
)

// Read reads the file at path, which must have float32 values only. Errors name the file and the deviation from the format.
func Read(path string) (*File, error) { return read(path, Decode) }

// ReadConverted is Read for values of type F16, BF16 and F64 too, which are converted to float32.
func ReadConverted(path string) (*File, error) { return read(path, DecodeConverted) }

// ReadMetadata is Read without the tensors.
func ReadMetadata(path string) (map[string]string, error) {
	return read(path, func(r io.Reader, size int64) (map[string]string, error) {
		metadata, _, _, err := decodeHeader(r, size)
		return metadata, err
	})
}

// read decodes the file at path.
func read[T any](path string, decode func(io.Reader, int64) (T, error)) (none T, err error) {
	info, err := os.Stat(path) // before Open, which waits for a writer if it is a pipe
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	if err := atomicfile.Regular(info, "a safetensors file"); err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	if have := memory.Available(); have >= 0 && info.Size() > have {
		return none, fmt.Errorf("%s: the file is too large: %s asked for, %s of memory available",
			path, compute.FormatBytes(info.Size()), compute.FormatBytes(have))
	}
	f, err := os.Open(path)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	defer f.Close()
	file, err := decode(f, info.Size())
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	return file, nil
}

// Decode reads a file of size bytes from r. It allocates in proportion to size, whatever the bytes
// are.
func Decode(r io.Reader, size int64) (*File, error) { return decodeTypes(r, size, false) }

// DecodeConverted is Decode for values of type F16, BF16 and F64 too, which are converted to float32.
func DecodeConverted(r io.Reader, size int64) (*File, error) { return decodeTypes(r, size, true) }

func decodeTypes(r io.Reader, size int64, convert bool) (*File, error) {
	metadata, entries, dataStart, err := decodeHeader(r, size)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.dtype != "F32" && !convert {
			return nil, fmt.Errorf("tensor %q: %w", e.name, &dtypeError{fmt.Sprintf("%q", e.dtype)})
		}
	}
	if err := checkLayout(entries, dataStart, size); err != nil {
		return nil, err
	}
	return decodeTensors(r, metadata, entries)
}

// decodeHeader reads the header of a file of size bytes. The values begin at dataStart.
func decodeHeader(r io.Reader, size int64) (metadata map[string]string, entries []entry, dataStart int64, err error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, nil, 0, fmt.Errorf("truncated: expected the header's length in 8 bytes, the file ends at byte %d", size)
	}
	if err := readFull(r, prefix[:]); err != nil {
		return nil, nil, 0, err
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader {
		return nil, nil, 0, fmt.Errorf("not a safetensors file: expected the length of a header, at most %d, in its first 8 bytes, found %q%s",
			maxHeader, prefix[:], hint(prefix[:]))
	}
	if length > uint64(size)-8 {
		// A truncated file that is longer than the prefix has the beginning of a header.
		if begin := make([]byte, min(1, size-8)); len(begin) > 0 {
			if err := readFull(r, begin); err != nil {
				return nil, nil, 0, err
			}
			if begin[0] != '{' {
				return nil, nil, 0, fmt.Errorf("not a safetensors file: expected a header that begins with '{' at byte 8, found %q; its length of %d bytes exceeds the file of %d bytes",
					begin, length, size)
			}
		}
		return nil, nil, 0, fmt.Errorf("truncated: the header should end at byte %d, the file ends at byte %d", length+8, size)
	}
	header := make([]byte, length)
	if err := readFull(r, header); err != nil {
		return nil, nil, 0, err
	}
	metadata, entries, err = parseHeader(header)
	return metadata, entries, int64(length) + 8, err
}

// decodeTensors reads the values that follow the header.
func decodeTensors(r io.Reader, metadata map[string]string, entries []entry) (*File, error) {
	file := &File{Metadata: metadata, Tensors: make([]Tensor, len(entries))}
	buf := make([]byte, chunk*8)
	for i, e := range entries {
		width := widths[e.dtype]
		if e.dtype != "F32" {
			if file.Converted == nil {
				file.Converted = map[string]string{}
			}
			file.Converted[e.name] = e.dtype
		}
		data := make([]float32, (e.end-e.begin)/uint64(width))
		for rest := data; len(rest) > 0; {
			n := min(len(rest), chunk)
			if err := readFull(r, buf[:n*width]); err != nil {
				return nil, err
			}
			for j := range rest[:n] {
				rest[j] = value(e.dtype, buf[j*width:])
			}
			rest = rest[n:]
		}
		file.Tensors[i] = Tensor{Name: e.name, Shape: e.shape, Data: data}
	}
	return file, nil
}

// value returns the value of a type at the beginning of b.
func value(dtype string, b []byte) float32 {
	switch dtype {
	case "F16":
		return half.Float16(binary.LittleEndian.Uint16(b))
	case "BF16":
		return half.BFloat16(binary.LittleEndian.Uint16(b))
	case "F64":
		return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(b))
}

func readFull(r io.Reader, buf []byte) error {
	_, err := io.ReadFull(r, buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file became shorter while it was read")
	}
	return err
}

// checkLayout returns an error unless the entries, in their order, fill the bytes from dataStart to
// size exactly, and the length of each agrees with its shape.
func checkLayout(entries []entry, dataStart, size int64) error {
	total := uint64(size - dataStart)
	at := uint64(0)
	for _, e := range entries {
		if e.begin != at {
			what := "a gap"
			if e.begin < at {
				what = "an overlap"
			}
			return fmt.Errorf("tensor %q: expected its data to begin at offset %d, where the last tensor's end, found %d: %s",
				e.name, at, e.begin, what)
		}
		if e.end < e.begin {
			return fmt.Errorf("tensor %q: its data end at offset %d, before they begin at %d", e.name, e.end, e.begin)
		}
		n, err := elements(e.shape)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", e.name, err)
		}
		if size := uint64(n) * uint64(widths[e.dtype]); size != e.end-e.begin {
			return fmt.Errorf("tensor %q: shape %v of %s takes %d bytes, its data_offsets [%d,%d] span %d",
				e.name, e.shape, e.dtype, size, e.begin, e.end, e.end-e.begin)
		}
		if e.end > total {
			return fmt.Errorf("truncated: the data of tensor %q should end at byte %d, the file ends at byte %d",
				e.name, uint64(dataStart)+e.end, size)
		}
		at = e.end
	}
	if at < total {
		return fmt.Errorf("trailing bytes: expected the end of the file at byte %d, found %d more",
			uint64(dataStart)+at, total-at)
	}
	return nil
}

// hint recognises files that are often mistaken for safetensors files.
func hint(prefix []byte) string {
	switch {
	case bytes.HasPrefix(prefix, []byte("PK\x03\x04")):
		return " (it looks like a zip archive, such as torch.save writes; save with safetensors.torch.save_file instead)"
	case bytes.HasPrefix(prefix, []byte("\x89HDF")):
		return " (it looks like HDF5)"
	case bytes.HasPrefix(prefix, []byte("\x93NUMPY")):
		return " (it looks like a NumPy array)"
	case bytes.HasPrefix(prefix, []byte("\x80")):
		return " (it looks like a Python pickle)"
	case bytes.HasPrefix(prefix, []byte("version")):
		return " (it looks like a Git LFS pointer: fetch the file itself)"
	}
	return ""
}
