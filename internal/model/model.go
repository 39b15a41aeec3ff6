// Package model stores a trained network in a safetensors file: the weights under their names in
// PyTorch's nn.Sequential, and in the metadata the architecture and the preparation of the input.
// The file alone is enough to evaluate the network or to classify an image.
package model

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/safetensors"
)

// Version is the version of the metadata.
const Version = 1

// MetadataKey is the key of the header in the metadata. PyTorch ignores it.
const MetadataKey = "shadegrad.model"

// A Model is a trained network.
type Model struct {
	Network mlp.Config
	Width   int // of an image
	Height  int
	Values  [][]float32 // of each parameter, in the order of mlp.Config.Shapes
	About   About
}

// About describes the origin of a model.
type About struct {
	Data    string  `json:"data"`
	Seed    uint64  `json:"seed"`
	Epochs  int     `json:"epochs"`
	TestAcc float64 `json:"test_acc,omitempty"` // 0 if it is not yet tested
	// Imported is the name of the file of another program from which the network was imported, or empty.
	Imported string `json:"imported,omitempty"`
	// Form is the preparation of the data. Other data must be prepared in the same way.
	Form dataset.Form `json:"form,omitzero"`
	// Unpadded is the size of the images before Form.Pad enlarged them; 0 by 0 without padding, and
	// in files of older programs.
	Unpadded dataset.Size `json:"unpadded,omitzero"`
	// Numbers means that samples are rows of numbers instead of images.
	Numbers bool `json:"numbers,omitempty"`
	// ClassNames has the names of the classes, in the order of the labels, if the data had names.
	ClassNames []string `json:"class_names,omitempty"`
	// Features has the names of the columns of the network's inputs, in order, if the data had names.
	Features []string `json:"features,omitempty"`
	// LabelColumn is the name or the number of the label column, if the data was a table.
	LabelColumn string `json:"label_column,omitempty"`
	// Look describes how the images of the training set were read. It is nil in files of older programs.
	Look *dataset.Look `json:"look,omitempty"`
}

// Learned describes the data that the network has learned, for reading other data in the same way.
func (m *Model) Learned() *dataset.Learned {
	l := &dataset.Learned{Classes: m.About.ClassNames, Features: m.About.Features, Label: m.About.LabelColumn}
	if m.About.Look != nil {
		l.Look = *m.About.Look
	}
	return l
}

// header is the value of MetadataKey.
type header struct {
	Version int        `json:"version"`
	Network mlp.Config `json:"network"`
	Width   int        `json:"width"`
	Height  int        `json:"height"`
	About   About      `json:"about"`
}

// Header returns all of a model except its values, as text.
func (m *Model) Header() (string, error) {
	text, err := json.Marshal(header{Version, m.Network, m.Width, m.Height, m.About})
	return string(text), err
}

// Save replaces a file by a model, atomically.
func (m *Model) Save(path string) error {
	text, err := m.Header()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	tensors, err := Tensors("", m.Network, m.Values)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	// PyTorch's loaders look for the format "pt".
	f := &safetensors.File{Metadata: map[string]string{"format": "pt", MetadataKey: text}, Tensors: tensors}
	f.Sign()
	return safetensors.Write(path, f)
}

