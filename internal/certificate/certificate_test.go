package certificate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

func data() *dataset.Data {
	set := func(n int) dataset.Set {
		s := dataset.Set{Images: make([]byte, 16*n), Labels: make([]byte, n), Width: 4, Height: 4, Classes: 4}
		for i := range s.Images {
			s.Images[i] = byte(i * i)
		}
		for i := range s.Labels {
			s.Labels[i] = byte(i % 4)
		}
		return s
	}
	return &dataset.Data{Name: "toys", Train: set(47), Test: set(20)}
}

func options() train.Options {
	return train.Options{
		Network: mlp.Config{Sizes: []int{16, 12, 4}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1. / 255, On: 1},
		Batch:   10, Epochs: 3, LearningRate: 0.1, Momentum: 0.9, Schedule: train.OneCycle, Seed: 1,
	}
}

type quiet struct{}

func (quiet) Started(compute.Info)    {}
func (quiet) Progress(train.Progress) {}
func (quiet) Finished(train.Epoch)    {}
func (quiet) Noticed(train.Notice)    {}

// states runs options and calls visit with the state of each epoch.
func states(t *testing.T, o train.Options, visit func(*train.State, compute.Info)) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	d := data()
	run := &train.Run{Data: d, State: train.NewState(o, d, ""), Report: quiet{}, Backend: b}
	run.Save = func(s *train.State) error { visit(s, b.Info()); return nil }
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func certified(t *testing.T) *Certificate {
	t.Helper()
	p, err := ThisProgram("shadegrad, of tests")
	if err != nil || len(p.SHA256) != 64 {
		t.Fatalf("%+v, error %v", p, err)
	}
	c := New(p, &train.State{Options: options()}, data())
	states(t, options(), c.Add)
	return c
}

// TestRoundTrip saves and loads a certificate and compares the same run with it.
func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	if err := certified(t).Save(path); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if list := c.Differences(DataOf(data()), 1, nil); len(list) != 0 {
		t.Errorf("differences %q", list)
	}
	epochs := 0
	states(t, options(), func(s *train.State, i compute.Info) {
		if d := c.Compare(EpochOf(s)); !d.Same || !d.Close || d.Weights != 0 || d.String() != "epoch "+string(rune('0'+s.Epoch))+": the same bits" {
			t.Errorf("%+v: %v", d, d)
		}
		if DeviceOf(i) != c.Device {
			t.Errorf("device %+v, want %+v", DeviceOf(i), c.Device)
		}
		epochs++
	})
	if epochs != 3 {
		t.Errorf("%d epochs", epochs)
	}
}

// TestDeviceOfOlderCertificates loads certificates that name the CPU as earlier versions did.
func TestDeviceOfOlderCertificates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	for _, tt := range []struct {
		old, want Device
		text      string
	}{
		{Device{"cpu", "EPYC", "gonum v0.17.0", "avx512"}, Device{"cpu", "EPYC", "AVX-512 kernels", ""}, "cpu: EPYC, AVX-512 kernels"},
		{Device{"cpu", "EPYC", "gonum v0.17.0", "avx2"}, Device{"cpu", "EPYC", "AVX2 kernels", ""}, "cpu: EPYC, AVX2 kernels"},
		{Device{"cpu", "EPYC", "gonum v0.17.0", "no SIMD"}, Device{"cpu", "EPYC", "gonum v0.17.0", ""}, "cpu: EPYC, gonum v0.17.0"},
		{Device{"gpu", "llvmpipe", "OpenGL 4.5", "EGL device"}, Device{"gpu", "llvmpipe", "OpenGL 4.5", "EGL device"}, "gpu: llvmpipe, OpenGL 4.5, EGL device"},
	} {
		c := certified(t)
		c.Device = tt.old
		if err := c.Save(path); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path)
		if err != nil || c.Device != tt.want || c.Device.String() != tt.text {
			t.Errorf("%+v loads as %+v, error %v, want %+v", tt.old, c.Device, err, tt.want)
		}
	}
}

