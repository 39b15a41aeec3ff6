package capsule

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/safetensors"
	"shadegrad/internal/train"
)

// small returns a capsule of the last step of an epoch, on a smaller batch.
func small(momentum float64, noBias bool) *Capsule {
	n := mlp.Config{Sizes: []int{6, 4, 3}, Hidden: compute.Tanh, Output: compute.Softmax, Init: mlp.Xavier, NoBias: noBias, Scale: 1. / 255, On: 1}
	m := &train.StepRecord{
		Options: train.Options{Network: n, Batch: 4, Epochs: 2, LearningRate: 0.1, Momentum: momentum, Schedule: train.OneCycle, Seed: math.MaxUint64},
		Data:    train.DataInfo{Name: "some data", Samples: 10, Width: 3, Height: 2, Classes: 3, Digest: "00"},
		Epoch:   2, Step: 3, LearningRate: 0.0123,
		Pixels: []byte{0, 1, 2, 3, 4, 255, 128, 127, 0, 0, 0, 9}, Labels: []byte{2, 0},
		Stats:   []float32{1.5, 0, float32(math.Inf(1)), 1},
		Device:  compute.Info{Backend: "gpu", Device: "a GPU", Driver: "a driver", Detail: "EGL", Software: true},
		Sources: map[string]string{"matmul_nt": "#version 430\nvoid main() {}\n", "loss": "\"\\"},
	}
	m.Before.Values, m.After.Values = n.InitialParameters(1), n.InitialParameters(2)
	m.After.Values[0][3] = float32(math.Inf(-1))
	if momentum != 0 {
		m.Before.Velocities, m.After.Velocities = n.InitialParameters(3), n.InitialParameters(4)
	}
	return &Capsule{StepRecord: m, Reason: Breach, First: &Element{Op: 2, Kernel: "matmul_nt", Matrix: "the outputs of layer 1", Row: 1, Col: 3, Got: "NaN", Want: "0.5", Bound: "1e-06"}}
}

func saved(t *testing.T, c *Capsule) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c")
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	for _, momentum := range []float64{0, 0.9} {
		for _, noBias := range []bool{false, true} {
			c := small(momentum, noBias)
			c.Data.Path = "/home/somebody"
			got, err := Load(saved(t, c))
			if err != nil {
				t.Fatal(err)
			}
			c.Data.Path = "" // the path is not stored
			if !reflect.DeepEqual(got, c) {
				t.Errorf("loaded %+v\nsaved  %+v", got, c)
			}
		}
	}
}

// ofNumbers is a step of Adam on rows of numbers with targets.
func ofNumbers() *Capsule {
	c := small(0.9, false)
	o := &c.Options
	o.Training = mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, L1: 0.5}
	o.Network.Regression, o.Network.Loss, o.Network.Output = true, compute.SquaredError, compute.Identity
	c.Data.Numbers, c.Data.Outputs, c.Data.Classes, c.Data.Width, c.Data.Height = true, 3, 0, 6, 1
	c.Pixels, c.Labels = nil, nil
	c.Numbers, c.Targets = []float32{-1, 0.5, 3, 4, 5, 6, 1e-40, 8, 9, 1, 2, 3}, []float32{1, -2, 3, 0.25, 5, 6}
	c.Before.Squares, c.After.Squares = o.Network.InitialParameters(5), o.Network.InitialParameters(6)
	return c
}

