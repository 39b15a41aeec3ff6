package main

import (
	"bufio"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// events parses a JSON object from each line.
func events(t testing.TB, stdout string) (list []map[string]any) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(stdout))
	for lines.Scan() {
		var e map[string]any
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		list = append(list, e)
	}
	return list
}

// TestJSON has the documented events with the documented names, and nothing else
// on stdout.
func TestJSON(t *testing.T) {
	r := at(t).run("train", "-backend=cpu", "-json", "-data="+smallData(t), "-hidden=8", "-epochs=2").is(0)
	list := events(t, r.stdout)
	var kinds []string
	for _, e := range list {
		kinds = append(kinds, e["event"].(string))
	}
	if got := strings.Join(kinds, " "); got != "start epoch epoch done" {
		t.Fatalf("events %s", got)
	}
	names := []string{"event", "epoch", "train_loss", "train_acc", "test_loss", "test_acc", "seconds", "eval_seconds", "images_per_second", "lr", "backend", "device"}
	for i, e := range list[1:] {
		for _, name := range names {
			if _, ok := e[name]; !ok {
				t.Errorf("event %d has no %q", i+1, name)
			}
		}
		if len(e) != len(names) {
			t.Errorf("event %d has other names too: %v", i+1, e)
		}
		if e["epoch"] != float64(min(i+1, 2)) || e["backend"] != "cpu" {
			t.Errorf("event %d: %v", i+1, e)
		}
		for _, name := range []string{"train_acc", "test_acc"} {
			if v := e[name].(float64); v <= 0 || v > 1 {
				t.Errorf("event %d: %s is %v", i+1, name, v)
			}
		}
		for _, name := range []string{"train_loss", "test_loss", "seconds", "images_per_second"} {
			if v := e[name].(float64); v <= 0 {
				t.Errorf("event %d: %s is %v", i+1, name, v)
			}
		}
	}
	start := list[0]
	for name, want := range map[string]any{"backend": "cpu", "why": "-backend=cpu asks for it", "train_images": 300.0, "width": 28.0, "height": 28.0,
		"classes": 10.0, "network": "784-8-10", "parameters": 6370.0, "act": "relu", "output": "softmax", "loss": "cross-entropy", "init": "he",
		"batch": 64.0, "epochs": 2.0, "lr": 0.1, "momentum": 0.9, "schedule": "onecycle", "seed": 1.0, "epoch": 1.0} {
		if start[name] != want {
			t.Errorf("start: %s is %v, want %v", name, start[name], want)
		}
	}
	last, done := list[2], list[3]
	for _, name := range []string{"train_loss", "train_acc", "test_loss", "test_acc"} {
		if done[name] != last[name] {
			t.Errorf("done: %s is %v, the last epoch's %v", name, done[name], last[name])
		}
	}
	// The process did more than train.
	if trained := list[1]["seconds"].(float64) + last["seconds"].(float64); done["seconds"].(float64) <= trained {
		t.Errorf("done: %v seconds since the start, of which training took %v", done["seconds"], trained)
	}
}

var (
	epochLine = regexp.MustCompile(`^epoch \d/2: training loss \d\.\d{4}, accuracy \d+\.\d\d%; test loss \d\.\d{4}, accuracy \d+\.\d\d%; \d+\.\d\d s, \d+ images/s$`)
	doneLine  = regexp.MustCompile(`^test accuracy \d+\.\d\d% after 2 epochs, \d+\.\d\d s from the start of the program$`)
)

// TestText has results on stdout and everything else on stderr, one line an
// epoch, without an escape code.
func TestText(t *testing.T) {
	for _, env := range []string{"CI=1", "CI="} {
		r := at(t, env).run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=2", "-save=m").is(0)
		lines := strings.Split(r.stdout, "\n")
		if len(lines) != 4 || !epochLine.MatchString(lines[0]) || !epochLine.MatchString(lines[1]) || !doneLine.MatchString(lines[2]) || lines[3] != "" {
			t.Errorf("%s: stdout:\n%s", env, r.stdout)
		}
		notes := regexp.MustCompile(`^cpu: .+; chosen because -backend=cpu asks for it\n` +
			regexp.QuoteMeta(smallData(t)) + `: 300 training images of 28×28 in 10 classes; network 784-8-10, 6370 parameters\nsaved m\n$`)
		if !notes.MatchString(r.stderr) || strings.ContainsAny(r.stderr+r.stdout, "\x1b\r") {
			t.Errorf("%s: stderr:\n%q", env, r.stderr)
		}
	}
}

