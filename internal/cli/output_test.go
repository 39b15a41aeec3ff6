package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"regexp"
	"shadegrad/internal/report"
	"slices"
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

// names of the figures in the events of epochs and of the end, except those of sets.
var eventNames = []string{"event", "epoch", "train_loss", "train_acc", "seconds", "eval_seconds", "images_per_second", "lr", "backend", "device"}

// named checks the names in an event and the range of its figures.
func named(t *testing.T, e map[string]any, more ...string) {
	t.Helper()
	names := append(slices.Clone(eventNames), more...)
	for _, name := range names {
		v, ok := e[name]
		if !ok {
			t.Errorf("%q is missing in %v", name, e)
			continue
		}
		switch f, _ := v.(float64); {
		case strings.HasSuffix(name, "_acc") && (f <= 0 || f > 1), strings.HasSuffix(name, "_loss") && f <= 0,
			(name == "seconds" || name == "images_per_second") && f <= 0:
			t.Errorf("%s is %v", name, v)
		}
	}
	if len(e) != len(names) {
		t.Errorf("there are other names than %q in %v", names, e)
	}
}

// jsonEvents runs train with -json and returns the first event and the others.
func jsonEvents(t *testing.T, more ...string) (start map[string]any, list []map[string]any) {
	t.Helper()
	args := append([]string{"train", "-backend=cpu", "-json", "-data=" + smallData(t), "-hidden=8", "-epochs=2"}, more...)
	list = events(t, at(t).run(args...).is(0).stdout)
	var kinds []string
	for _, e := range list {
		kinds = append(kinds, e["event"].(string))
	}
	if got := strings.Join(kinds, " "); got != "start epoch epoch done" {
		t.Fatalf("%q: events %s", more, got)
	}
	for i, e := range list[1:] {
		if e["epoch"] != float64(min(i+1, 2)) || e["backend"] != "cpu" {
			t.Errorf("event %d: %v", i+1, e)
		}
	}
	return list[0], list[1:]
}

