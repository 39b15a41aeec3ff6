package cli

import (
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// presetLine returns the settings of a command line of train.
func presetLine(t *testing.T, args ...string) *settings {
	t.Helper()
	a := &app{stdout: io.Discard, stderr: io.Discard, env: func(string) string { return "" }}
	s, err := a.parseRecipe("train", trainUsage, args)
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return s
}

func presetOptions(t *testing.T, s *settings) train.Options {
	t.Helper()
	o, err := s.OptionsOn(s.Usual())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestPresetFlags checks that every preset's flags are accepted, and that the command line of "presets
// NAME" is the same run.
func TestPresetFlags(t *testing.T) {
	for _, p := range recipe.Presets() {
		f := presetLine(t, "-preset="+p.Name)
		if f.Preset != p.Name || len(f.Overrides()) > 0 || f.Given("lr") || !f.Given("preset") {
			t.Errorf("%s: %+v", p.Name, f)
		}
		text := at(t).run("presets", p.Name).is(0).stdout
		for _, want := range []string{p.Name + ": " + p.Network + "\n", "source: " + p.Source + "\n", "expected: " + p.Figure} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", p.Name, want, text)
			}
		}
		if _, differs, found := strings.Cut(text, "\ndiffers: "); found != (p.Differs != "") || !strings.HasPrefix(differs, p.Differs) {
			t.Errorf("%s: it does not say where it differs (%q):\n%s", p.Name, p.Differs, text)
		}
		_, command, _ := strings.Cut(text, "\nshadegrad train ")
		whole := presetLine(t, strings.Fields(command)...)
		if got, want := presetOptions(t, whole), presetOptions(t, f); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: its command line makes\n%+v\nwant\n%+v", p.Name, got, want)
		}
		if whole.Path != f.Path || whole.Form != f.Form || whole.every != f.every {
			t.Errorf("%s: its command line has other data: %q, want %q", p.Name, whole.Path, f.Path)
		}
		for _, name := range strings.Fields("hidden act output init loss optimizer gradient lr schedule batch epochs") {
			if !strings.Contains(command, "-"+name+"=") {
				t.Errorf("%s leaves -%s to the usual", p.Name, name)
			}
		}
	}
}

// TestPresetOverride changes a preset and checks the note of the changes.
func TestPresetOverride(t *testing.T) {
	f := presetLine(t, "-batch=32", "-preset", "sizes", "-lr=3", "-no-bias", "-hidden=30,20")
	if got := f.presetNote(); !strings.HasSuffix(got, "; changed: -hidden=30,20 (30), -batch=32 (10)") {
		t.Errorf("changed: %s", got)
	}
	o := presetOptions(t, f)
	if !o.Network.NoBias || o.Batch != 32 || o.LearningRate != 3 || o.Network.String() != "784-30-20-10" {
		t.Errorf("%+v", o)
	}
	at(t).run("train", "-backend=cpu", "-preset=xor", "-epochs=3", "-seed=4").
		is(0, "preset xor: ", "; changed: -epochs=3 (2000)\n", "network 2-2-1, 9 parameters")
}

// TestPresetList checks the printed list.
func TestPresetList(t *testing.T) {
	r := at(t).run("presets").is(0)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var names []string
	for _, line := range lines[1 : len(lines)-2] {
		name, _, _ := strings.Cut(line, " ")
		names = append(names, name)
	}
	want := "xor mnist-online halfplane sizes softmax lecun1998 lecun1998-deep keras-mlp hinton2012 simard2003 ciresan2010-small ciresan2010"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("presets %s, want %s", got, want)
	}
	if !regexp.MustCompile(`^preset +network +expected +time +source$`).MatchString(lines[0]) {
		t.Errorf("the list begins with %q", lines[0])
	}
	for i, p := range recipe.Presets() {
		for _, cell := range []string{p.Network, p.Source, p.Figure, p.Time} {
			if cell == "" || !strings.Contains(lines[1+i], cell) {
				t.Errorf("%s: %q is not in %q", p.Name, cell, lines[1+i])
			}
		}
	}
}

// shortened returns the arguments of a short run of a preset: few samples, one epoch.
func shortened(t *testing.T, p *recipe.Preset, more ...string) []string {
	t.Helper()
	args := []string{"train", "-preset=" + p.Name, "-epochs=1", "-limit=24"}
	if f := presetLine(t, args[1:]...); f.Path == "" {
		args = append(args, "-data="+smallData(t))
	}
	return append(args, more...)
}

// TestPresets trains each preset on a few samples.
func TestPresets(t *testing.T) {
	for _, p := range recipe.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			r := at(t).run(shortened(t, p, "-backend=cpu")...).is(0, "preset "+p.Name+": "+p.Source)
			if !strings.Contains(r.stdout, "epoch 1/1: training loss ") || !strings.Contains(r.stdout, "test accuracy ") {
				t.Errorf("stdout:\n%s", r.stdout)
			}
		})
	}
}

