// Package exchange converts networks to the files of other programs and back: ONNX models, safetensors files of PyTorch's
// modules, and npz archives of NumPy arrays.
package exchange

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
)

// The formats, as extensions of file names.
const (
	ONNX        = ".onnx"
	Npz         = ".npz"
	Safetensors = ".safetensors"
)

// Extensions lists the formats.
func Extensions() []string { return []string{ONNX, Npz, Safetensors} }

// Format returns the format of a file by its extension, or "".
func Format(path string) string {
	if ext := strings.ToLower(filepath.Ext(path)); slices.Contains(Extensions(), ext) {
		return ext
	}
	return ""
}

// An array is a parameter of a network with a name in a file.
type array struct {
	name   string
	shape  []int
	values []float32
}

// arrays lists the parameters of a network. The name of an array is that of its layer, then suffix of weights or of biases.
// Without names the layers are numbered as in an nn.Sequential.
func arrays(m *model.Model, names []string) ([]array, error) {
	if n := m.Network.Layers(); len(names) > 0 && len(names) != n {
		return nil, fmt.Errorf("%d names for the %d layers of a network %s", len(names), n, m.Network)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("two layers are called %q", name)
		}
	}
	var list []array
	layer := -1
	for i, s := range m.Network.Shapes() {
		a := array{s.Name, dims(s), m.Values[i]}
		if !s.Bias {
			layer++
		}
		if len(names) > 0 {
			_, kind, _ := strings.Cut(s.Name, ".")
			a.name = names[layer] + "." + kind
		}
		list = append(list, a)
	}
	return list, nil
}

// dims returns the shape of a parameter, which is a vector for biases.
func dims(s mlp.Shape) []int {
	if s.Bias {
		return []int{s.Cols}
	}
	return []int{s.Rows, s.Cols}
}
