package cli

import (
	"strings"
	"testing"
)

// TestChooseByTraining trains on distorted images with -validation=training: the figures of each epoch
// equal those of eval on the undistorted training set, and the best epoch's weights are saved.
func TestChooseByTraining(t *testing.T) {
	p := at(t)
	writeMNIST(t, p.path("d"), 200, 100)
	args := []string{"train", "-backend=cpu", "-data=d", "-augment=ciresan", "-hidden=20", "-batch=10", "-lr=0.02", "-momentum=0.9", "-schedule=constant", "-epochs=6",
		"-validation=training", "-save=m", "-certify=c"}
	r := p.run(append(args, "-json")...).is(0, "200 training images of 28×28 in 10 classes, also the validation set (undistorted);")
	best, outcome := 0., map[string]any{}
	epochs := 0
	for _, e := range events(t, r.stdout) {
		switch e["event"] {
		case "epoch":
			best = max(best, e["val_acc"].(float64))
			epochs++
		case "done":
			outcome = e
		}
	}
	if outcome["val_acc"] != best || epochs != 6 || best < 0.2 {
		t.Errorf("the best of %d epochs is %v, the outcome %v", epochs, best, outcome)
	}
	// The training set, in the place of the test set.
	for _, name := range []string{"images-idx3-ubyte", "labels-idx1-ubyte"} {
		put(t, p.path("d/t10k-"+name), contents(t, p.path("d/train-"+name)))
	}
	e := events(t, p.run("eval", "-backend=cpu", "-model=m", "-data=d", "-json").is(0).stdout)
	if len(e) != 1 || e[0]["test_acc"] != best || e[0]["test_loss"] != outcome["val_loss"] {
		t.Errorf("eval has %v, the run %v", e, outcome)
	}
	p.run("train", "-validation=tests").is(2, "-validation", "want a whole number of samples, 0 or more, a fraction such as 0.1, or training")
}

// TestVerifyChosen verifies a run with -validation=training.
func TestVerifyChosen(t *testing.T) {
	p := at(t)
	writeMNIST(t, p.path("d"), 200, 100)
	args := []string{"-backend=cpu", "-data=d", "-hidden=8", "-epochs=3", "-batch=10", "-validation=training"}
	r := p.run(append([]string{"train", "-certify=c"}, args...)...).is(0)
	if want := ", the best on the training set, "; !strings.Contains(r.stdout, want) {
		t.Errorf("no %q in\n%s", want, r.stdout)
	}
	p.run("verify", "-data=d", "c").is(0)
}
