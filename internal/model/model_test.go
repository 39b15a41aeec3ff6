package model

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/safetensors"
)

// trained returns a model of a small network.
func trained(noBias bool) *Model {
	c := mlp.Config{Sizes: []int{6, 4, 3}, Hidden: compute.Tanh, Output: compute.Sigmoid, Loss: compute.SquaredError,
		Init: mlp.Normal, NoBias: noBias, Scale: 0.99 / 255, Shift: 0.01, On: 0.99, Off: 0.01}
	return &Model{Network: c, Width: 3, Height: 2, Values: c.InitialParameters(1),
		About: About{Data: "some data", Seed: 1<<64 - 1, Epochs: 7, TestAcc: 0.975}}
}

func save(t *testing.T, m *Model) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoundTrip(t *testing.T) {
	for _, noBias := range []bool{false, true} {
		m := trained(noBias)
		// The smallest and the largest numbers, and a zero with a sign.
		copy(m.Values[0], []float32{math.SmallestNonzeroFloat32, -math.MaxFloat32, float32(math.Copysign(0, -1))})
		got, err := Load(save(t, m))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("noBias=%t: loaded %+v, saved %+v", noBias, got, m)
		}
		if !math.Signbit(float64(got.Values[0][2])) {
			t.Errorf("noBias=%t: −0 has lost its sign", noBias)
		}
	}
}

// TestRoundTripOfForms saves and loads every optional part of a config.
func TestRoundTripOfForms(t *testing.T) {
	m := trained(false)
	m.Network.Hidden, m.Network.Output, m.Network.Init = compute.ScaledTanh, compute.LeakyReLU, mlp.Inputs
	m.Network.Reduction, m.Network.InitScale, m.Network.ZeroBiases, m.Network.Regression = mlp.ReduceHalf, 0.05, true, true
	m.Network.Width, m.Network.Height = 3, 2
	got, err := Load(save(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, m) {
		t.Errorf("loaded %+v, saved %+v", got, m)
	}
}

// TestPyTorchNames checks the names and shapes that load_state_dict expects for
//
//	nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 3), nn.Sigmoid())
//
// and the format that PyTorch's loaders look for.
func TestPyTorchNames(t *testing.T) {
	m := trained(false)
	f, err := safetensors.Read(save(t, m))
	if err != nil {
		t.Fatal(err)
	}
	want := []safetensors.Tensor{
		{Name: "0.weight", Shape: []int{4, 6}, Data: m.Values[0]},
		{Name: "0.bias", Shape: []int{4}, Data: m.Values[1]},
		{Name: "2.weight", Shape: []int{3, 4}, Data: m.Values[2]},
		{Name: "2.bias", Shape: []int{3}, Data: m.Values[3]},
	}
	if !reflect.DeepEqual(f.Tensors, want) {
		t.Errorf("tensors are %v, want %v", f.Tensors, want)
	}
	if f.Metadata["format"] != "pt" {
		t.Errorf("the format is %q, want pt", f.Metadata["format"])
	}
	var got, wantMeta any
	const text = `{
		"version": 1,
		"network": {"sizes": [6, 4, 3], "hidden": "tanh", "output": "sigmoid", "loss": "mse", "init": "normal",
			"scale": 0.003882353, "shift": 0.01, "on": 0.99, "off": 0.01},
		"width": 3, "height": 2,
		"about": {"data": "some data", "seed": 18446744073709551615, "epochs": 7, "test_acc": 0.975}
	}`
	if err := json.Unmarshal([]byte(f.Metadata[MetadataKey]), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &wantMeta); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wantMeta) {
		t.Errorf("the metadata is %v, want %v", got, wantMeta)
	}
}

// edit replaces text in the metadata.
func edit(f *safetensors.File, old, new string) {
	f.Metadata[MetadataKey] = strings.Replace(f.Metadata[MetadataKey], old, new, 1)
}