// TestDrift compares a run that differs from its second epoch on.
func TestDrift(t *testing.T) {
	c := certified(t)
	i := 0
	states(t, options(), func(s *train.State, _ compute.Info) {
		e := EpochOf(s)
		if i++; i > 1 {
			s.Values[0][0] += 0.25 // a value that is sampled, and not read again by the run
			e.Weights = MarkOf(s.Values)
			e.TrainLoss += 0.5
			s.Values[0][0] -= 0.25
		}
		d := c.Compare(e)
		if same := i == 1; d.Same != same || d.Close != same || d.What != fmt.Sprintf("epoch %d", i) {
			t.Errorf("epoch %d: %+v", i, d)
		}
		if i > 1 && (math.Abs(d.Weights-0.25) > 1e-6 || !(d.Size > 0) || math.Abs(d.Loss-0.5) > 1e-12 || !strings.Contains(d.String(), "weights differ by up to 0.25")) {
			t.Errorf("epoch %d: %+v: %v", i, d, d)
		}
	})
}

// TestDifferences lists the differences of other data and another seed.
func TestDifferences(t *testing.T) {
	c := certified(t)
	other := data()
	other.Train.Images[5]++
	for _, x := range []struct {
		data Data
		seed uint64
		want string
	}{
		{DataOf(other), 1, "the training set: SHA-256 "},
		{DataOf(data()), 2, "the seed: 2, 1 in the certificate"},
	} {
		list := c.Differences(x.data, x.seed, nil)
		if len(list) != 1 || !strings.HasPrefix(list[0], x.want) {
			t.Errorf("%q, want %q", list, x.want)
		}
	}
	other.Test.Labels[0]++
	if list := c.Differences(DataOf(other), 2, nil); len(list) != 3 {
		t.Errorf("%q, want the training set, the test set and the seed", list)
	}
	forged := *c
	forged.Options.Seed = 9
	if list := forged.Differences(DataOf(data()), 9, nil); len(list) != 1 || list[0] != "the initial weights: seed 9 draws others than those of the certificate" {
		t.Errorf("%q of a forged seed", list)
	}
}

// TestMark checks that a single bit changes the mark and that every parameter is sampled.
func TestMark(t *testing.T) {
	values := [][]float32{make([]float32, 5000), {1, 2, 3}, {}}
	m := MarkOf(values)
	if len(m.Samples) != samplesOfEach+3 {
		t.Errorf("%d samples", len(m.Samples))
	}
	seen := map[string]bool{m.SHA256: true}
	for _, i := range []int{0, 1, 1023, 1024, 4999} {
		values[0][i] = math.Float32frombits(1)
		now := MarkOf(values)
		if seen[now.SHA256] {
			t.Errorf("a bit of value %d makes no difference", i)
		}
		seen[now.SHA256] = true
		values[0][i] = 0
	}
	values[1][0] = -1
	if largest, size := m.Drift(MarkOf(values)); largest != 2 || math.Abs(size-math.Sqrt(14./19)) > 1e-12 {
		t.Errorf("drift %g, size %g", largest, size)
	}
	if largest, _ := m.Drift(Mark{}); !math.IsInf(largest, 1) {
		t.Errorf("drift %g from nothing", largest)
	}
}

func TestSamplesText(t *testing.T) {
	want := Samples{0.1, -3e-39, math.MaxFloat32, 0, 1. / 3}
	text, err := want.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	var got Samples
	if err := got.UnmarshalText(text); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q is read as %v, error %v", text, got, err)
	}
	if err := got.UnmarshalText([]byte("1 x")); err == nil {
		t.Error("\"1 x\" is read")
	}
}

// TestLoadDamaged loads files that are not certificates.
func TestLoadDamaged(t *testing.T) {
	c := certified(t)
	changed := func(change func(*Certificate)) string {
		d := *c
		d.Epochs = slices.Clone(c.Epochs)
		change(&d)
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	path := filepath.Join(t.TempDir(), "c.json")
	for text, want := range map[string]string{
		"":           "not a Shadegrad certificate: unexpected end",
		"{}":         "not a Shadegrad certificate: it has no version",
		`{"seed":1}`: "not a Shadegrad certificate: it has no version",
		strings.Replace(changed(func(*Certificate) {}), `"options":{`, `"options":{"cycle_momentum":true,`, 1): "the option cycle_momentum=true no longer exists",
		changed(func(c *Certificate) { c.Version = 2 }):                                                        "a certificate of version 2; this program reads version 1",
		changed(func(c *Certificate) { c.Epochs = c.Epochs[:2] }):                                              "damaged: it has 2 epochs of a run of 3",
		changed(func(c *Certificate) { c.Epochs[1].Epoch = 7 }):                                                "damaged: entry 2 is of epoch 7",
		changed(func(c *Certificate) { c.Options.LearningRate = -1 }):                                          "damaged: LearningRate=-1",
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("%.30q: error %v, want %q", text, err, want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a missing file is loaded")
	}
}
