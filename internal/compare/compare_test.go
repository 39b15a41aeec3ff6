package compare

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/internal/page"
)

const (
	start = `{"event":"start","backend":"cpu","device":"a CPU","data":"digits","train_images":100,"height":28,"network":"784-8-10","epochs":3,"epoch":1,"lr":0.1}`
	one   = `{"event":"epoch","epoch":1,"train_loss":0.5,"train_acc":0.8,"val_acc":0.75,"val_loss":0.6,"seconds":2,"images_per_second":50}`
	two   = `{"event":"epoch","epoch":2,"train_loss":0.25,"train_acc":0.9,"val_acc":0.85,"val_loss":0.5,"seconds":3}`
	done  = `{"event":"done","epoch":2,"train_loss":0.25,"test_acc":0.875,"test_loss":0.4,"seconds":6,"best_epoch":2}`
	step  = `{"event":"step","backend":"cpu","device":"a CPU","network":"784-8-10","batch":64,"seconds":[0.001],"median_seconds":0.001,"spread":0.01,"images_per_second":64000,"gflops":10,"peak_gflops":40}`
)

// file writes lines to a file.
func file(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.json")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// row returns the values of a row.
func row(c *page.Comparison, name string) string {
	for _, r := range c.Rows {
		if r.Name == name {
			return strings.Join(r.Values, "; ")
		}
	}
	return ""
}

// TestRead checks the figures of a complete run, of one that was interrupted, and of a measurement.
func TestRead(t *testing.T) {
	resumed := strings.Replace(start, `"epoch":1`, `"epoch":2`, 1)
	c, err := Read([]string{file(t, start, one, resumed, `{"event":"diagnosis"}`, two, done, ""), file(t, start, one), file(t, step)})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Runs) != 2 || c.Runs[0].Name != "run.json" || c.Runs[1].Name != "run.json (2)" || c.Title != "2 runs and speed of backends" {
		t.Fatalf("%q with %d runs", c.Title, len(c.Runs))
	}
	e := c.Runs[0].PerEpoch
	if len(e.X) != 2 || e.TrainLoss[1] != 0.25 || e.ValAcc[0] != 0.75 || e.TestAcc != nil || e.Speed[0] != 50 || c.Runs[0].Clock[1] != 5 {
		t.Errorf("the curves are %+v over %v", e, c.Runs[0].Clock)
	}
	for name, want := range map[string]string{"State": "complete; stopped after epoch 1 of 3", "Test accuracy": "87.50%; ", "Validation accuracy": "; 75.00%",
		"Learning rate": "0.1; 0.1", "Seconds of training": "5.00; 2.00", "Best epoch": "2; "} {
		if got := row(c, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if m := c.Bench[0]; *m.Share != 0.25 || m.Speed != 64000 || m.File != "run.json" {
		t.Errorf("the measurement is %+v", m)
	}
}

// TestDamaged checks that the error of a file that cannot be read names the file, the line and the problem.
func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{nil, "run.json: the file is empty; want the output of"},
		{[]string{start, one[:40]}, "run.json:2: the line is incomplete: its end is missing"},
		{[]string{"epoch 1/5: training loss 0.4"}, "run.json:1: not a JSON object: invalid character 'e'"},
		{[]string{"", `[1]`}, "run.json:2: not a JSON object: "},
		{[]string{`{"x":1}`}, `run.json:1: an object without "event"`},
		{[]string{`{"event":"eval"}`}, `run.json:1: the event "eval" is not of`},
		{[]string{one}, `run.json:1: an epoch before the "start" of its run`},
		{[]string{start, done, one}, "run.json:3: an event after the end of the run"},
		{[]string{start, two, one}, "run.json:3: epoch 1 follows epoch 2"},
		{[]string{start, `{"event":"epoch","epoch":"x"}`}, "run.json:2: damaged: "},
		{[]string{strings.Replace(step, `"batch":64`, `"batch":-1`, 1)}, "run.json:1: damaged: a batch of -1"},
		{[]string{start, strings.Repeat("x", mostLine+1)}, "run.json:2: more than 1048576 bytes"},
	} {
		if _, err := Read([]string{file(t, c.lines...)}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v, want %s", c.lines, err, c.want)
		}
	}
	if _, err := Read([]string{"nowhere.json"}); err == nil || !strings.HasPrefix(err.Error(), "nowhere.json: ") {
		t.Errorf("a missing file: %v", err)
	}
}

// FuzzRead checks that no file makes the reader fail otherwise than with an error.
func FuzzRead(f *testing.F) {
	for _, lines := range [][]string{{start, one, two, done}, {step}, {start, one[:50]}, {`{"event":"time-to","seconds":[1]}`}} {
		f.Add(strings.Join(lines, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "run.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := Read([]string{path})
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
	})
}