func TestLoadRefuses(t *testing.T) {
	nan := float32(math.NaN())
	tests := []struct {
		name   string
		change func(*safetensors.File)
		want   string // the error, after the file's name; before … if the rest is encoding/json's
	}{
		{"no metadata", func(f *safetensors.File) { f.Metadata = nil },
			`not a Shadegrad model: its metadata has no "shadegrad.model"`},
		{"a checkpoint", func(f *safetensors.File) { f.Metadata = map[string]string{"shadegrad.checkpoint": "{}"} },
			"a checkpoint, not a network: the network of its run is in the file without .checkpoint at the end, if it is saved; otherwise resume the run"},
		{"a changed weight", func(f *safetensors.File) { f.Tensors[2].Data[5]++ },
			`damaged: the SHA-256 of the tensors differs from "shadegrad.sha256" in the metadata; use an intact copy (a program that changes tensors must delete "shadegrad.sha256")`},
		{"metadata that are not JSON", func(f *safetensors.File) { f.Metadata[MetadataKey] = "784-128-10" },
			`damaged metadata "shadegrad.model": invalid character…`},
		{"a deviation of 0", func(f *safetensors.File) {
			edit(f, `"about":{`, `"about":{"form":{"scale":{"mean":[1,1,1,1,1,1],"deviation":[1,1,1,0,1,1]}},`)
		}, `damaged metadata: scale of the numbers: feature 4: mean 1 and deviation 0: expected finite ones, and a deviation above 0`},
		{"too few means", func(f *safetensors.File) {
			edit(f, `"about":{`, `"about":{"form":{"scale":{"mean":[1],"deviation":[1,1,1,1,1,1]}},`)
		}, `damaged metadata: scale of the numbers: 1 means and 6 deviations, for rows of 6 numbers`},
		{"metadata of another type", func(f *safetensors.File) { edit(f, `"tanh"`, `3`) },
			`damaged metadata "shadegrad.model": json: cannot unmarshal number…`},
		{"an unknown activation", func(f *safetensors.File) { edit(f, `"tanh"`, `"swish"`) },
			`damaged metadata "shadegrad.model": unknown activation "swish" (available: ["identity" "sigmoid" "tanh" "relu" "softmax" "scaled-tanh" "leaky-relu"])`},
		{"an impossible network", func(f *safetensors.File) { edit(f, `[6,4,3]`, `[6,0,3]`) },
			`damaged metadata "shadegrad.model": Sizes=[6 0 3]: must be 1 or more in each layer`},
		{"no network", func(f *safetensors.File) { f.Metadata[MetadataKey] = `{"version":1}` },
			`damaged metadata "shadegrad.model": Sizes=[]: must have an input and an output size`},
		{"another version", func(f *safetensors.File) { edit(f, `"version":1`, `"version":2`) },
			"a model of version 2; this program reads version 1"},
		{"no version", func(f *safetensors.File) { f.Metadata[MetadataKey] = "{}" },
			"a model of version 0; this program reads version 1"},
		{"images that do not fit", func(f *safetensors.File) { edit(f, `"height":2`, `"height":3`) },
			"damaged metadata: images of 3×3 do not fit a network of 6 inputs"},
		{"images of negative size", func(f *safetensors.File) { edit(f, `"width":3,"height":2`, `"width":-3,"height":-2`) },
			"damaged metadata: images of -3×-2 do not fit a network of 6 inputs"},
		{"images whose size overflows", func(f *safetensors.File) {
			// 3074457345618258603·6 is 2 + 2⁶⁴, and ·18 is 6 + 3·2⁶⁴.
			edit(f, `"width":3,"height":2`, `"width":3074457345618258603,"height":18`)
		}, "damaged metadata: images of 3074457345618258603×18 do not fit a network of 6 inputs"},
		{"a negative number of epochs", func(f *safetensors.File) { edit(f, `"epochs":7`, `"epochs":-7`) },
			"damaged metadata: trained for -7 epochs"},
		{"images that padding made smaller", func(f *safetensors.File) { edit(f, `"seed":`, `"unpadded":{"width":3,"height":3},"seed":`) },
			"damaged metadata: images of 3×3 cannot have been padded to 3×2"},
		{"images of no width that were padded", func(f *safetensors.File) { edit(f, `"seed":`, `"unpadded":{"width":0,"height":2},"seed":`) },
			"damaged metadata: images of 0×2 cannot have been padded to 3×2"},
		{"more names than classes", func(f *safetensors.File) { edit(f, `"seed":`, `"class_names":["a","b","c","d"],"seed":`) },
			"damaged metadata: 4 class names for a network of 3 classes"},
		{"a tensor missing", func(f *safetensors.File) { f.Tensors = f.Tensors[:3] },
			`tensor "2.bias" is missing`},
		{"a tensor under another name", func(f *safetensors.File) { f.Tensors[2].Name = "1.weight" },
			`tensor "2.weight" is missing`},
		{"a tensor transposed", func(f *safetensors.File) { f.Tensors[0].Shape = []int{6, 4} },
			`tensor "0.weight" has shape [6 4], a network 6-4-3 has [4 6]`},
		{"a bias that is a matrix", func(f *safetensors.File) { f.Tensors[1].Shape = []int{1, 4} },
			`tensor "0.bias" has shape [1 4], a network 6-4-3 has [4]`},
		{"a network of other sizes", func(f *safetensors.File) { edit(f, `[6,4,3]`, `[6,5,3]`) },
			`tensor "0.weight" has shape [4 6], a network 6-5-3 has [5 6]`},
		{"a tensor too many", func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "4.weight", Shape: []int{1}, Data: []float32{1}})
		}, `tensor "4.weight" does not belong to a network 6-4-3`},
		{"biases of a network without", func(f *safetensors.File) { edit(f, `"init"`, `"no_bias":true,"init"`) },
			`tensor "0.bias" does not belong to a network 6-4-3`},
		{"NaN", func(f *safetensors.File) { f.Tensors[2].Data[5] = nan },
			`tensor "2.weight" is damaged: value 5 is NaN`},
		{"infinity", func(f *safetensors.File) { f.Tensors[3].Data[0] = float32(math.Inf(-1)) },
			`tensor "2.bias" is damaged: value 0 is -Inf`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := save(t, trained(false))
			f, err := safetensors.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f)
			if err := safetensors.Write(path, f); err != nil {
				t.Fatal(err)
			}
			refused(t, path, path+": "+tt.want)
		})
	}
}

