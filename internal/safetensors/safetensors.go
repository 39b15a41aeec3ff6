// Package safetensors reads and writes floating-point values in the safetensors format, in which Python
// libraries exchange weights.
//
// A file consists of the length of its header (8 bytes, little-endian), the header (a JSON object,
// padded with spaces), and the values of all tensors, row-major and little-endian. The header maps
// the name of each tensor to its type, its shape and its place among the values; the key
// __metadata__ maps names to texts. The format is described at
// https://github.com/huggingface/safetensors.
//
// A file is refused unless every byte of it is accounted for: the tensors must fill the data
// without a gap, an overlap or a rest. Nothing is allocated before the file is known to be long
// enough to hold it.
package safetensors

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxHeader is the longest header that the reference implementation reads.
	maxHeader = 100_000_000

	metadataKey = "__metadata__"
	valueSize   = 4 // bytes of a float32
	align       = 8 // the offset of the values is a multiple of it
)

// A Tensor is an array with any number of dimensions.
type Tensor struct {
	Name  string
	Shape []int     // empty for a scalar
	Data  []float32 // row-major; its length is the product of Shape
}

// A File is the content of a safetensors file. Tensors are in the order of their data.
type File struct {
	Metadata map[string]string // nil if the file has none
	Tensors  []Tensor
	// Converted has the types of the tensors by name that were not F32 in the file that was read.
	Converted map[string]string
}

// Tensor returns the tensor with a name, and whether it exists.
func (f *File) Tensor(name string) (*Tensor, bool) {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i], true
		}
	}
	return nil, false
}

// digestKey is the key of the digest of the tensors in the metadata.
const digestKey = "shadegrad.sha256"

// Sign puts the digest of the tensors into the metadata.
func (f *File) Sign() {
	if f.Metadata == nil {
		f.Metadata = map[string]string{}
	}
	f.Metadata[digestKey] = f.Digest()
}

// Intact returns an error if the tensors have changed since Sign. A file without a digest, such as older programs and other
// libraries write, is not checked.
func (f *File) Intact() error {
	if want, ok := f.Metadata[digestKey]; ok && want != f.Digest() {
		return fmt.Errorf("damaged: the SHA-256 of the tensors differs from %q in the metadata; use an intact copy (a program that changes tensors must delete %q)",
			digestKey, digestKey)
	}
	return nil
}

// Digest returns the SHA-256 of the values of all tensors, sorted by name.
func (f *File) Digest() string {
	h := sha256.New()
	for _, t := range slices.SortedFunc(slices.Values(f.Tensors), func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) }) {
		_ = writeValues(h, t.Data) // a hash returns no error
	}
	return hex.EncodeToString(h.Sum(nil))
}

// elements returns the product of shape. It returns an error if a dimension is negative or the
// product too large for memory.
func elements(shape []int) (int, error) {
	n := uint(1)
	zero := false
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d == 0 {
			zero = true
			continue
		}
		high, low := bits.Mul(n, uint(d))
		if high != 0 || low > maxInt/valueSize {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		n = low
	}
	if zero {
		return 0, nil
	}
	return int(n), nil
}

const maxInt = 1<<(bits.UintSize-1) - 1

// check returns an error if f cannot be written and read back unchanged.
func (f *File) check() error {
	for key, value := range f.Metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return fmt.Errorf("metadata %q is not valid UTF-8", key)
		}
	}
	seen := make(map[string]bool, len(f.Tensors))
	for _, t := range f.Tensors {
		switch {
		case t.Name == metadataKey:
			return errors.New("a tensor cannot be called " + metadataKey)
		case !utf8.ValidString(t.Name):
			return fmt.Errorf("tensor name %q is not valid UTF-8", t.Name)
		case seen[t.Name]:
			return fmt.Errorf("two tensors are called %q", t.Name)
		}
		seen[t.Name] = true
		n, err := elements(t.Shape)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if n != len(t.Data) {
			return fmt.Errorf("tensor %q: shape %v asks for %d values, there are %d", t.Name, t.Shape, n, len(t.Data))
		}
	}
	return nil
}