// TestRoundTripOfNumbers saves and loads a step whose samples are numbers instead of pixels.
func TestRoundTripOfNumbers(t *testing.T) {
	c := ofNumbers()
	got, err := Load(saved(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, c) {
		t.Errorf("loaded %+v\nsaved  %+v", got, c)
	}
	c.Targets[4] = float32(math.NaN())
	if _, err := Load(saved(t, c)); err == nil || !strings.Contains(err.Error(), "number 16 of the batch is NaN") {
		t.Errorf("with a NaN: error %v", err)
	}
}

// TestOldVersion reads a capsule of version 1, whose tensors had the same names.
func TestOldVersion(t *testing.T) {
	path := saved(t, small(0.9, false))
	f, err := safetensors.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata[metadataKey] = strings.Replace(f.Metadata[metadataKey], `"version":2`, `"version":1`, 1)
	f.Metadata[metadataKey] = strings.Replace(f.Metadata[metadataKey], `,"training":{"rule":"sgd"}`, ``, 1)
	if err := safetensors.Write(path, f); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, small(0.9, false)) {
		t.Errorf("loaded %+v", got)
	}
}

// TestNaN checks that the bits of a NaN are stored.
func TestNaN(t *testing.T) {
	c := small(0, false)
	c.Stats[0] = math.Float32frombits(0x7fc01234)
	got, err := Load(saved(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if bits := math.Float32bits(got.Stats[0]); bits != 0x7fc01234 {
		t.Errorf("bits %#x", bits)
	}
}

func TestRefused(t *testing.T) {
	edit := func(old, new string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			if !strings.Contains(f.Metadata[metadataKey], old) {
				t.Fatalf("%s not found in %s", old, f.Metadata[metadataKey])
			}
			f.Metadata[metadataKey] = strings.Replace(f.Metadata[metadataKey], old, new, 1)
		}
	}
	tensor := func(name string, change func(*safetensors.Tensor)) func(*safetensors.File) {
		return func(f *safetensors.File) {
			x, ok := f.Tensor(name)
			if !ok {
				t.Fatalf("tensor %q not found", name)
			}
			change(x)
		}
	}
	rename := func(x *safetensors.Tensor) { x.Name = "stranger" }
	drop := func(name string) func(*safetensors.File) {
		return func(f *safetensors.File) {
			var kept []safetensors.Tensor
			for _, x := range f.Tensors {
				if x.Name != name {
					kept = append(kept, x)
				}
			}
			f.Tensors = kept
		}
	}
	for _, tt := range []struct {
		name   string
		change func(*safetensors.File)
		want   string // the error, after the file's name
	}{
		{"a model", func(f *safetensors.File) { f.Metadata = map[string]string{"shadegrad.model": "{}"} },
			`not a Shadegrad capsule: its metadata has no "shadegrad.capsule"`},
		{"metadata that are not JSON", func(f *safetensors.File) { f.Metadata[metadataKey] = "step 1" },
			`damaged metadata "shadegrad.capsule": invalid character 's' looking for beginning of value`},
		{"a removed option", edit(`"options":{`, `"options":{"min_delta":0.5,`), "the option min_delta=0.5 no longer exists; use the program that wrote the file"},
		{"another version", edit(`"version":2`, `"version":7`), "capsule version 7 is not supported; this program reads versions 1 to 2"},
		{"an impossible option", edit(`"momentum":0.9`, `"momentum":9`), `damaged metadata "shadegrad.capsule": Momentum=9: must be at least 0 and below 1`},
		{"another reason", edit(`"breach"`, `"spite"`), `damaged: unknown reason "spite"`},
		{"no images", edit(`"samples":10`, `"samples":-1`), "damaged: a training set of -1 images"},
		{"images of another size", edit(`"width":3`, `"width":4`), "damaged: images of 4×2 do not fit a network of 6 inputs"},
		{"another batch", edit(`"samples":10`, `"samples":11`), "damaged: a batch of 2 of 11 images, where steps take 4"},
		{"a step too many", edit(`"step":3`, `"step":4`), "damaged: step 4 of epoch 2 of 2"},
		{"an epoch too many", edit(`"epoch":2`, `"epoch":3`), "damaged: step 3 of epoch 3 of 2"},
		{"a negative rate", edit(`0.0123`, `-1`), "damaged: a learning rate of -1"},
		{"a rate beyond float32", edit(`0.0123`, `1e99`), "damaged: a learning rate of 1e+99"},
		{"no backend", edit(`"backend":"gpu"`, `"backend":""`), "damaged: the backend is missing"},
		{"a billion units", edit(`[6,4,3]`, `[6,1000000000,3]`), `damaged metadata "shadegrad.capsule": Network.Sizes=[6 1000000000 3]: must make at most 2147483647 weights between two layers, not 1000000000×6`},
		{"other units", edit(`[6,4,3]`, `[6,5,3]`), `tensor "0.weight" has shape [4 6], a network 6-5-3 has [5 6]`},
		{"a stranger", tensor("after.0.weight", rename), `tensor "stranger" does not belong to the capsule of a network 6-4-3`},
		{"no labels", drop(labelsName), `tensor "batch.labels" is missing or has no rows`},
		{"no pixels", drop(pixelsName), `tensor "batch.pixels" is missing`},
		{"no statistics", drop(statsName), `tensor "after.stats" is missing`},
		{"no weights", drop("2.weight"), `tensor "2.weight" is missing`},
		{"no velocities", drop("velocity.2.bias"), `tensor "velocity.2.bias" is missing`},
		{"no weights after", drop("after.2.weight"), `tensor "after.2.weight" is missing`},
		{"no velocities after", drop("after.velocity.0.bias"), `tensor "after.velocity.0.bias" is missing`},
		{"half a pixel", tensor(pixelsName, func(x *safetensors.Tensor) { x.Data[3] = 1.5 }), `tensor "batch.pixels" is damaged: value 3 is 1.5, want an integer from 0 to 255`},
		{"a pixel that is NaN", tensor(pixelsName, func(x *safetensors.Tensor) { x.Data[3] = float32(math.NaN()) }), `tensor "batch.pixels" is damaged: value 3 is NaN, want an integer from 0 to 255`},
		{"a pixel too bright", tensor(pixelsName, func(x *safetensors.Tensor) { x.Data[0] = 256 }), `tensor "batch.pixels" is damaged: value 0 is 256, want an integer from 0 to 255`},
		{"a label beyond the classes", tensor(labelsName, func(x *safetensors.Tensor) { x.Data[1] = 3 }), "damaged: label 1 is 3, of 3 classes"},
		{"a weight that was not finite", tensor("0.weight", func(x *safetensors.Tensor) { x.Data[5] = float32(math.Inf(1)) }), `tensor "0.weight" is damaged: value 5 is +Inf`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := saved(t, small(0.9, false))
			f, err := safetensors.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f)
			if err := safetensors.Write(path, f); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(path); err == nil || err.Error() != path+": "+tt.want {
				t.Errorf("error %v\nwant  %s: %s", err, path, tt.want)
			}
		})
	}
}

// TestHostile decodes a small file whose step would need more memory than the machine has: many
// units and many samples, with one weight each.
func TestHostile(t *testing.T) {
	const units, rows = 200_000, 200_000
	n := mlp.Config{Sizes: []int{1, units, 2}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1, On: 1}
	c := small(0, false)
	c.Options.Network, c.Options.Batch, c.Data.Samples, c.Data.Width, c.Data.Height = n, rows, rows, 1, 1
	c.Step, c.Pixels, c.Labels, c.Stats = 1, make([]byte, rows), make([]byte, rows), make([]float32, 2*rows)
	c.Before.Values = n.InitialParameters(1)
	c.After.Values = c.Before.Values
	got, err := Load(saved(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := got.Replay(); err == nil || !strings.Contains(err.Error(), "judging a step of network 1-200000-2 with a batch of 200000: out of memory: ") {
		t.Errorf("error %v", err)
	}
}

// TestCut requires that every truncated capsule is refused.
func TestCut(t *testing.T) {
	path := saved(t, small(0.9, false))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Fatalf("%d bytes of %d were accepted as a capsule", n, len(whole))
		}
	}
}
