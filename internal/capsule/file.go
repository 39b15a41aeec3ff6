package capsule

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/safetensors"
	"shadegrad/internal/train"
)

const (
	metadataKey  = "shadegrad.capsule"
	sourcePrefix = "shader." // of metadata with the source of a kernel
	pixelsName   = "batch.pixels"
	numbersName  = "batch.numbers"
	labelsName   = "batch.labels"
	targetsName  = "batch.targets"
	statsName    = "after.stats"
	afterPrefix  = "after."
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

// Save writes a capsule to a file. If it fails, an existing file is unchanged.
func (c *Capsule) Save(path string) error {
	m := c.StepRecord
	data := m.Data
	data.Path = "" // private to this machine
	text, err := json.Marshal(header{Version, c.Reason, c.First, m.Options, data, m.Epoch, m.Step, m.LearningRate, deviceOf(m.Device)})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	n, rows := m.Options.Network, m.Rows()
	f := &safetensors.File{Metadata: map[string]string{metadataKey: string(text)}}
	samples := safetensors.Tensor{Name: c.samples(), Shape: []int{rows, n.Sizes[0]}, Data: m.Numbers}
	if !m.Data.Numbers {
		samples.Data = wide(m.Pixels)
	}
	targets := safetensors.Tensor{Name: c.targets(), Shape: []int{rows, n.Outputs()}, Data: m.Targets}
	if !n.Regression {
		targets.Shape, targets.Data = []int{rows}, wide(m.Labels)
	}
	f.Tensors = []safetensors.Tensor{samples, targets, {Name: statsName, Shape: []int{rows, 2}, Data: m.Stats}}
	for name, text := range m.Sources {
		f.Metadata[sourcePrefix+name] = text
	}
	for _, k := range c.kinds() {
		before, err := model.Tensors(k.prefix, n, *k.before)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		after, err := model.Tensors(afterPrefix+k.prefix, n, *k.after)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		f.Tensors = append(append(f.Tensors, before...), after...)
	}
	return safetensors.Write(path, f)
}

// Load reads a capsule. An error names the file and the problem.
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
	err := json.Unmarshal([]byte(text), &h)
	if removed := (*train.RemovedError)(nil); errors.As(err, &removed) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", metadataKey, err)
	}
	if h.Version < 1 || h.Version > Version {
		return nil, fmt.Errorf("capsule version %d is not supported; this program reads versions 1 to %d", h.Version, Version)
	}
	if err := h.Options.Check(); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", metadataKey, err)
	}
	m := &train.StepRecord{Options: h.Options, Data: h.Data, Epoch: h.Epoch, Step: h.Step, LearningRate: h.LearningRate, Device: h.Device.info()}
	for name, text := range f.Metadata {
		if kernel, ok := strings.CutPrefix(name, sourcePrefix); ok {
			if m.Sources == nil {
				m.Sources = map[string]string{}
			}
			m.Sources[kernel] = text
		}
	}
	c := &Capsule{StepRecord: m, Reason: h.Reason, First: h.First}
	if err := c.tensors(f); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	return c, nil
}

// tensors reads the tensors of a file. None may be missing, and there must be no others.
func (c *Capsule) tensors(f *safetensors.File) (err error) {
	m, n := c.StepRecord, c.Options.Network
	known := c.names()
	for _, t := range f.Tensors {
		if _, ok := slices.BinarySearch(known, t.Name); !ok {
			return fmt.Errorf("tensor %q does not belong to the capsule of a network %s", t.Name, n)
		}
	}
	targets, ok := f.Tensor(c.targets())
	if !ok || len(targets.Shape) == 0 || targets.Shape[0] == 0 {
		return fmt.Errorf("tensor %q is missing or has no rows", c.targets())
	}
	rows := targets.Shape[0]
	if err := c.batch(f, rows); err != nil {
		return err
	}
	stats, err := tensor(f, statsName, []int{rows, 2})
	if err != nil {
		return err
	}
	m.Stats = stats.Data
	for _, k := range c.kinds() {
		if *k.before, err = model.Values(k.prefix, f, n); err != nil {
			return err
		}
		if *k.after, err = values(f, afterPrefix+k.prefix, n); err != nil {
			return err
		}
	}
	return nil
}

// batch reads the samples and their labels or targets.
func (c *Capsule) batch(f *safetensors.File, rows int) error {
	m, n := c.StepRecord, c.Options.Network
	shape := []int{rows}
	if n.Regression {
		shape = append(shape, n.Outputs())
	}
	targets, err := tensor(f, c.targets(), shape)
	if err != nil {
		return err
	}
	if n.Regression {
		m.Targets = targets.Data
	} else if m.Labels, err = narrow(targets); err != nil {
		return err
	}
	samples, err := tensor(f, c.samples(), []int{rows, n.Sizes[0]})
	if err != nil {
		return err
	}
	if c.Data.Numbers {
		m.Numbers = samples.Data
		return nil
	}
	m.Pixels, err = narrow(samples)
	return err
}

// tensor returns a tensor, or an error if it does not have the given shape.
func tensor(f *safetensors.File, name string, shape []int) (*safetensors.Tensor, error) {
	t, ok := f.Tensor(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("tensor %q is missing", name)
	case !slices.Equal(t.Shape, shape):
		return nil, fmt.Errorf("tensor %q has shape %v, want %v", name, t.Shape, shape)
	}
	return t, nil
}

// values returns a device's results for the parameters, which may be NaN.
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

// wide converts bytes to float32.
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
			return nil, fmt.Errorf("tensor %q is damaged: value %d is %v, want an integer from 0 to 255", t.Name, i, v)
		}
		b[i] = byte(v)
	}
	return b, nil
}