// TestXOR trains the preset to its end and checks the outputs before and after.
func TestXOR(t *testing.T) {
	p := at(t)
	r := p.run("train", "-backend=cpu", "-preset=xor", "-seed=1", "-save=m").is(0, "reporting every 100 epochs, and at least every 10 s; -every=1 reports each\n")
	form := regexp.MustCompile(`^outputs before training; mean squared error 0\.2\d+
input  target  output
0 0    0       0\.[3-7]\d{3}
0 1    1       0\.[3-7]\d{3}
1 0    1       0\.[3-7]\d{3}
1 1    0       0\.[3-7]\d{3}
(epoch \d+/2000: .+
){20}outputs after training; mean squared error 0\.00\d+
input  target  output
0 0    0       0\.0\d{3}
0 1    1       0\.9\d{3}
1 0    1       0\.9\d{3}
1 1    0       0\.0\d{3}
test accuracy 100\.00%, loss 0\.00\d\d; after 2000 epochs, `)
	if !form.MatchString(r.stdout) {
		t.Errorf("stdout:\n%s", r.stdout)
	}
	r = p.run("predict", "-model=m", "0,1", "1,1").is(0)
	if !regexp.MustCompile(`^0,1: class 1 \(output 0\.9\d{3}\)\n1,1: class 0 \(output 0\.0\d{3}\)\n$`).MatchString(r.stdout) {
		t.Errorf("predict:\n%s", r.stdout)
	}
	p.run("predict", "-model=m", "0,x").is(1, `0,x: want rows of 2 numbers, separated by commas; "x" is not a finite number`)
	p.run("predict", "-model=m", "0,1,1").is(1, "0,1,1: 3 numbers; the network takes rows of 2")
	r = p.run("eval", "-backend=cpu", "-model=m", "-data=xor").is(0)
	if !strings.HasPrefix(r.stdout, "outputs of m; mean squared error 0.00") || !strings.Contains(r.stdout, "4 of 4 test samples right") {
		t.Errorf("eval:\n%s", r.stdout)
	}
	p.run("eval", "-backend=cpu", "-model=m").is(1, "the network is for rows of 2 numbers, MNIST (built in) has images of 28×28; name its data with -data")
	p.run("eval", "-backend=cpu", "-model=m", "-data=nowhere").is(1, "nowhere")
}

// TestEvery checks that a run reports every Nth epoch and the last.
func TestEvery(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-epochs=7", "-every=3"}, "3 6 7"},
		{[]string{"-epochs=6", "-every=3"}, "3 6"},
		{[]string{"-epochs=2", "-every=3"}, "2"},
		{[]string{"-epochs=3"}, "1 2 3"},
	} {
		for _, json := range []string{"-json=false", "-json"} {
			r := at(t).run(append([]string{"train", "-backend=cpu", "-data=moons", "-hidden=4", json}, c.args...)...).is(0)
			var got []string
			for _, m := range regexp.MustCompile(`(?m)^epoch (\d+)/|"event":"epoch","epoch":(\d+),`).FindAllStringSubmatch(r.stdout, -1) {
				got = append(got, m[1]+m[2])
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%q %s: epochs %s, want %s", c.args, json, s, c.want)
			}
		}
	}
}

// TestForm checks that eval, verify and resume convert the data as training did.
func TestForm(t *testing.T) {
	p := at(t)
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-pad=30x31", "-limit=50", "-validation=40", "-hidden=6", "-epochs=2", "-save=m", "-certify=c").
		is(0, "the first 50: 50 training images of 30×31", "40 held out for validation", "network 930-6-10")
	p.run("eval", "-backend=cpu", "-model=m", "-data="+smallData(t)).is(0)
	if r := p.run("verify", "-data="+smallData(t), "c").is(0); !strings.Contains(r.stdout, "verified: every epoch has the same bits") {
		t.Errorf("verify:\n%s", r.stdout)
	}
	p.run("train", "-backend=cpu", "-data=moons", "-standardise", "-hidden=6", "-epochs=2", "-save=n").is(0)
	p.run("eval", "-backend=cpu", "-model=n", "-data=moons").is(0)
	p.run("train", "-backend=cpu", "-data=moons", "-pad=30x30").is(1, "rows of numbers; only images can be padded or resized; omit -pad or -resize\n")
	p.run("train", "-backend=cpu", "-standardise").is(1, "MNIST (built in) has images; only rows of numbers are standardised; omit -standardise\n")
	p.run("train", "-backend=cpu", "-target-columns=1").is(1, "MNIST (built in) has labels; targets are for CSV files; omit -target-columns, or name a CSV file with -data\n")
	// Eval and -resume take the form from the file, not from flags.
	p.run("eval", "-backend=cpu", "-model=m", "-data=moons").is(1, "m: the network learned ", ": moons (built in) has rows of numbers; only images can be padded or resized; name its data with -data\n")
	p.run("verify", "-data=moons", "c").is(1, " has rows of numbers; only images can be padded or resized\n")
	p.run("train", "-backend=cpu", "-data=moons", "-augment=affine").is(2, "-augment is for images")
	p.run("train", "-backend=cpu", "-data=moons", "-pixels=-1..1").is(2, "-pixels is for images")
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-outputs=1").is(2, "-outputs=1: a single output separates two classes; the data have 10")
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-validation=300").is(1, "expected 0 to 299")
}

