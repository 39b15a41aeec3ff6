package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// A nothing is a reporter that does nothing.
type nothing struct{}

func (nothing) Started(compute.Info)    {}
func (nothing) Progress(train.Progress) {}
func (nothing) Finished(train.Epoch)    {}
func (nothing) Noticed(train.Notice)    {}

// untested writes the checkpoint of a run that was stopped between its last epoch and its test.
func (p place) untested(epochs int, change func(*train.Options)) string {
	p.t.Helper()
	path := p.path("m.checkpoint")
	d, err := dataset.Open(smallData(p.t))
	if err != nil {
		p.t.Fatal(err)
	}
	r := recipe.Default()
	r.Hidden, r.Epochs = []int{8}, epochs
	o, err := r.OptionsOn(&d.Train)
	if err != nil {
		p.t.Fatal(err)
	}
	change(&o)
	if err := d.Split(o.Validation, o.Seed); err != nil {
		p.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	b := cpu.New()
	defer b.Close()
	run := &train.Run{Data: d, State: train.NewState(o, d, smallData(p.t)), Report: nothing{}, Backend: b}
	run.Save = func(s *train.State) error {
		if s.Trained() {
			stop()
		}
		s.Data.Digest = d.Train.Digest()
		return train.SaveCheckpoint(path, s)
	}
	if err := run.Do(ctx); !errors.Is(err, train.ErrInterrupted) {
		p.t.Fatalf("error %v, want ErrInterrupted", err)
	}
	return path
}

// TestResumeTest resumes a trained run that was not tested: it only tests, and the result equals that
// of an uninterrupted run.
func TestResumeTest(t *testing.T) {
	whole := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=4", "-validation=60", "-save=m"}
	want := whole.run(args...).is(0)
	want.stdout = clocks.ReplaceAllString(want.stdout, "")
	for _, more := range [][]string{{}, {"-json"}} {
		p := at(t)
		p.untested(4, func(o *train.Options) { o.Validation = 60 })
		r := p.run(append([]string{"train", "-resume=m.checkpoint", "-backend=cpu", "-save=m", "-expect=test_acc>0"}, more...)...).is(0, "\nresuming with the test, after 4 epochs\n", "\nsaved m\n")
		if len(more) > 0 {
			if list := events(t, r.stdout); len(list) != 2 || list[0]["event"] != "start" || list[1]["event"] != "done" || list[1]["epoch"] != 4.0 {
				t.Errorf("the events are %v", list)
			}
		} else if got := clocks.ReplaceAllString(r.stdout, ""); strings.Count(got, "\n") != 1 || !strings.HasSuffix(want.stdout, "\n"+got) {
			t.Errorf("stdout is\n%swant the end of\n%s", got, want.stdout)
		}
		if string(contents(t, p.path("m"))) != string(contents(t, whole.path("m"))) {
			t.Error("the network is another than the undisturbed run's")
		}
		mustNotExist(t, p.path("m.checkpoint"))
	}
}

// regressionData writes a table of numbers whose last column is a function of the others.
func regressionData(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for i := range 300 {
		a, b := math.Sin(float64(7*i)), math.Cos(float64(11*i))
		fmt.Fprintf(&text, "%.5f,%.5f,%.5f\n", a, b, a*b+a)
	}
	path := at(t).path("table.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRegressionText checks that output for regression has no accuracies.
func TestRegressionText(t *testing.T) {
	p := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + regressionData(t), "-target-columns=1", "-hidden=16", "-epochs=3", "-validation=40", "-v"}
	r := p.run(append(args, "-save=m", "-expect=test_loss<5,val_loss<5,train_loss<5")...).is(0, "\nafter epoch 1, tried on 200 training samples\n")
	const loss = `loss \d+(\.\d+)?(e-\d+)?`
	if !regexp.MustCompile(`^(epoch \d/3: training ` + loss + `; validation ` + loss + `; \d+\.\d\d s, \d+ samples/s\n){3}` +
		`test ` + loss + `; with the weights of epoch \d of 3, the best on the validation set,` + endPattern + `$`).MatchString(r.stdout) {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	if strings.Contains(r.stdout+r.stderr, "accuracy") {
		t.Errorf("there is an accuracy:\n%s%s", r.stdout, r.stderr)
	}
	for _, e := range events(t, p.run(append(args, "-json")...).is(0).stdout) {
		for name := range e {
			if strings.HasSuffix(name, "_acc") || name == "gap" && e[name] != nil {
				t.Errorf("there is %s in %v", name, e)
			}
		}
	}
	p.run(append(args, "-expect=test_acc>0.5")...).is(2, "-expect=test_acc>0.5: regression has no accuracy; use test_loss")
	eval := []string{"eval", "-backend=cpu", "-model=m", args[2]}
	if r := p.run(eval...).is(0); !regexp.MustCompile(`^m on .*: 60 test samples, ` + loss + `\n$`).MatchString(r.stdout) {
		t.Errorf("eval: %s", r.stdout)
	}
	if r := p.run(append(eval, "-json")...).is(0); strings.Contains(r.stdout, "acc") || strings.Contains(r.stdout, "confusion") {
		t.Errorf("eval: %s", r.stdout)
	}
}
