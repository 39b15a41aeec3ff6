package capsule

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/safetensors"
	"shadegrad/internal/train"
)

const (
	metadataKey    = "shadegrad.capsule"
	sourcePrefix   = "shader." // of the metadata that have the sources of kernels
	pixelsName     = "batch.pixels"
	labelsName     = "batch.labels"
	statsName      = "after.stats"
	velocityPrefix = "velocity."
	afterPrefix    = "after."
)

// header is the metadata under metadataKey.
type header struct {
	Version      int            `json:"version"`
	Reason       Reason         `json:"reason"`
	First        *Element       `json:"first,omitempty"`
	Options      train.Options  `json:"options"`
	Data         train.DataInfo `json:"data"`
	Epoch        int            `json:"epoch"`
	Step         int            `json:"step"`
	LearningRate float64        `json:"learning_rate"`
	Device       device         `json:"device"`
}

// Save writes a capsule to a file, whole or not at all.
func (c *Capsule) Save(path string) error {
	m := c.Moment
	data := m.Data
	data.Path = "" // of this machine, and nobody else's business
	text, err := json.Marshal(header{Version, c.Reason, c.First, m.Options, data, m.Epoch, m.Step, m.LearningRate, deviceOf(m.Device)})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	n, rows := m.Options.Network, len(m.Labels)
	f := &safetensors.File{Metadata: map[string]string{metadataKey: string(text)}, Tensors: []safetensors.Tensor{
		{Name: pixelsName, Shape: []int{rows, n.Sizes[0]}, Data: wide(m.Pixels)},
		{Name: labelsName, Shape: []int{rows}, Data: wide(m.Labels)},
		{Name: statsName, Shape: []int{rows, 2}, Data: m.Stats},
	}}
	for name, text := range m.Sources {
		f.Metadata[sourcePrefix+name] = text
	}
	for _, p := range []struct {
		prefix string
		values [][]float32
	}{
		{"", m.Before.Values}, {velocityPrefix, m.Before.Velocities},
		{afterPrefix, m.After.Values}, {afterPrefix + velocityPrefix, m.After.Velocities},
	} {
		if len(p.values) == 0 {
			continue // no momentum
		}
		tensors, err := model.Tensors(p.prefix, n, p.values)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f.Tensors = append(f.Tensors, tensors...)
	}
	return safetensors.Write(path, f)
}

// Load reads a capsule. An error names the file and what is wrong with it.
func Load(path string) (*Capsule, error) {
	f, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	c, err := decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func decode(f *safetensors.File) (*Capsule, error) {
	text, ok := f.Metadata[metadataKey]
	if !ok {
		return nil, fmt.Errorf("not a Shadegrad capsule: its metadata has no %q", metadataKey)
	}
	var h header
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", metadataKey, err)
	}
	if h.Version != Version {
		return nil, fmt.Errorf("a capsule of version %d; this program reads version %d", h.Version, Version)
	}
	if err := h.Options.Check(); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", metadataKey, err)
	}
	m := &train.Moment{Options: h.Options, Data: h.Data, Epoch: h.Epoch, Step: h.Step, LearningRate: h.LearningRate, Device: h.Device.info()}
	for name, text := range f.Metadata {
		if kernel, ok := strings.CutPrefix(name, sourcePrefix); ok {
			if m.Sources == nil {
				m.Sources = map[string]string{}
			}
			m.Sources[kernel] = text
		}
	}
	c := &Capsule{Moment: m, Reason: h.Reason, First: h.First}
	if err := c.tensors(f); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	return c, nil
}

// tensors takes the tensors of a file, each of which must be there and no other.
func (c *Capsule) tensors(f *safetensors.File) (err error) {
	m, n := c.Moment, c.Options.Network
	known := names(n, c.Options.Momentum != 0)
	for _, t := range f.Tensors {
		if _, ok := slices.BinarySearch(known, t.Name); !ok {
			return fmt.Errorf("tensor %q does not belong to the capsule of a network %s", t.Name, n)
		}
	}
	labels, ok := f.Tensor(labelsName)
	if !ok || len(labels.Shape) != 1 || len(labels.Data) == 0 {
		return fmt.Errorf("tensor %q of one dimension is missing", labelsName)
	}
	rows := len(labels.Data)
	if m.Labels, err = narrow(labels); err != nil {
		return err
	}
	pixels, err := tensor(f, pixelsName, []int{rows, n.Sizes[0]})
	if err != nil {
		return err
	}
	if m.Pixels, err = narrow(pixels); err != nil {
		return err
	}
	stats, err := tensor(f, statsName, []int{rows, 2})
	if err != nil {
		return err
	}
	m.Stats = stats.Data
	if m.Before.Values, err = model.Values("", f, n); err != nil {
		return err
	}
	if m.After.Values, err = values(f, afterPrefix, n); err != nil || c.Options.Momentum == 0 {
		return err
	}
	if m.Before.Velocities, err = model.Values(velocityPrefix, f, n); err != nil {
		return err
	}
	m.After.Velocities, err = values(f, afterPrefix+velocityPrefix, n)
	return err
}

// tensor returns a tensor of a shape.
func tensor(f *safetensors.File, name string, shape []int) (*safetensors.Tensor, error) {
	t, ok := f.Tensor(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("tensor %q is missing", name)
	case !slices.Equal(t.Shape, shape):
		return nil, fmt.Errorf("tensor %q has shape %v, and should have %v", name, t.Shape, shape)
	}
	return t, nil
}

// values returns what a device made of the parameters: any numbers, NaN included.
func values(f *safetensors.File, prefix string, n mlp.Config) ([][]float32, error) {
	var list [][]float32
	for _, s := range n.Shapes() {
		shape := []int{s.Rows, s.Cols}
		if s.Bias {
			shape = shape[1:]
		}
		t, err := tensor(f, prefix+s.Name, shape)
		if err != nil {
			return nil, err
		}
		list = append(list, t.Data)
	}
	return list, nil
}

// wide writes bytes as numbers.
func wide(b []byte) []float32 {
	v := make([]float32, len(b))
	for i, x := range b {
		v[i] = float32(x)
	}
	return v
}

// narrow is the inverse of wide.
func narrow(t *safetensors.Tensor) ([]byte, error) {
	b := make([]byte, len(t.Data))
	for i, v := range t.Data {
		if !(v >= 0 && v <= 255) || v != float32(byte(v)) {
			return nil, fmt.Errorf("tensor %q is damaged: value %d is %v, and not a whole number from 0 to 255", t.Name, i, v)
		}
		b[i] = byte(v)
	}
	return b, nil
}
