package cli

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestFlags checks the row of FAULTS.md on invalid flags: the message has the flag, the value and the
// allowed values, and the exit status is 2. Flags are checked before the data, which do not exist
// here.
func TestFlags(t *testing.T) {
	refuse(t, []badFlags{
		{"train -batch=-3", []string{"-batch=-3: must be 1 or more, or 0 for the whole set"}},
		{"train -batch=x", []string{`-batch: want a whole number up to 2147483647, got "x"`}},
		{"train -batch=1.5", []string{`-batch: want a whole number up to 2147483647, got "1.5"`}},
		{"train -batch=99999999999", []string{`-batch: want a whole number up to 2147483647, got "99999999999"`}},
		{"train -lr=NaN", []string{`-lr: want a finite number, got "NaN"`}},
		{"train -lr=0", []string{"-lr=0: must be a number above 0"}},
		{"train -lr=-0.1", []string{"-lr=-0.1: must be a number above 0"}},
		{"train -lr=Inf", []string{`-lr: want a finite number, got "Inf"`}},
		{"train -lr=1e300", []string{`-lr: want a finite number, got "1e300"`}},
		{"train -hidden=0", []string{"-hidden", `"0"`, "from 1 to 1000000"}},
		{"train -hidden=-1", []string{"-hidden", `"-1"`, "from 1 to 1000000"}},
		{"train -hidden=128,,64", []string{"-hidden", `"128,,64"`, "from 1 to 1000000", "separated by commas"}},
		{"train -hidden=2000000000", []string{"-hidden", `"2000000000"`, "from 1 to 1000000"}},
		{"train -hidden=100000,100000", []string{"-hidden=100000,100000", "at most 2147483647 weights"}},
		{"train -epochs=0", []string{"-epochs=0: must be from 1 to 2147483647"}},
		{"train -momentum=1", []string{"-momentum=1: must be at least 0 and below 1"}},
		{"train -momentum=NaN", []string{`-momentum: want a finite number, got "NaN"`}},
		{"train -schedule=foo", []string{`-schedule: want onecycle, constant, step, exponential, linear or cosine, got "foo"`}},
		{"train -act=softmax", []string{`-act: want relu, sigmoid, tanh, identity, scaled-tanh or leaky-relu, got "softmax"`}},
		{"train -output=foo", []string{"-output", `"foo"`, "softmax, sigmoid, tanh, relu, identity, scaled-tanh or leaky-relu"}},
		{"train -init=foo", []string{"-init", `"foo"`, "he, xavier, normal, units, inputs or uniform"}},
		{"train -loss=foo", []string{`-loss: want cross-entropy, mse, sse or half-sse, got "foo"`}},
		{"train -output=tanh", []string{"-loss=cross-entropy", "-output=tanh", "softmax or sigmoid", "the squared error takes any"}},
		{"train -loss=cross-entropy -output=relu", []string{"-loss=cross-entropy", "-output=relu", "softmax or sigmoid"}},
		{"train -threads=0", []string{`-threads: want a number from 1 to 1024, got "0"`}},
		{"train -threads=2147483647", []string{`-threads: want a number from 1 to 1024, got "2147483647"`}},
		{"train -device-memory=lots", []string{`-device-memory: want a size above 0, such as 64MiB or 2GB, got "lots"`}},
		{"train -device-memory=0", []string{`-device-memory: want a size above 0, such as 64MiB or 2GB, got "0"`}},
		{"train -save=", []string{`-save: want the name of a file, got ""`}},
		{"train -resume=", []string{`-resume: want the name of a file, got ""`}},
		{"train -hidden=1" + strings.Repeat(",1", 99), []string{"-hidden=1,1,", "must make at most 100 layers of weights, not 101"}},
		{"train -momentum=0.99999999", []string{"-momentum=0.99999999: must be at least 0 and below 1"}},
		{"train -seed=-1", []string{`-seed: want a whole number, 0 or more, got "-1"`}},
		{"train -backend=GPU", []string{`-backend: want auto, gpu or cpu, got "GPU"`}},
		{"train -backend=", []string{`-backend: want auto, gpu or cpu, got ""`}},
		{"train -backend=cuda", []string{`-backend: want auto, gpu or cpu, got "cuda"`}},
		{"train -expect=foo", []string{`-expect: want a condition like test_acc>=0.97, with train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and >=, <=, > or <; accuracies are from 0 to 1, got "foo"`}},
		{"train -expect=nope>=1", []string{"-expect", `"nope>=1"`, "train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds"}},
		{"train -expect=test_acc>=NaN", []string{`-expect: want a condition like test_acc>=0.97, with train_loss, train_acc, val_loss, val_acc, test_loss, test_acc or seconds, and >=, <=, > or <; accuracies are from 0 to 1, got "test_acc>=NaN"`}},
		{"train -json=maybe", []string{"-json", `"maybe"`}},
		{"train -nonsense", []string{"-nonsense", `"shadegrad train -h" lists the flags`}},
		{"train -save", []string{"-save"}},
		{"train stray", []string{`"stray"`}},
		{"eval", []string{"-model=FILE"}},
		{"eval -model=x stray", []string{`"stray"`}},
		{"eval -model=x -lr=1", []string{"-lr", `"shadegrad eval -h" lists the flags`}},
		{"eval -model=x -threads=-1", []string{`-threads: want a number from 1 to 1024, got "-1"`}},
		{"predict x.png", []string{"-model=FILE"}},
		{"predict -model=x", []string{"PICTURE"}},
		{"predict -model=x -o=x.txt y.png", []string{`-o: want a name that ends in .csv or .json, got "x.txt"`}},
		{"predict -model=x.csv -o=x.csv y.png", []string{"-o=x.csv: the file is an input; name another file"}},
		{"predict -model=x -o=y.csv y.csv", []string{"-o=y.csv: the file is an input; name another file"}},
		{"draw", []string{"-model=FILE"}},
		{"draw -model=x -browser=yes", []string{`-browser: want on or off, got "yes"`}},
		{"predict -model=x -proba y.csv", []string{"-proba"}},
		{"eval -model=x -split=half", []string{"-split", "test, train or all"}},
		{"bench -backends=auto", []string{`-backends: want cpu, gpu or both, separated by a comma, got "auto"`}},
		{"bench -backends=cpu,cpu", []string{`-backends: want each backend once, got "cpu,cpu"`}},
		{"bench -repeat=9", []string{`-repeat: want 10 or more, got "9"`}},
		{"bench -format=csv", []string{"-format", `"csv"`, "text, bench or json"}},
		{"bench -time-to=98", []string{`-time-to: want fractions above 0 and at most 1, such as 0.98, separated by commas, got "98"`}},
		{"bench -seeds=0", []string{"-seeds", `"0"`, "1 or more"}},
		{"verify", []string{`verify: want one FILE, a certificate of "shadegrad train -certify=FILE", after the flags`}},
		{"verify a b", []string{`verify: want one FILE, a certificate of "shadegrad train -certify=FILE", after the flags`}},
		{"verify -backend=auto a", []string{`-backend: want gpu or cpu, got "auto"`}},
		{"train -certify= -epochs=1", []string{`-certify: want the name of a file, got ""`}},
		{"train -certify=a -resume=b", []string{"-certify does not go with -resume: a certificate covers a run from its start"}},
		{"bench stray", []string{`"stray"`}},
		{"trian", []string{`unknown command "trian"; did you mean train?`}},
		{"xyz", []string{`unknown command "xyz" (available: train, presets, tune, eval, predict, draw, export, import, network, digits, report, bench, verify, gradcheck, doctor, replay, completion, man, version, help)`}},
	})
}

