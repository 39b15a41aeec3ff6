package exchange

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/npy"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// python returns the Python interpreter that has a module. Without it the test is skipped, or fails if the environment variable
// required is 1.
func python(t *testing.T, module, required string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	name := os.Getenv("SHADEGRAD_PYTHON")
	if name == "" {
		name = "python3"
	}
	if out, err := exec.Command(name, "-c", "import "+module).CombinedOutput(); err != nil {
		text := fmt.Sprintf("%s has no %s: %v: %s", name, module, err, bytes.TrimSpace(out))
		if os.Getenv(required) == "1" {
			t.Fatalf("%s=1, but %s", required, text)
		}
		t.Skip(text)
	}
	return name
}

// trained returns a network that was trained on MNIST for an epoch, and the test set.
func trained(t *testing.T) (*model.Model, *dataset.Set) {
	r := recipe.Default()
	r.Hidden, r.Epochs = []int{32, 16}, 1
	d, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.OptionsOn(&d.Train)
	if err != nil {
		t.Fatal(err)
	}
	b := cpu.New()
	defer b.Close()
	run := &train.Run{Data: d, State: train.NewState(o, d, ""), Report: silent{}, Backend: b}
	if err := run.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &model.Model{Network: o.Network, Width: 28, Height: 28, Values: run.State.Chosen()}, &d.Test
}

// silent reports nothing.
type silent struct{}

func (silent) Started(compute.Info)    {}
func (silent) Progress(train.Progress) {}
func (silent) Finished(train.Epoch)    {}
func (silent) Noticed(train.Notice)    {}

// TestPeers has other programs compute an exported network for the 10,000 test images of MNIST. They must find the same class for
// each, the same number of hits as eval, and outputs within 1e-5.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	m, test := trained(t)
	b := cpu.New()
	defer b.Close()
	scores, err := train.Evaluate(b, m.Network, m.Values, test)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, o := range map[string]Options{"m.onnx": {Softmax: true}, "m.npz": {}, "m.safetensors": {Layers: []string{"fc1", "fc2", "out"}}} {
		if err := Export(filepath.Join(dir, name), m, o); err != nil {
			t.Fatal(err)
		}
	}
	expected := outputs(t, m, test)
	var file bytes.Buffer
	if err := npy.Write(&file, []int{len(expected), 10}, slices.Concat(expected...)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "expected.npy"), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ tool, required string }{{"onnxruntime", "SHADEGRAD_REQUIRE_TOOLS"}, {"numpy", "SHADEGRAD_REQUIRE_TOOLS"},
		{"safetensors", "SHADEGRAD_REQUIRE_TOOLS"}, {"torch", "SHADEGRAD_REQUIRE_PEERS"}} {
		t.Run(p.tool, func(t *testing.T) {
			c := exec.Command(python(t, p.tool, p.required), "-B", "peers/agree.py", p.tool, dir, "../../testdata/mnist/t10k-images-idx3-ubyte.gz")
			var notes bytes.Buffer
			c.Stderr = &notes
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, &notes)
			}
			t.Log(strings.TrimSpace(notes.String()))
			classes := strings.Fields(string(out))
			if len(classes) != test.Len() {
				t.Fatalf("%d classes for %d images", len(classes), test.Len())
			}
			hits := 0
			for i, text := range classes {
				if class := train.Class(m.Network, expected[i]); text != fmt.Sprint(class) {
					t.Errorf("image %d: class %s, Shadegrad has %d", i, text, class)
				}
				if text == fmt.Sprint(test.Labels[i]) {
					hits++
				}
			}
			if want := int(scores.Acc*float64(test.Len()) + 0.5); hits != want {
				t.Errorf("%d hits, eval has %d", hits, want)
			}
		})
	}
}
