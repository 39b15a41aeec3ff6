package tune

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/flags"
	"shadegrad/internal/train"
)

// A Result is the best epoch on the validation set that a trial has reached after a rung.
type Result struct {
	Epochs  int     `json:"epochs"` // completed
	Best    int     `json:"best"`   // the best one
	ValAcc  float64 `json:"val_acc"`
	ValLoss float64 `json:"val_loss"`
}

// A Trial is a configuration with its results. Trial 0 is the recipe itself.
type Trial struct {
	Number   int                `json:"number"`
	Flags    []flags.Assignment `json:"flags"`
	Rungs    []Result           `json:"rungs,omitempty"`
	Complete bool               `json:"complete,omitempty"` // trained to the end
	Diverged string             `json:"diverged,omitempty"` // why it has no result, or ""
	Seconds  float64            `json:"seconds"`            // of training and validation
}

// at returns the result after a rung, counted from 0, or nil. A trial that stopped early keeps its last.
func (t *Trial) at(rung int) *Result {
	if t.Complete {
		rung = min(rung, len(t.Rungs)-1)
	}
	if rung < 0 || rung >= len(t.Rungs) {
		return nil
	}
	return &t.Rungs[rung]
}

// Last returns the last result, or nil.
func (t *Trial) Last() *Result { return t.at(len(t.Rungs) - 1) }

// Identity is what the result of a search depends on. A search that is resumed must have the same.
type Identity struct {
	Recipe  []string `json:"recipe"` // the flags that are not searched
	Space   []string `json:"space"`  // the others, with their ranges
	Trials  int      `json:"trials"` // bound of the number of configurations; 0: none
	Data    string   `json:"data"`   // SHA-256 of the training set without the validation set
	Backend string   `json:"backend"`
}

// State is a search as its file stores it.
type State struct {
	Version  int `json:"version"`
	Identity `json:"identity"`
	Seconds  float64      `json:"seconds"` // of the search so far
	Trials   []*Trial     `json:"trials"`
	Winner   *int         `json:"winner,omitempty"`
	Tested   *train.Epoch `json:"tested,omitempty"` // the result of the winner; a search with it is complete
}

const version = 1

// ErrOther is the error of a directory with another search.
var ErrOther = errors.New("the search in it has other flags, data or backend")

// Load reads the state of the search in a directory, or returns nil if the directory does not have one.
func Load(dir string) (*State, error) {
	path := stateFile(dir)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	s := &State{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s: not the state of a search, or damaged: %w", path, err)
	}
	if s.Version != version {
		return nil, fmt.Errorf("%s: the state of a search of version %d; this program reads version %d", path, s.Version, version)
	}
	for i, t := range s.Trials {
		if t == nil || t.Number != i {
			return nil, fmt.Errorf("%s: damaged: trial %d is missing", path, i)
		}
	}
	if s.Winner != nil && (*s.Winner < 0 || *s.Winner >= len(s.Trials)) {
		return nil, fmt.Errorf("%s: damaged: trial %d is missing", path, *s.Winner)
	}
	return s, nil
}

// save replaces the file of the state, atomically.
func (s *Search) save() error {
	err := atomicfile.Write(stateFile(s.Dir), func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", " ")
		return out.Encode(s.State)
	})
	return atomicfile.Noted(err, s.Note)
}

func stateFile(dir string) string { return filepath.Join(dir, "state.json") }

// WinnerFile returns the name of the network of the winner.
func WinnerFile(dir string) string { return filepath.Join(dir, "winner.safetensors") }

// checkpoint returns the name of the file of a trial that has begun and can continue.
func (s *Search) checkpoint(t *Trial) string {
	return filepath.Join(s.Dir, fmt.Sprintf("trial-%d.checkpoint", t.Number))
}

// keep saves the checkpoint of a trial.
func (s *Search) keep(t *Trial, st *train.State) error {
	return atomicfile.Noted(train.SaveCheckpoint(s.checkpoint(t), st), s.Note)
}

// drop removes the checkpoint of a trial that ends.
func (s *Search) drop(t *Trial) error {
	if err := os.Remove(s.checkpoint(t)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