// Load reads a model. An error names the file and the problem.
func Load(path string) (*Model, error) {
	f, err := safetensors.Read(path)
	if _, statErr := os.Stat(path); err != nil && statErr == nil {
		return nil, fmt.Errorf("%w; want a network saved by \"shadegrad train -save=FILE\"", err)
	}
	if err != nil {
		return nil, err
	}
	m, err := decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Is reports whether the file at path has the header of a saved network.
func Is(path string) bool {
	metadata, err := safetensors.ReadMetadata(path)
	_, ok := metadata[MetadataKey]
	return err == nil && ok
}

func decode(f *safetensors.File) (*Model, error) {
	text, ok := f.Metadata[MetadataKey]
	if _, checkpoint := f.Metadata["shadegrad.checkpoint"]; !ok && checkpoint {
		return nil, errors.New("a checkpoint, not a network: the network of its run is in the file without .checkpoint at the end, if it is saved; otherwise resume the run")
	}
	if !ok {
		return nil, fmt.Errorf("not a Shadegrad model: its metadata has no %q", MetadataKey)
	}
	m, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if m.Values, err = Values("", f, m.Network); err != nil {
		return nil, err
	}
	if name, ok := unknownTensor(f, m.Network); ok {
		return nil, fmt.Errorf("tensor %q does not belong to a network %s", name, m.Network)
	}
	if err := f.Intact(); err != nil {
		return nil, err
	}
	return m, nil
}

// Parse is the inverse of Header. The model has no values.
func Parse(text string) (*Model, error) {
	var h header
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", MetadataKey, err)
	}
	if h.Version != Version {
		return nil, fmt.Errorf("a model of version %d; this program reads version %d", h.Version, Version)
	}
	if err := h.Network.Check(); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", MetadataKey, err)
	}
	if !mlp.FitsImage(h.Network.Sizes[0], h.Width, h.Height) {
		return nil, fmt.Errorf("damaged metadata: images of %d×%d do not fit a network of %d inputs",
			h.Width, h.Height, h.Network.Sizes[0])
	}
	if h.About.Epochs < 0 {
		return nil, fmt.Errorf("damaged metadata: trained for %d epochs", h.About.Epochs)
	}
	if u := h.About.Unpadded; u != (dataset.Size{}) && (min(u.Width, u.Height) < 1 || u.Width > h.Width || u.Height > h.Height) {
		return nil, fmt.Errorf("damaged metadata: images of %d×%d cannot have been padded to %d×%d", u.Width, u.Height, h.Width, h.Height)
	}
	if n, classes := len(h.About.ClassNames), max(h.Network.Outputs(), 2); n > classes {
		return nil, fmt.Errorf("damaged metadata: %d class names for a network of %d classes", n, classes)
	}
	if s := h.About.Form.Scale; s != nil {
		if err := s.Check(h.Network.Sizes[0]); err != nil {
			return nil, fmt.Errorf("damaged metadata: scale of the numbers: %w", err)
		}
	}
	return &Model{Network: h.Network, Width: h.Width, Height: h.Height, About: h.About}, nil
}

// Tensors returns the parameters of a network as tensors, with a prefix to their names.
func Tensors(prefix string, c mlp.Config, values [][]float32) ([]safetensors.Tensor, error) {
	shapes := c.Shapes()
	if len(values) != len(shapes) {
		return nil, errors.New("the number of values differs from that of the parameters")
	}
	var tensors []safetensors.Tensor
	for i, s := range shapes {
		tensors = append(tensors, safetensors.Tensor{Name: prefix + s.Name, Shape: dims(s), Data: values[i]})
	}
	return tensors, nil
}

// unknownTensor returns the name of a tensor that is not a parameter of a network, and whether there
// is one.
func unknownTensor(f *safetensors.File, c mlp.Config) (string, bool) {
	shapes := c.Shapes()
	for _, t := range f.Tensors {
		if !slices.ContainsFunc(shapes, func(s mlp.Shape) bool { return s.Name == t.Name }) {
			return t.Name, true
		}
	}
	return "", false
}

// Values is the inverse of Tensors. An error names the tensor and the difference. A value that is
// not finite is an error, since no training ends with it.
func Values(prefix string, f *safetensors.File, c mlp.Config) ([][]float32, error) {
	var values [][]float32
	for _, s := range c.Shapes() {
		t, ok := f.Tensor(prefix + s.Name)
		if !ok {
			return nil, fmt.Errorf("tensor %q is missing", prefix+s.Name)
		}
		if !slices.Equal(t.Shape, dims(s)) {
			return nil, fmt.Errorf("tensor %q has shape %v, a network %s has %v", t.Name, t.Shape, c, dims(s))
		}
		for i, v := range t.Data {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("tensor %q is damaged: value %d is %v", t.Name, i, v)
			}
		}
		values = append(values, t.Data)
	}
	return values, nil
}

// dims returns the shape of a parameter in PyTorch, where biases are vectors.
func dims(s mlp.Shape) []int {
	if s.Bias {
		return []int{s.Cols}
	}
	return []int{s.Rows, s.Cols}
}