// TestExpect decides the exit status by the outcome.
func TestExpect(t *testing.T) {
	p := at(t)
	train := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-save=m"}
	for _, c := range []struct {
		expect []string
		status int
		text   string
	}{
		{[]string{"-expect=test_acc>=0.01"}, 0, ""},
		{[]string{"-expect", "test_acc>=0.01, train_loss<10", "-expect=seconds < 1e6"}, 0, ""},
		{[]string{"-expect=test_acc>1"}, 3, "shadegrad: -expect=test_acc>1 was not met: test_acc is 0."},
		{[]string{"-expect=test_acc>=0.01,train_loss<=0"}, 3, "shadegrad: -expect=train_loss<=0 was not met: train_loss is "},
		{[]string{"-expect=train_acc>0", "-expect=test_loss<0"}, 3, "shadegrad: -expect=test_loss<0 was not met: test_loss is "},
	} {
		r := p.run(append(train, c.expect...)...).is(c.status, c.text, "saved m\n")
		if strings.Count(r.stdout, "\n") != 2 {
			t.Errorf("%v: stdout:\n%s", c.expect, r.stdout)
		}
	}
	p.run(append(train, "-json", "-expect=test_acc>1")...).is(3, "was not met")
	// All that are not met are named.
	p.run(append(train, "-expect=test_acc>1,train_loss<10", "-expect=test_loss<0")...).is(3,
		"shadegrad: -expect=test_acc>1 was not met: ", "shadegrad: -expect=test_loss<0 was not met: ")
}

// TestSeed has the same bits from the same seed, whatever the threads, and other
// bits from another.
func TestSeed(t *testing.T) {
	p := at(t)
	model := func(args ...string) string {
		p.run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-save=m"}, args...)...).is(0)
		return string(contents(t, p.path("m")))
	}
	first := model("-seed=7")
	if model("--seed", "7", "-threads=1") != first {
		t.Error("the same seed gives another network with one thread")
	}
	if model("-seed=8") == first {
		t.Error("another seed gives the same network")
	}
}

// TestSIMD chooses the CPU's instructions, and is told when that is impossible.
func TestSIMD(t *testing.T) {
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-threads=2"}
	at(t, "SHADEGRAD_SIMD=off").run(args...).is(0, "2 threads, no SIMD;")
	for _, args := range [][]string{args, {"eval", "-model=gone"}, {"predict", "-model=gone", "x.png"}} {
		at(t, "SHADEGRAD_SIMD=mmx").run(args...).is(2, "shadegrad: SHADEGRAD_SIMD=\"mmx\": must be off, avx2 or avx512\n")
	}
	at(t, "SHADEGRAD_SIMD=mmx").run("train", "-h").is(0)
}

// TestHelp shows the texts on stdout.
func TestHelp(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"-h", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"--help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"version", "shadegrad "},
		{"--version", "shadegrad "},
		{"help help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"help eval", "usage: shadegrad eval -model=FILE [FLAGS]\n"},
		{"train -h", "usage: shadegrad train [FLAGS]\n"},
		{"train -batch=3 --help", "usage: shadegrad train [FLAGS]\n"},
		{"eval -h", "usage: shadegrad eval -model=FILE [FLAGS]\n"},
		{"predict -h", "usage: shadegrad predict -model=FILE IMAGE...\n"},
	} {
		r := at(t).run(strings.Fields(c.args)...).is(0)
		if !strings.Contains(r.stdout, c.want) || r.stderr != "" {
			t.Errorf("%s: want %q on stdout alone, got\n%s%s", c.args, c.want, r.stdout, r.stderr)
		}
	}
	out := at(t).run("train", "-h").stdout
	for _, name := range strings.Fields("backend data hidden act output loss init batch epochs lr momentum schedule seed save resume json expect threads device-memory") {
		if !strings.Contains(out, "\n  -"+name) {
			t.Errorf("train -h does not have -%s", name)
		}
	}
}
