package train

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/safetensors"
)

// halfway returns a state in the middle of the second epoch.
func halfway(t *testing.T) (*State, *dataset.Data) {
	t.Helper()
	d := squares(47, 20, 4)
	b := cpu.New()
	defer b.Close()
	state := NewState(options(4), d, "some/where")
	state.Data.Digest = d.Train.Digest()
	run := &Run{Data: d, State: state, Report: &recorder{}, Backend: b}
	if err := run.Do(after(7)); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	return run.State, d
}

func TestCheckpointRoundTrip(t *testing.T) {
	s, _ := halfway(t)
	s.Options.Seed = math.MaxUint64 // more than a float64 can hold
	path := filepath.Join(t.TempDir(), "checkpoint")
	if err := SaveCheckpoint(path, s); err != nil {
		t.Fatal(err)
	}
	got, err := LoadCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, s) {
		t.Errorf("loaded %+v\nsaved  %+v", got, s)
	}
}

func TestCheckpointRefused(t *testing.T) {
	edit := func(old, new string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			f.Metadata[checkpointKey] = strings.Replace(f.Metadata[checkpointKey], old, new, 1)
		}
	}
	tensor := func(name string, change func(*safetensors.Tensor)) func(*safetensors.File) {
		return func(f *safetensors.File) {
			x, ok := f.Tensor(name)
			if !ok {
				t.Fatalf("tensor %q is missing", name)
			}
			change(x)
		}
	}
	const changed = `damaged: the SHA-256 of the tensors differs from "shadegrad.sha256" in the metadata; use an intact copy (a program that changes tensors must delete "shadegrad.sha256")`
	for _, tt := range []struct {
		name   string
		change func(*safetensors.File)
		want   string // the error, after the file's name
	}{
		{"a model", func(f *safetensors.File) { f.Metadata = map[string]string{"shadegrad.model": "{}"} },
			"a network, not a checkpoint: the checkpoint of a run is in the file with .checkpoint at the end, until the run is complete; a complete run cannot be resumed"},
		{"a file of another program", func(f *safetensors.File) { f.Metadata = nil }, `not a Shadegrad checkpoint: its metadata has no "shadegrad.checkpoint"`},
		{"a changed weight", tensor("0.bias", func(x *safetensors.Tensor) { x.Data[2]++ }), changed},
		{"a changed velocity", tensor("velocity.2.weight", func(x *safetensors.Tensor) { x.Data[0] = 3e38 }), changed},
		{"no JSON", func(f *safetensors.File) { f.Metadata[checkpointKey] = "epoch 1" },
			`damaged metadata "shadegrad.checkpoint": invalid character 'e' looking for beginning of value`},
		{"a removed option", edit(`"options":{`, `"options":{"cycle_momentum":true,`), "the option cycle_momentum=true no longer exists; use the program that wrote the file"},
		{"another version", edit(`"version":2`, `"version":7`), "a checkpoint of version 7; this program reads version 2"},
		{"an older version", edit(`"version":2`, `"version":1`),
			"a checkpoint of version 1, of an older Shadegrad; this program reads version 2: resume with that Shadegrad, or begin a new run"},
		{"no version", edit(`"version":2`, `"version":0`), "a checkpoint of version 0; this program reads version 2"},
		{"the best epoch is to come", edit(`"last":`, `"best":{"Epoch":2},"last":`), "damaged metadata: the best or tested epoch is 2 of 1"},
		{"a best epoch without validation", edit(`"last":`, `"best":{"Epoch":1},"last":`), "damaged metadata: there is a best epoch without a validation set"},
		{"an impossible option", edit(`"momentum":0.9`, `"momentum":9`),
			`damaged metadata "shadegrad.checkpoint": Momentum=9: must be at least 0 and below 1`},
		{"a negative epoch", edit(`"epoch":1`, `"epoch":-1`), "damaged metadata: 20 rows of 47 in epoch 0"},
		{"too many rows", edit(`"rows":20`, `"rows":50`), "damaged metadata: 50 rows of 47 in epoch 2"},
		{"rows in the middle of a batch", edit(`"rows":20`, `"rows":25`), "damaged metadata: 25 rows are not whole batches of 10"},
		{"an epoch too many", edit(`"epoch":1`, `"epoch":4`), "damaged metadata: 20 rows of 47 in epoch 5 of 4"},
		{"images of another size", edit(`"width":4`, `"width":5`), "damaged metadata: images of 5×4 do not fit a network of 16 inputs"},
		{"images of negative size", edit(`"width":4,"height":4`, `"width":-4,"height":-4`), "damaged metadata: images of -4×-4 do not fit a network of 16 inputs"},
		{"more classes than outputs", edit(`"classes":4`, `"classes":5`), "damaged metadata: 5 classes do not fit a network of 4 outputs"},
		{"no classes", edit(`"classes":4`, `"classes":0`), "damaged metadata: 0 classes do not fit a network of 4 outputs"},
		{"too many epochs", edit(`"epochs":4`, `"epochs":4294967296`),
			`damaged metadata "shadegrad.checkpoint": Epochs=4294967296: must be from 1 to 2147483647`},
		{"a momentum that rounds to 1", edit(`"momentum":0.9`, `"momentum":0.99999999`),
			`damaged metadata "shadegrad.checkpoint": Momentum=0.99999999: must be at least 0 and below 1`},
		{"a tensor too many", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "4.weight", Shape: []int{1}, Data: []float32{1}})
		}, `tensor "4.weight" does not belong to the checkpoint of a network 16-12-4`},
		{"velocities without momentum", edit(`"momentum":0.9`, `"momentum":0`),
			`tensor "velocity.0.weight" does not belong to the checkpoint of a network 16-12-4`},
		{"statistics of no rows", edit(`"rows":20`, `"rows":0`),
			`tensor "stats" does not belong to the checkpoint of a network 16-12-4`},
		{"other statistics", edit(`"rows":20`, `"rows":30`), `tensor "stats" of 30 rows is missing`},
		{"no velocity", tensor("velocity.2.weight", func(x *safetensors.Tensor) { x.Name = "v" }),
			`tensor "v" does not belong to the checkpoint of a network 16-12-4`},
		{"a velocity missing", func(f *safetensors.File) { f.Tensors = f.Tensors[:4+2] }, `tensor "velocity.2.weight" is missing`},
		{"another network", edit(`"sizes":[16,12,4]`, `"sizes":[16,11,4]`),
			`tensor "0.weight" has shape [12 16], a network 16-11-4 has [11 16]`},
		{"NaN weight", tensor("0.bias", func(x *safetensors.Tensor) { x.Data[2] = float32(math.NaN()) }),
			`tensor "0.bias" is damaged: value 2 is NaN`},
		{"infinite velocity", tensor("velocity.0.bias", func(x *safetensors.Tensor) { x.Data[0] = float32(math.Inf(1)) }),
			`tensor "velocity.0.bias" is damaged: value 0 is +Inf`},
		{"NaN among the statistics", tensor("stats", func(x *safetensors.Tensor) { x.Data[8] = float32(math.NaN()) }),
			`tensor "stats" is damaged: a value is not finite`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := halfway(t)
			path := filepath.Join(t.TempDir(), "checkpoint")
			if err := SaveCheckpoint(path, s); err != nil {
				t.Fatal(err)
			}
			f, err := safetensors.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f)
			if err := safetensors.Write(path, f); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := LoadCheckpoint(path); err == nil || err.Error() != path+": "+tt.want {
				t.Errorf("error %v\nwant  %s: %s", err, path, tt.want)
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file has changed")
			}
		})
	}
}