// TestPresetContradictions checks that -resume refuses flags that its run does not have.
func TestPresetContradictions(t *testing.T) {
	for _, name := range []string{"keras-mlp", "simard2003", "lecun1998"} {
		p, _ := recipe.FindPreset(name)
		f := presetLine(t, "-preset="+name)
		s := &train.State{Options: presetOptions(t, f)}
		check := func(args ...string) error {
			g := presetLine(t, append([]string{"-resume=x"}, args...)...)
			return g.Contradiction(g.Given, s, "x")
		}
		for _, flag := range p.Flags {
			if err := check(flag.String()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, wrong := range []string{"-l2=0.3", "-dropout=0.4", "-optimizer=adamw", "-pixels=0..2", "-targets=0..0.7", "-smoothing=0.3",
			"-augment=affine", "-average=0.5", "-clip=1", "-gradient=sum", "-validation=7", "-test=each", "-no-bias", "-pad=99x99", "-limit=9",
			"-schedule=step", "-decay=0.3", "-max-norm=3", "-loss=sse", "-init=uniform:0.1", "-act=identity", "-standardise", "-target-columns=2"} {
			if err := check(wrong); err == nil || !strings.Contains(err.Error(), wrong[:strings.IndexAny(wrong+"=", "=")]) {
				t.Errorf("%s, %s: %v", name, wrong, err)
			}
		}
	}
	s := &train.State{Data: train.DataInfo{Form: dataset.Form{Limit: 9}}, Options: presetOptions(t, presetLine(t, "-smoothing=0.1", "-optimizer=adamw"))}
	for _, right := range [][]string{{"-limit=9"}, {"-smoothing=0.1"}, {"-optimizer=adam", "-weight-decay=0.01"}, {"-optimizer=adamw"}} {
		g := presetLine(t, append([]string{"-resume=x"}, right...)...)
		if err := g.Contradiction(g.Given, s, "x"); err != nil {
			t.Errorf("%q: %v", right, err)
		}
	}
}

// TestPresetNames checks that every flag of a preset is a flag of train.
func TestPresetNames(t *testing.T) {
	fs := newSettings("train")
	for _, p := range recipe.Presets() {
		seen := map[string]bool{}
		for _, f := range p.Flags {
			if fs.Lookup(f.Name) == nil || seen[f.Name] {
				t.Errorf("%s: -%s is not a flag of train, or is there twice", p.Name, f.Name)
			}
			seen[f.Name] = true
		}
	}
	none := flags.NewSet("predict", (&recipe.Recipe{}).Flags())
	if err := none.Parse([]string{"x"}); err != nil || len(none.Args) != 1 || len(none.Flags) != 0 {
		t.Errorf("a command without flags has %+v, %v", none, err)
	}
}

// TestHalfplane trains the preset to its end and checks the result of the tutorial.
func TestHalfplane(t *testing.T) {
	r := at(t).run("train", "-backend=cpu", "-preset=halfplane").is(0)
	if !regexp.MustCompile(`(?m)^epoch 10000/10000: training loss 0\.017\d, accuracy 100\.00%;`).MatchString(r.stdout) || strings.Count(r.stdout, "epoch ") != 10 {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}

// TestFormResumed resumes a run on data in another form without the form's flags. The result is
// bit-identical.
func TestFormResumed(t *testing.T) {
	p := at(t)
	flags := []string{"-pad=30x31", "-limit=200", "-validation=40", "-hidden=8", "-augment=affine", "-preset=softmax", "-epochs=3", "-schedule=constant"}
	p.run(append([]string{"train", "-backend=cpu", "-data=" + smallData(t), "-save=whole"}, flags...)...).is(0)
	checkpoint := p.stopped(flags...)
	p.run("train", "-resume="+checkpoint, "-backend=cpu", "-augment=none").is(2, "-augment=none contradicts -resume="+checkpoint)
	p.run("train", "-resume="+checkpoint, "-backend=cpu", "-pad=29x29").is(2, "-pad=29x29 contradicts -resume="+checkpoint+", whose run has 30x31")
	p.run("train", "-resume="+checkpoint, "-backend=cpu", "-save=resumed").is(0, "the first 200: 200 training images of 30×31", "resuming in epoch ")
	if string(contents(t, p.path("whole"))) != string(contents(t, p.path("resumed"))) {
		t.Error("the resumed run gives another network")
	}
}
