package cli

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// readEvents prints all scalars of the event files in directories as TensorBoard reads them, and the sizes of the pictures.
const readEvents = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
runs = {}
for directory in sys.argv[1:]:
    a = EventAccumulator(directory, size_guidance={"scalars": 0, "images": 0})
    a.Reload()
    runs[directory] = {
        "scalars": {t: [[e.step, e.value] for e in a.Scalars(t)] for t in a.Tags()["scalars"]},
        "images": {t: [[e.step, e.width, e.height] for e in a.Images(t)] for t in a.Tags()["images"]},
    }
print(json.dumps(runs))
`

// tensorBoard returns a Python interpreter that has TensorBoard. It skips the test in the short suite, and without one; with
// SHADEGRAD_REQUIRE_TOOLS=1, as in continuous integration, that is a failure.
func tensorBoard(t *testing.T) (python string) {
	t.Helper()
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	python = cmp.Or(os.Getenv("SHADEGRAD_PYTHON"), "python3")
	if out, err := exec.CommandContext(t.Context(), python, "-W", "ignore", "-c", "import tensorboard.backend").CombinedOutput(); err != nil {
		if os.Getenv("SHADEGRAD_REQUIRE_TOOLS") == "1" {
			t.Fatalf("SHADEGRAD_REQUIRE_TOOLS=1, but %s has no TensorBoard: %v\n%s", python, err, out)
		}
		t.Skipf("%s has no TensorBoard: %v", python, err)
	}
	return python
}

// loggedEvents are what TensorBoard reads of the event files in a directory.
type loggedEvents struct {
	Scalars map[string][][2]float64
	Images  map[string][][3]int
}

// TestTensorBoard compares what TensorBoard's own reader finds in an event file with all figures of -json, for runs with and
// without validation, with a test after each epoch, of regression, and resumed ones.
func TestTensorBoard(t *testing.T) {
	python := tensorBoard(t)
	p := at(t)
	small := []string{"-backend=cpu", "-data=" + smallData(t), "-hidden=70", "-epochs=3"}
	lines := map[string]string{}
	for name, args := range map[string][]string{
		"plain":      small,
		"validation": append(small, "-validation=100"),
		"each":       append(small, "-test=each"),
		"many":       append(small, "-epochs=200"),
		"regression": {"-backend=cpu", "-data=" + repository(t, "testdata/examples/houses.csv"), "-target-columns=1", "-standardise", "-hidden=4", "-epochs=3"},
		"resumed":    {"-resume=" + p.stopped("-hidden=8"), "-backend=cpu"},
	} {
		lines[name] = p.run(append([]string{"train", "-json", "-logdir=" + name}, args...)...).is(0).stdout
	}
	// What a killed run leaves ends within a record, here that of the confusion matrix.
	files, err := filepath.Glob(p.path("plain/events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	whole := contents(t, files[0])
	if err := os.Mkdir(p.path("killed"), 0o777); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(p.path("killed"), filepath.Base(files[0])), whole[:len(whole)-10])
	args := append([]string{"-W", "ignore", "-c", readEvents}, append(slices.Collect(maps.Keys(lines)), "killed")...)
	cmd := exec.CommandContext(t.Context(), python, args...)
	cmd.Dir = p.dir
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("TensorBoard cannot read the files: %v\n%s", err, log.String())
	}
	var got map[string]loggedEvents
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for name := range lines {
		compareEvents(t, name, got[name], lines[name])
	}
	delete(got["plain"].Images, "confusion/test")
	if !reflect.DeepEqual(got["killed"], got["plain"]) {
		t.Errorf("of a file without its end TensorBoard reads %v, want %v", got["killed"], got["plain"])
	}
}

// compareEvents compares what TensorBoard reads in a directory with JSON lines.
func compareEvents(t *testing.T, dir string, got loggedEvents, lines string) {
	t.Helper()
	want, last, pictures := map[string][][2]float64{}, 0, 0
	for _, e := range events(t, lines) {
		done := e["event"] == "done"
		step, _ := e["epoch"].(float64)
		if best, ok := e["best_epoch"].(float64); ok {
			step = best
		}
		for field, tag := range map[string]string{"train_loss": "loss/train", "train_acc": "accuracy/train", "val_loss": "loss/validation", "val_acc": "accuracy/validation",
			"test_loss": "loss/test", "test_acc": "accuracy/test", "lr": "learning_rate", "images_per_second": "images_per_second",
			"seconds": "seconds/train", "eval_seconds": "seconds/evaluation"} {
			// At the end only the figures of the test are new, unless each epoch had them.
			test := strings.HasPrefix(field, "test_")
			if v, ok := e[field].(float64); ok && (e["event"] == "epoch" || done && test && len(want[tag]) == 0) {
				want[tag] = append(want[tag], [2]float64{step, v})
			}
		}
		if e["event"] == "epoch" {
			pictures++
		}
		last = int(step)
	}
	if len(want) < 6 || len(got.Scalars) != len(want) {
		t.Errorf("%s: there are %d curves, want %d", dir, len(got.Scalars), len(want))
	}
	for tag, list := range want {
		if len(got.Scalars[tag]) != len(list) {
			t.Errorf("%s: %s has %d figures, want %d", dir, tag, len(got.Scalars[tag]), len(list))
			continue
		}
		for i, v := range list {
			if g := got.Scalars[tag][i]; g[0] != v[0] || float32(g[1]) != float32(v[1]) {
				t.Errorf("%s: %s is %v, want %v", dir, tag, g, v)
			}
		}
	}
	if want["accuracy/test"] == nil { // a regression
		if len(got.Images) != 0 {
			t.Errorf("%s: there are pictures: %v", dir, got.Images)
		}
		return
	}
	confusion, weights := got.Images["confusion/test"], got.Images["weights/first_layer"]
	if len(confusion) != 1 || confusion[0] != [3]int{last, 485, 485} || len(weights) != pictures {
		t.Errorf("%s: the pictures are %v, want %d of weights and one of the confusions after epoch %d", dir, got.Images, pictures, last)
	}
}

// TestLogdirRefused checks that a run does not start if its event file cannot be created.
func TestLogdirRefused(t *testing.T) {
	p := at(t)
	put(t, p.path("file"), nil)
	r := p.run(trainSmall(t, "-logdir=file")...).is(1, "-logdir=file: cannot write: ", "; nothing was trained; name a directory that can be written\n")
	if r.stdout != "" {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}
