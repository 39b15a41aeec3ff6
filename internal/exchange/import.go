package exchange

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/memory"
	"shadegrad/internal/model"
	"shadegrad/internal/onnx"
	"shadegrad/internal/safetensors"
)

// headerKey is the key of the header of an export of this program.
const headerKey = model.MetadataKey

// Import reads a network from a file of another program or of Export. It also returns what it found and assumed. An error names
// the file, and the node, the array or the flag that it is about.
func Import(path string, c Choices) (*model.Model, []Fact, error) {
	d, err := describe(path, c)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	m, err := d.model(c)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	if d.header == "" {
		m.About.Imported = filepath.Base(path)
	}
	return m, d.facts, nil
}

// describe reads a file.
func describe(path string, c Choices) (*description, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = atomicfile.Regular(info, "a file of a network")
	}
	if err != nil {
		return nil, atomicfile.Cause(err)
	}
	switch Format(path) {
	case ONNX:
		if err := enough(info.Size(), peak); err != nil {
			return nil, err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, atomicfile.Cause(err)
		}
		return decodeONNX(b, func(name string) ([]byte, error) { return besides(path, name) })
	case Safetensors:
		if err := enough(info.Size(), peak-1); err != nil { // the values are converted while they are read
			return nil, err
		}
		f, err := safetensors.ReadConverted(path)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), path+": "))
		}
		return safetensorsDescription(f, c)
	case Npz:
		f, err := os.Open(path)
		if err != nil {
			return nil, atomicfile.Cause(err)
		}
		defer f.Close()
		return npzDescription(f, info.Size(), c)
	}
	return nil, foreign(path)
}

// peak is the memory that an import needs for each byte that it reads: the bytes, their values, and those in another order. The
// values of 16-bit numbers take two bytes for each byte.
const peak = 5

// enough returns an error if the machine lacks the memory for a multiple of a number of bytes.
func enough(bytes, times int64) error {
	if have := memory.Available(); have >= 0 && bytes > have/times {
		return &compute.MemoryError{Bytes: times * min(bytes, math.MaxInt64/times), Available: have}
	}
	return nil
}

// foreign returns the error of a file whose name has none of the extensions, with what to do.
func foreign(path string) error {
	head := make([]byte, 8)
	if f, err := os.Open(path); err == nil {
		n, _ := io.ReadFull(f, head)
		head = head[:n]
		f.Close()
	}
	text := string(head)
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".keras", ext == ".h5", strings.HasPrefix(text, "\x89HDF"):
		return errors.New(`a file of Keras; convert it: python3 -c "import keras; keras.models.load_model('FILE').export('FILE.onnx', format='onnx')"`)
	case strings.HasPrefix(text, "PK\x03\x04"), strings.HasPrefix(text, "\x80"), ext == ".pt", ext == ".pth":
		return errors.New("a file of PyTorch is a Python pickle, which can run any code; convert a state dict that you trust:\n" +
			`python3 -c "import torch, safetensors.torch as s; d = torch.load('FILE', map_location='cpu'); s.save_file(d.get('state_dict', d), 'FILE.safetensors')"`)
	}
	return fmt.Errorf("unknown format; want a name that ends in %s", strings.Join(Extensions(), ", "))
}

// besides reads a file in the directory of another one.
func besides(path, name string) ([]byte, error) {
	if name != filepath.Base(name) || !filepath.IsLocal(name) {
		return nil, fmt.Errorf("the weights are in %q, which is not a file of the same directory", name)
	}
	other := filepath.Join(filepath.Dir(path), name)
	info, err := os.Stat(other)
	if err == nil {
		err = atomicfile.Regular(info, "a file of weights")
	}
	if err == nil {
		err = enough(info.Size(), peak)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(other)
	}
	if err != nil {
		return nil, fmt.Errorf("the weights are in %s: %w", other, atomicfile.Cause(err))
	}
	return b, nil
}

// decodeONNX describes the network of a model. read returns the content of a file with weights of the model.
func decodeONNX(b []byte, read func(name string) ([]byte, error)) (*description, error) {
	f, err := onnx.Decode(b)
	if err != nil {
		return nil, err
	}
	limit := len(b)
	files := map[string][]byte{}
	converted := map[string]int{}
	for i := range f.Graph.Initializers {
		t := &f.Graph.Initializers[i]
		if t.Type == onnx.Float16 || t.Type == onnx.BFloat16 || t.Type == onnx.Float64 {
			converted[t.Type.String()]++
		}
		x := t.External
		if x == nil {
			continue
		}
		data, ok := files[x.File]
		if !ok {
			if data, err = read(x.File); err != nil {
				return nil, fmt.Errorf("initializer %q: %w", t.Name, err)
			}
			files[x.File] = data
			limit += len(data)
		}
		size, err := t.Bytes()
		if err != nil {
			return nil, err
		}
		if x.Offset > int64(len(data)) || size > int64(len(data))-x.Offset || x.Length != 0 && x.Length != size {
			return nil, fmt.Errorf("initializer %q: %d bytes at %d of %s, which has %d bytes; its shape needs %d", t.Name, x.Length, x.Offset, x.File, len(data), size)
		}
		t.SetRaw(data[x.Offset : x.Offset+size])
	}
	d, err := onnxDescription(f, min(limit, math.MaxInt32))
	if err != nil {
		return nil, err
	}
	d.converted(converted)
	return d, nil
}
