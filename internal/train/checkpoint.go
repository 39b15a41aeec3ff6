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
	if c.Data.Samples <= 0 || c.Epoch < 0 || c.Rows < 0 || c.Rows > c.Data.Samples {
		return nil, fmt.Errorf("damaged metadata: %d rows of %d in epoch %d", c.Rows, c.Data.Samples, c.Epoch+1)
	}
	if b := c.Options.batch(c.Data.Samples); c.Rows < c.Data.Samples && c.Rows%b != 0 {
		return nil, fmt.Errorf("damaged metadata: %d rows are not whole batches of %d", c.Rows, b)
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
