package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"shadegrad/internal/model"
	"shadegrad/internal/safetensors"
)

// CheckpointVersion is the version of the format. Version 1 had no squared gradients, no averages
// and no best epoch.
const CheckpointVersion = 2

const (
	checkpointKey = "shadegrad.checkpoint" // in the metadata
	statsName     = "stats"
)

// checkpoint is the metadata of a checkpoint.
type checkpoint struct {
	Version int      `json:"version"`
	Options Options  `json:"options"`
	Data    DataInfo `json:"data"`
	Epoch   int      `json:"epoch"`
	Rows    int      `json:"rows"`
	Last    Epoch    `json:"last"`
	Best    *Epoch   `json:"best,omitempty"`
	Tested  *Epoch   `json:"tested,omitempty"`
	Save    string   `json:"save,omitempty"`
}

// stored returns the lists of values in a checkpoint of the state.
func (s *State) stored() []parameterList {
	list := s.used(s.Options.StepTraining())
	if s.Best != nil {
		list = append(list, parameterList{prefix: "best.", values: &s.Best.Values})
	}
	return list
}

// SaveCheckpoint replaces a file by a state, atomically.
func SaveCheckpoint(path string, s *State) error {
	c := checkpoint{CheckpointVersion, s.Options, s.Data, s.Epoch, s.Rows, s.Last, nil, s.Tested, s.SaveName}
	if s.Best != nil {
		c.Best = &s.Best.Epoch
	}
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var tensors []safetensors.Tensor
	for _, l := range s.stored() {
		list, err := model.Tensors(l.prefix, s.Options.Network, *l.values)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		tensors = append(tensors, list...)
	}
	if s.Rows > 0 {
		tensors = append(tensors, safetensors.Tensor{Name: statsName, Shape: []int{s.Rows, 2}, Data: s.Stats})
	}
	f := &safetensors.File{Metadata: map[string]string{checkpointKey: string(text)}, Tensors: tensors}
	f.Sign()
	return safetensors.Write(path, f)
}

// IsCheckpoint reports whether the file at path has the header of a checkpoint.
func IsCheckpoint(path string) bool {
	metadata, err := safetensors.ReadMetadata(path)
	_, ok := metadata[checkpointKey]
	return err == nil && ok
}

// LoadCheckpoint reads a state. An error names the file and the problem.
func LoadCheckpoint(path string) (*State, error) {
	f, err := safetensors.Read(path)
	if err != nil {
		return nil, err
	}
	s, err := decodeCheckpoint(f)
	switch {
	case model.Is(path):
		err = errors.New("a network, not a checkpoint: the checkpoint of a run is in the file with .checkpoint at the end, until the run is complete; a complete run cannot be resumed")
	case err == nil:
		err = f.Intact()
	}
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
	err := json.Unmarshal([]byte(text), &c)
	if removed := (*RemovedError)(nil); errors.As(err, &removed) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("damaged metadata %q: %w", checkpointKey, err)
	}
	if c.Version > 0 && c.Version < CheckpointVersion {
		return nil, fmt.Errorf("a checkpoint of version %d, of an older Shadegrad; this program reads version %d: resume with that Shadegrad, or begin a new run",
			c.Version, CheckpointVersion)
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
	s := &State{Options: c.Options, Data: c.Data, Epoch: c.Epoch, Rows: c.Rows, Last: c.Last, Tested: c.Tested, SaveName: c.Save}
	if c.Best != nil {
		s.Best = &Best{Epoch: *c.Best}
	}
	if name, ok := s.unknownTensor(f); ok {
		return nil, fmt.Errorf("tensor %q does not belong to the checkpoint of a network %s", name, c.Options.Network)
	}
	for _, l := range s.stored() {
		var err error
		if *l.values, err = model.Values(l.prefix, f, c.Options.Network); err != nil {
			return nil, err
		}
	}
	for i, list := range s.Squares {
		for j, v := range list {
			if v < 0 {
				return nil, fmt.Errorf("tensor %q is damaged: value %d is %v; want a mean of squares",
					"square."+c.Options.Network.Shapes()[i].Name, j, v)
			}
		}
	}
	if s.Rows == 0 {
		return s, nil
	}
	stats, ok := f.Tensor(statsName)
	if !ok || len(stats.Data) != 2*s.Rows {
		return nil, fmt.Errorf("tensor %q of %d rows is missing", statsName, s.Rows)
	}
	if firstNonFinite([][]float32{stats.Data}) >= 0 {
		return nil, fmt.Errorf("tensor %q is damaged: a value is not finite", statsName)
	}
	s.Stats = stats.Data
	return s, nil
}

// check returns an error if the metadata contradict the options, which are valid.
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
	for _, e := range []*Epoch{c.Best, c.Tested} {
		if e != nil && (e.Epoch < 1 || e.Epoch > c.Epoch) {
			return fmt.Errorf("the best or tested epoch is %d of %d", e.Epoch, c.Epoch)
		}
	}
	if c.Best != nil && !c.Options.Validates() {
		return errors.New("there is a best epoch without a validation set")
	}
	if c.Save != "" && c.Save != filepath.Base(c.Save) {
		return fmt.Errorf("the network is saved in %q, which is not the name of a file", c.Save)
	}
	return c.Data.fits(c.Options.Network)
}

// unknownTensor returns the name of a tensor that is not part of the checkpoint, and whether there
// is one.
func (s *State) unknownTensor(f *safetensors.File) (string, bool) {
	known := map[string]bool{statsName: s.Rows > 0}
	for _, l := range s.stored() {
		for _, p := range s.Options.Network.Shapes() {
			known[l.prefix+p.Name] = true
		}
	}
	for _, t := range f.Tensors {
		if !known[t.Name] {
			return t.Name, true
		}
	}
	return "", false
}