// same checks that an event has the figures of another one.
func same(t *testing.T, got, want map[string]any, names ...string) {
	t.Helper()
	for _, name := range names {
		if got[name] != want[name] {
			t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
}

// TestJSON checks that stdout has the documented events and names, and nothing else. Test figures come
// at the end.
func TestJSON(t *testing.T) {
	start, list := jsonEvents(t)
	named(t, list[0])
	named(t, list[1])
	named(t, list[2], "test_loss", "test_acc")
	same(t, list[2], list[1], "train_loss", "train_acc")
	for name, want := range map[string]any{"backend": "cpu", "why": "-backend=cpu asks for it", "train_images": 300.0, "width": 28.0, "height": 28.0,
		"classes": 10.0, "network": "784-8-10", "parameters": 6370.0, "act": "relu", "output": "softmax", "loss": "cross-entropy", "init": "he",
		"batch": 64.0, "epochs": 2.0, "lr": 0.1, "momentum": 0.9, "schedule": "onecycle", "seed": 1.0, "epoch": 1.0} {
		if start[name] != want {
			t.Errorf("start: %s is %v, want %v", name, start[name], want)
		}
	}
	if o, ok := start["options"].(map[string]any); !ok || o["epochs"] != 2.0 || o["test"] != "end" {
		t.Errorf("start: the options are %v", start["options"])
	}
	// The process did more than train.
	if trained := list[0]["seconds"].(float64) + list[1]["seconds"].(float64); list[2]["seconds"].(float64) <= trained {
		t.Errorf("done: %v seconds since the start, of which training took %v", list[2]["seconds"], trained)
	}
}

// TestJSONTestEach checks for test figures after each epoch.
func TestJSONTestEach(t *testing.T) {
	_, list := jsonEvents(t, "-test=each")
	for _, e := range list {
		named(t, e, "test_loss", "test_acc")
	}
	same(t, list[2], list[1], "train_loss", "train_acc", "test_loss", "test_acc")
	_, once := jsonEvents(t)
	same(t, list[2], once[2], "train_loss", "train_acc", "test_loss", "test_acc")
}

// TestJSONValidation checks the validation figures, and at the end those of the best epoch.
func TestJSONValidation(t *testing.T) {
	start, list := jsonEvents(t, "-validation=100", "-patience=2")
	if start["train_images"] != 200.0 {
		t.Errorf("of 300 images, 100 held out, %v are trained on", start["train_images"])
	}
	named(t, list[0], "val_loss", "val_acc")
	named(t, list[1], "val_loss", "val_acc")
	named(t, list[2], "val_loss", "val_acc", "test_loss", "test_acc", "best_epoch", "stopped_early")
	best := list[2]["best_epoch"].(float64)
	same(t, list[2], list[int(best)-1], "train_loss", "train_acc", "val_loss", "val_acc")
	if list[0]["val_acc"].(float64) > list[1]["val_acc"].(float64) != (best == 1) || list[2]["stopped_early"] != false {
		t.Errorf("the best of %v and %v is epoch %v, stopped early: %v", list[0]["val_acc"], list[1]["val_acc"], best, list[2]["stopped_early"])
	}
}

const (
	figuresPattern = `loss \d\.\d{4}, accuracy \d+\.\d\d%`
	speedPattern   = `; \d+\.\d\d s, \d+ images/s\n`
	endPattern     = ` \d+\.\d\d s from the start of the program\n`
)

// TestText checks that results go to stdout and everything else to stderr, one line per epoch, without
// escape codes.
func TestText(t *testing.T) {
	test := `test accuracy \d+\.\d\d%, loss \d\.\d{4}; `
	for _, tt := range []struct {
		flags              []string
		stdout, data, note string // patterns
	}{
		{nil, `epoch 1/2: training ` + figuresPattern + speedPattern + `epoch 2/2: training ` + figuresPattern + speedPattern +
			test + `after 2 epochs,` + endPattern, `300 training images of 28×28 in 10 classes`, ``},
		{[]string{"-validation=100"}, `(epoch \d/2: training ` + figuresPattern + `; validation ` + figuresPattern + speedPattern + `){2}` +
			test + `with the weights of epoch [12] of 2, the best on the validation set,` + endPattern,
			`200 training images of 28×28 in 10 classes, and 100 held out for validation`, ``},
		{[]string{"-test=each"}, `(epoch \d/2: training ` + figuresPattern + `; test ` + figuresPattern + speedPattern + `){2}` +
			test + `after 2 epochs,` + endPattern, `300 training images of 28×28 in 10 classes`,
			`-test=each: the test set was evaluated after each epoch, [^\n]+\n`},
	} {
		for _, env := range []string{"CI=1", "CI="} {
			args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=2", "-save=m"}
			r := at(t, env).run(append(args, tt.flags...)...).is(0)
			if !regexp.MustCompile(`^` + tt.stdout + `$`).MatchString(r.stdout) {
				t.Errorf("%s, %q: stdout:\n%s", env, tt.flags, r.stdout)
			}
			notes := regexp.MustCompile(`^cpu: .+; chosen because -backend=cpu asks for it\n` + regexp.QuoteMeta(smallData(t)) + `: ` + tt.data +
				`; network 784-8-10, 6370 parameters\n` + tt.note + `saved m\n$`)
			if !notes.MatchString(r.stderr) || strings.ContainsAny(r.stderr+r.stdout, "\x1b\r") {
				t.Errorf("%s, %q: stderr:\n%q", env, tt.flags, r.stderr)
			}
		}
	}
}

// TestPatienceText stops early, reports it, and saves the weights of the best epoch.
func TestPatienceText(t *testing.T) {
	p := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=40", "-schedule=constant", "-validation=100", "-patience=2"}
	r := p.run(append(args, "-save=m", "-json")...).is(0, ": no improvement on the validation set for 2 epochs\nsaved m\n")
	list := events(t, r.stdout)
	done := list[len(list)-1]
	last, best := int(done["epoch"].(float64)), int(done["best_epoch"].(float64))
	if done["stopped_early"] != true || last >= 40 || last != best+2 || len(list) != last+2 || !strings.Contains(r.stderr, fmt.Sprintf("\nstopped after epoch %d of 40: ", last)) {
		t.Fatalf("%d events, the last is %v\n%s", len(list), done, r.stderr)
	}
	// The network is that of a run that ends where this one was best.
	p.run(append(args[:len(args)-1], "-save=n", fmt.Sprintf("-epochs=%d", best))...).is(0)
	var m, n report.EvalEvent
	for name, e := range map[string]*report.EvalEvent{"m": &m, "n": &n} {
		if err := json.Unmarshal([]byte(p.run("eval", "-backend=cpu", "-json", "-model="+name, "-data="+smallData(t)).is(0).stdout), e); err != nil {
			t.Fatal(err)
		}
	}
	if m.Loss != n.Loss || *m.Acc != done["test_acc"] || m.Loss != done["test_loss"] {
		t.Errorf("saved is a network of accuracy %v, loss %v; the run says %v, %v, and one of %d epochs has loss %v",
			*m.Acc, m.Loss, done["test_acc"], done["test_loss"], best, n.Loss)
	}
}

// TestExpect checks the exit status for outcomes of -expect.
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
	held := append(train, "-validation=100")
	p.run(append(held, "-expect=val_acc>0,val_loss<10")...).is(0)
	p.run(append(held, "-expect=val_acc>1")...).is(3, "shadegrad: -expect=val_acc>1 was not met: val_acc is 0.")
	if r := p.run(append(train, "-expect=val_acc>0")...).is(2, "-expect=val_acc>0: there is no validation set; hold one out with -validation=N"); r.stdout != "" {
		t.Errorf("it was found out too late: stdout:\n%s", r.stdout)
	}
	// All that are not met are named.
	p.run(append(train, "-expect=test_acc>1,train_loss<10", "-expect=test_loss<0")...).is(3,
		"shadegrad: -expect=test_acc>1 was not met: ", "shadegrad: -expect=test_loss<0 was not met: ")
}

// TestSeed checks that the same seed gives the same bits for any number of threads, and another seed
// others.
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

// TestSIMD checks SHADEGRAD_SIMD, and the error for a level that is not available.
func TestSIMD(t *testing.T) {
	args := []string{"train", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-epochs=1", "-threads=2"}
	at(t, "SHADEGRAD_SIMD=off").run(args...).is(0, "cpu: ", "gonum, 2 threads;")
	for _, args := range [][]string{args, {"eval", "-model=gone"}, {"predict", "-model=gone", "x.png"}} {
		at(t, "SHADEGRAD_SIMD=mmx").run(args...).is(2, "shadegrad: SHADEGRAD_SIMD=\"mmx\": must be off, avx2, avx512 or neon\n")
	}
	at(t, "SHADEGRAD_SIMD=mmx").run("train", "-h").is(0)
}

// TestHelp checks that help goes to stdout.
func TestHelp(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"-h", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"--help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"version", "shadegrad "},
		{"--version", "shadegrad "},
		{"help help", "usage: shadegrad COMMAND [FLAGS]\n"},
		{"help eval", "usage: shadegrad eval -model=FILE[,FILE...] [FLAGS]\n"},
		{"train -h", "usage: shadegrad train [FLAGS]\n"},
		{"train -batch=3 --help", "usage: shadegrad train [FLAGS]\n"},
		{"eval -h", "usage: shadegrad eval -model=FILE[,FILE...] [FLAGS]\n"},
		{"predict -h", "usage: shadegrad predict -model=FILE[,FILE...] [-o FILE.csv [-proba]] PICTURE|DATA|NUMBERS...\n"},
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