func TestSameData(t *testing.T) {
	s, d := halfway(t)
	if err := s.Data.Same(d); err != nil {
		t.Errorf("the data it began with: %v", err)
	}
	const began = "its run began with 47 training images of 4×4 in 4 classes; squares has "
	for _, tt := range []struct {
		name string
		d    *dataset.Data
		want string
	}{
		{"fewer images", squares(46, 20, 4), began + "46 training images of 4×4 in 4 classes"},
		{"fewer classes", squares(47, 20, 3), began + "47 training images of 4×4 in 3 classes"},
	} {
		if err := s.Data.Same(tt.d); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	const other = "its run began with other data than squares: the SHA-256 of the training set differs"
	d = squares(47, 20, 4)
	d.Train.Images[5]++
	if err := s.Data.Same(d); err == nil || err.Error() != other {
		t.Errorf("another pixel: error %v, want %q", err, other)
	}
	d = squares(47, 20, 4)
	d.Train.Labels[5] ^= 1
	if err := s.Data.Same(d); err == nil || err.Error() != other {
		t.Errorf("another label: error %v, want %q", err, other)
	}
	// A state that was never saved has no digest; the shape must do.
	s.Data.Digest = ""
	if err := s.Data.Same(d); err != nil {
		t.Errorf("without a digest: %v", err)
	}
}

// TestCheckpointOfRecipes saves and loads the complete state of runs of every kind: in the
// middle of an epoch, between epochs and at the end.
func TestCheckpointOfRecipes(t *testing.T) {
	for name, r := range recipes() {
		t.Run(name, func(t *testing.T) {
			steps := r.o.steps(47)
			for _, stop := range []int{1, steps, 2*steps + 1, -1} {
				run := &Run{Data: r.d, State: NewState(r.o, r.d, "here"), Report: &recorder{}, Backend: cpu.New()}
				if err := run.Do(after(stop)); err != nil && !errors.Is(err, ErrInterrupted) {
					t.Fatal(err)
				}
				run.Backend.Close()
				path := filepath.Join(t.TempDir(), "checkpoint")
				if err := SaveCheckpoint(path, run.State); err != nil {
					t.Fatal(err)
				}
				got, err := LoadCheckpoint(path)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, run.State) {
					t.Errorf("after %d steps: loaded %+v\nsaved  %+v", stop, got, run.State)
				}
			}
		})
	}
}

