package nn_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute/nn"
	"shadegrad/internal/cli"
)

// command runs a command line of the command and returns what it prints.
func command(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs strings.Builder
	if status := cli.Run(args, &out, &errs); status != 0 {
		t.Fatalf("shadegrad %v: exit status %d\n%s", args, status, errs.String())
	}
	return out.String()
}

// TestSameAsCommand checks that Train does what the command does: the saved files are identical, and each reads the other's.
func TestSameAsCommand(t *testing.T) {
	for _, c := range []struct {
		name    string
		options nn.Options
		args    []string
	}{
		{"defaults", nn.Options{}, nil},
		{"fields", nn.Options{Hidden: []int{20, 10}, Epochs: 2, Batch: 32, LearningRate: 0.05, Seed: 7}, []string{"-hidden=20,10", "-epochs=2", "-batch=32", "-lr=0.05", "-seed=7"}},
		{"flags", nn.Options{Epochs: 1, Flags: []string{"-epochs=3", "-validation=0.1", "-dropout=0.2", "-optimizer", "adam"}},
			[]string{"-epochs=1", "-validation=0.1", "-dropout=0.2", "-optimizer=adam"}},
		{"preset", nn.Options{Epochs: 1, Flags: []string{"-preset=softmax"}}, []string{"-preset=softmax", "-epochs=1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c.options.Backend = nn.CPU
			c.options.Flags = append(c.options.Flags, "-limit=500")
			network, err := nn.Train(t.Context(), nn.MNIST, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if err := network.Save("library.safetensors"); err != nil {
				t.Fatal(err)
			}
			command(t, append([]string{"train", "-data=mnist", "-backend=cpu", "-limit=500", "-save=command.safetensors"}, c.args...)...)
			if !bytes.Equal(read(t, "library.safetensors"), read(t, "command.safetensors")) {
				t.Error("the command saves another network")
			}
			out := command(t, "predict", "-model=library.safetensors", root+"/testdata/digits/seven.png")
			loaded, err := nn.Load("command.safetensors")
			if err != nil {
				t.Fatal(err)
			}
			digits, err := loaded.PredictFile(root + "/testdata/digits/seven.png")
			if err != nil || len(digits) != 1 || !strings.Contains(out, "it is a "+digits[0].Name+":") && !strings.Contains(out, "it is an "+digits[0].Name+":") {
				t.Errorf("got %+v, %v; the command says\n%s", digits, err, out)
			}
			if loaded.TestAccuracy() != network.TestAccuracy() || network.TestAccuracy() != network.Training.TestAccuracy || network.TestAccuracy() < 0.3 {
				t.Errorf("test accuracy %v, loaded %v", network.TestAccuracy(), loaded.TestAccuracy())
			}
		})
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestProgress checks what a run reports.
func TestProgress(t *testing.T) {
	var seen []nn.Epoch
	network, err := nn.Train(t.Context(), nn.Spiral, nn.Options{Hidden: []int{8}, Epochs: 30, Flags: []string{"-validation=100", "-patience=2"},
		Progress: func(e nn.Epoch) { seen = append(seen, e) }})
	if err != nil {
		t.Fatal(err)
	}
	r := network.Training
	if !slices.Equal(seen, r.Epochs) || len(seen) < 3 || r.Samples != 500 || r.TestLoss <= 0 {
		t.Errorf("%+v, progress %+v", r, seen)
	}
	best := 0
	for i, e := range seen {
		if e.Epoch != i+1 || e.Epochs != 30 || e.Samples != 500 || e.Loss <= 0 || e.ValidationLoss <= 0 || e.Duration <= 0 {
			t.Errorf("epoch %+v", e)
		}
		if b := seen[best]; e.ValidationAccuracy > b.ValidationAccuracy || e.ValidationAccuracy == b.ValidationAccuracy && e.ValidationLoss < b.ValidationLoss {
			best = i
		}
	}
	if r.Best != best+1 {
		t.Errorf("the best epoch is %d, want %d", r.Best, best+1)
	}
	if gpu := r.Backend.Backend == "gpu"; gpu == (r.NoGPU != nil) || r.Backend.Device == "" {
		t.Errorf("trained on %+v, not on a GPU because %v", r.Backend, r.NoGPU)
	}
}

// TestCanceled checks what a run returns whose context ends.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the user closed the window")
	o := nn.Options{Epochs: 1000, Flags: []string{"-limit=1000"}, Backend: nn.CPU, Progress: func(e nn.Epoch) {
		if e.Epoch == 2 {
			cancel(why)
		}
	}}
	network, err := nn.Train(ctx, nn.MNIST, o)
	if !errors.Is(err, why) || !strings.Contains(err.Error(), "2 of 1000 epochs") || network == nil {
		t.Fatalf("%v, %+v", err, network)
	}
	if digits, err := network.PredictFile("testdata/digits/seven.png"); err != nil || len(digits) != 1 || len(network.Training.Epochs) != 2 || network.TestAccuracy() != 0 {
		t.Errorf("%+v, %v, %+v", digits, err, network.Training)
	}
	network, err = nn.Train(ctx, nn.MNIST, o)
	if !errors.Is(err, why) || network != nil {
		t.Errorf("begun after the end: %v, %+v", err, network)
	}
}

// TestOptionErrors checks the kinds and messages of errors about options.
func TestOptionErrors(t *testing.T) {
	for want, o := range map[string]nn.Options{
		`-epochs=-1: must be from 1`:                   {Epochs: -1},
		`-hidden: want numbers of units`:               {Hidden: []int{0}},
		`-lr=-1: must be`:                              {LearningRate: -1},
		`unknown flag -droput; did you mean -dropout?`: {Flags: []string{"-droput=0.2"}},
		`train takes no argument "mnist"`:              {Flags: []string{"mnist"}},
		`-data: the data are an argument of Train`:     {Flags: []string{"-data=xor"}},
		`unknown backend "tpu"`:                        {Backend: "tpu"},
		`-augment is for images`:                       {Flags: []string{"-augment=elastic"}},
		`-resume`:                                      {Flags: []string{"-resume=x"}},
	} {
		network, err := nn.Train(t.Context(), nn.Moons, o)
		var option *nn.OptionError
		if !errors.As(err, &option) || !strings.Contains(err.Error(), want) || network != nil {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

// TestRunErrors checks the errors of data and of training.
func TestRunErrors(t *testing.T) {
	if _, err := nn.Train(t.Context(), nn.File("nowhere.csv"), nn.Options{}); !errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*nn.OptionError)) {
		t.Errorf("a missing file: %v", err)
	}
	var diverged *nn.DivergedError
	network, err := nn.Train(t.Context(), nn.Moons, nn.Options{LearningRate: 1e30, Flags: []string{"-loss=mse", "-output=identity"}, Backend: nn.CPU})
	if !errors.As(err, &diverged) || diverged.Epoch != 1 || diverged.Step < 1 || diverged.Layer != 1 && diverged.Layer != 2 || diverged.LearningRate <= 0 || network != nil {
		t.Errorf("too high a learning rate: %v, %+v", err, network)
	}
}