// refused requires that Load returns the error want and does not change the file.
func refused(t *testing.T, path, want string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := Load(path); err == nil {
		t.Errorf("loaded as %+v", m)
	} else if start, cut := strings.CutSuffix(want, "…"); err.Error() != want && !(cut && strings.HasPrefix(err.Error(), start)) {
		t.Errorf("error  %q\nwant   %q", err, want)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
}

// TestDamagedFile truncates a file at every byte. No prefix may load as a model.
func TestDamagedFile(t *testing.T) {
	path := save(t, trained(false))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Fatalf("the first %d of %d bytes are loaded", n, len(whole))
		} else if !strings.HasPrefix(err.Error(), path+": ") {
			t.Fatalf("cut at byte %d the error does not begin with the file's name: %v", n, err)
		}
	}
	if err := os.WriteFile(path, append(whole, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil {
		t.Error("an additional byte is accepted")
	}
}

func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("error %v, want one that begins with the file's name", err)
	}
}

// TestSaveRefuses saves an invalid model over a valid file: the old file stays.
func TestSaveRefuses(t *testing.T) {
	m := trained(false)
	path := save(t, m)
	m.Values = m.Values[:3]
	want := path + ": the number of values differs from that of the parameters"
	if err := m.Save(path); err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if _, err := Load(path); err != nil {
		t.Errorf("the old model: %v", err)
	}
}

func TestPrefix(t *testing.T) {
	m := trained(false)
	tensors, err := Tensors("velocity.", m.Network, m.Values)
	if err != nil {
		t.Fatal(err)
	}
	f := &safetensors.File{Tensors: tensors}
	if f.Tensors[1].Name != "velocity.0.bias" {
		t.Errorf("the second tensor is called %q", f.Tensors[1].Name)
	}
	values, err := Values("velocity.", f, m.Network)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(values, m.Values) {
		t.Error("values have changed")
	}
	if _, err := Values("", f, m.Network); err == nil || err.Error() != `tensor "0.weight" is missing` {
		t.Errorf("without the prefix: error %v", err)
	}
}
