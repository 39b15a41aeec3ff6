package train

import (
	"encoding/json"
	"fmt"

	"shadegrad/internal/model"
	"shadegrad/internal/safetensors"
)

// CheckpointVersion is the version of a checkpoint's form.
const CheckpointVersion = 1

const (
	checkpointKey  = "shadegrad.checkpoint" // in the metadata
	velocityPrefix = "velocity."
	statsName      = "stats"
)

// checkpoint is the metadata of a checkpoint.
type checkpoint struct {
	Version int      `json:"version"`
	Options Options  `json:"options"`
	Data    DataInfo `json:"data"`
	Epoch   int      `json:"epoch"`
	Rows    int      `json:"rows"`
	Last    Epoch    `json:"last"`
}

// SaveCheckpoint writes a state to a file, whole or not at all.
func SaveCheckpoint(path string, s *State) error {
	text, err := json.Marshal(checkpoint{CheckpointVersion, s.Options, s.Data, s.Epoch, s.Rows, s.Last})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	tensors, err := model.Tensors("", s.Options.Network, s.Values)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if s.Options.Momentum != 0 {
		velocities, err := model.Tensors(velocityPrefix, s.Options.Network, s.Velocities)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		tensors = append(tensors, velocities...)
	}
	if s.Rows > 0 {
		tensors = append(tensors, safetensors.Tensor{Name: statsName, Shape: []int{s.Rows, 2}, Data: s.Stats})
	}
	return safetensors.Write(path, &safetensors.File{
		Metadata: map[string]string{checkpointKey: string(text)},
		Tensors:  tensors,
	})
}

// LoadCheckpoint reads a state. An error names the file and what is wrong with
// it.
func LoadCheckpoint(path string) (*State, error) {
	f, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	s, err := decodeCheckpoint(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func decodeCheckpoint(f *safetensors.File) (*State, error) {
	text, ok := f.Metadata[checkpointKey]
	if !ok {
		return nil, fmt.Errorf("not a Shadegrad checkpoint: its metadata has no %q", checkpointKey)
	}
	var c checkpoint
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", checkpointKey, err)
	}
	if c.Version != CheckpointVersion {
		return nil, fmt.Errorf("a checkpoint of version %d; this program reads version %d", c.Version, CheckpointVersion)
	}
	if err := c.Options.Check(); err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", checkpointKey, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("damaged metadata: %w", err)
	}
	if name, ok := c.stranger(f); ok {
		return nil, fmt.Errorf("tensor %q does not belong to the checkpoint of a network %s", name, c.Options.Network)
	}
	s := &State{Options: c.Options, Data: c.Data, Epoch: c.Epoch, Rows: c.Rows, Last: c.Last}
	var err error
	if s.Values, err = model.Values("", f, c.Options.Network); err != nil {
		return nil, err
	}
	if c.Options.Momentum != 0 {
		if s.Velocities, err = model.Values(velocityPrefix, f, c.Options.Network); err != nil {
			return nil, err
		}
	}
	if s.Rows == 0 {
		return s, nil
	}
	stats, ok := f.Tensor(statsName)
	if !ok || len(stats.Data) != 2*s.Rows {
		return nil, fmt.Errorf("tensor %q of %d rows is missing", statsName, s.Rows)
	}
	if firstBad([][]float32{stats.Data}) >= 0 {
		return nil, fmt.Errorf("tensor %q is damaged: a value is not finite", statsName)
	}
	s.Stats = stats.Data
	return s, nil
}

// check tells what is wrong with a checkpoint whose options are in order.
func (c *checkpoint) check() error {
	if c.Data.Samples <= 0 || c.Epoch < 0 || c.Rows < 0 || c.Rows > c.Data.Samples {
		return fmt.Errorf("%d rows of %d in epoch %d", c.Rows, c.Data.Samples, c.Epoch+1)
	}
	if c.Epoch > c.Options.Epochs || c.Epoch == c.Options.Epochs && c.Rows > 0 {
		return fmt.Errorf("%d rows of %d in epoch %d of %d", c.Rows, c.Data.Samples, c.Epoch+1, c.Options.Epochs)
	}
	if b := c.Options.BatchSize(c.Data.Samples); c.Rows < c.Data.Samples && c.Rows%b != 0 {
		return fmt.Errorf("%d rows are not whole batches of %d", c.Rows, b)
	}
	// Divided, since a product of hostile numbers could overflow to the right one.
	n := c.Options.Network.Sizes[0]
	if c.Data.Width <= 0 || n%c.Data.Width != 0 || n/c.Data.Width != c.Data.Height {
		return fmt.Errorf("images of %d×%d do not fit a network of %d inputs", c.Data.Width, c.Data.Height, n)
	}
	if out := c.Options.Network.Outputs(); c.Data.Classes <= 0 || c.Data.Classes > max(out, 2) {
		return fmt.Errorf("%d classes do not fit a network of %d outputs", c.Data.Classes, out)
	}
	return nil
}

// stranger returns the name of a tensor that is not the checkpoint's, if there is
// one.
func (c *checkpoint) stranger(f *safetensors.File) (string, bool) {
	known := map[string]bool{statsName: c.Rows > 0}
	for _, s := range c.Options.Network.Shapes() {
		known[s.Name], known[velocityPrefix+s.Name] = true, c.Options.Momentum != 0
	}
	for _, t := range f.Tensors {
		if !known[t.Name] {
			return t.Name, true
		}
	}
	return "", false
}