// A badFlags has the arguments of a command, separated by spaces, and parts of the message.
type badFlags struct {
	args string
	want []string
}

// refuse checks that each command line is refused in one line, before any work.
func refuse(t *testing.T, list []badFlags) {
	for _, c := range list {
		t.Run(c.args, func(t *testing.T) {
			p := at(t)
			args := strings.Fields(c.args)
			if args[0] == "train" {
				args = append(args[:1:1], append([]string{"-data=" + p.path("nowhere"), "-save=" + p.path("m")}, args[1:]...)...)
			}
			r := p.run(args...).is(2, c.want...)
			if strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
				t.Errorf("want one line on stderr alone, got\n%s%s", r.stdout, r.stderr)
			}
			mustNotExist(t, p.path("m"))
		})
	}
}

// TestNoCommand checks that the overview is printed, and the exit status.
// TestNotations checks numbers with an exponent, a fraction of the samples, and ~ after =.
func TestNotations(t *testing.T) {
	home := filepath.FromSlash("/home/me")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	s := newSettings("train")
	err := s.Parse(strings.Fields("-epochs=1e1 -batch=1e2 -hidden=1e2,5e1 -seed=1.5e3 -limit=1E+3 -threads=1e0 -validation=0.1 -data=~/mnist -save=~/m -pad=3e1x30"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.OptionsOn(s.Usual())
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(o.Epochs, o.Batch, s.Hidden, o.Seed, s.Form.Limit, s.threads, o.Validation, s.Form.Pad, s.Path, s.save)
	if want := fmt.Sprintln("10 100 [100 50] 1500 1000 1 6000 {30 30}", filepath.Join(home, "mnist"), filepath.Join(home, "m")); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, flag := range []string{"-epochs=1.5e0", "-epochs=1e-1", "-epochs=1e10", "-epochs=1k", "-epochs=2.0", "-seed=-1e3", "-seed=1e30", "-hidden=1e9", "-validation=1.5",
		"-validation=-0.1", "-validation=1.0", "-limit=1k", "-limit=NaN"} {
		if err := newSettings("train").Parse([]string{flag}); err == nil {
			t.Errorf("%s is accepted", flag)
		}
	}
}

// TestHoldOutFraction checks that a fraction is of the samples that the data set has.
func TestHoldOutFraction(t *testing.T) {
	p := at(t)
	r := p.run(trainSmall(t, "-validation=0.1", "-save=m")...).is(0, "30 held out for validation")
	if again := p.run(trainSmall(t, "-validation=30", "-save=n")...).is(0); string(contents(t, p.path("m"))) != string(contents(t, p.path("n"))) {
		t.Errorf("another network than with 30 samples\n%s%s", r.stdout, again.stdout)
	}
}

func TestNoCommand(t *testing.T) {
	r := at(t).run().is(2, "usage: shadegrad COMMAND", "  train ", "shadegrad: no command given")
	if r.stdout != "" {
		t.Errorf("stdout: %q", r.stdout)
	}
}

// TestContradiction resumes a run with other settings than its own.
func TestContradiction(t *testing.T) {
	p := at(t)
	checkpoint := p.stopped("-lr=0.05", "-hidden=8")
	before := contents(t, checkpoint)
	for flag, want := range map[string]string{
		"-lr=0.2":            "whose run has 0.05",
		"-hidden=9":          "whose run has 8",
		"-hidden=":           "whose run has 8",
		"-batch=7":           "whose run has",
		"-epochs=2":          "whose run has 3; omit -epochs or give more",
		"-seed=7":            "whose run has 1",
		"-act=tanh":          "whose run has relu",
		"-output=sigmoid":    "whose run has softmax",
		"-init=xavier":       "whose run has he",
		"-momentum=0":        "whose run has 0.9",
		"-schedule=onecycle": "whose run has constant",
	} {
		p.run("train", "-resume="+checkpoint, "-backend=cpu", flag).is(2, flag+" contradicts -resume="+checkpoint, want)
	}
	if string(contents(t, checkpoint)) != string(before) {
		t.Error("the checkpoint has changed")
	}
	// Flags may repeat the settings of the run.
	p.run("train", "-resume="+checkpoint, "-backend=cpu", "-lr=0.05", "-hidden=8").is(0)
}