// TestCheckpointOfRecipeRefused checks that a checkpoint is refused if a tensor that its
// options require is missing.
func TestCheckpointOfRecipeRefused(t *testing.T) {
	r := recipes()["everything, validation"]
	s, _ := trainCPU(t, r.o, r.d)
	for _, tt := range []struct {
		tensor string // which is changed
		change func(*safetensors.Tensor)
		want   string
	}{
		{"square.2.weight", func(x *safetensors.Tensor) { x.Data[3] = -1e-9 },
			`tensor "square.2.weight" is damaged: value 3 is -1e-09; want a mean of squares`},
		{"square.0.bias", func(x *safetensors.Tensor) { x.Name = "square.0.b" },
			`tensor "square.0.b" does not belong to the checkpoint of a network 16-12-4`},
		{"average.0.weight", func(x *safetensors.Tensor) { x.Shape = []int{16, 12} },
			`tensor "average.0.weight" has shape [16 12], a network 16-12-4 has [12 16]`},
		{"best.2.bias", func(x *safetensors.Tensor) { x.Data[0] = float32(math.Inf(-1)) },
			`tensor "best.2.bias" is damaged: value 0 is -Inf`},
	} {
		path := filepath.Join(t.TempDir(), "checkpoint")
		if err := SaveCheckpoint(path, s); err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		x, ok := f.Tensor(tt.tensor)
		if !ok {
			t.Fatalf("unknown tensor %q", tt.tensor)
		}
		tt.change(x)
		if err := safetensors.Write(path, f); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadCheckpoint(path); err == nil || err.Error() != path+": "+tt.want {
			t.Errorf("%s: error %v, want %q", tt.tensor, err, tt.want)
		}
	}
}
