package cli

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/clock"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
)

// TestTune searches, and repeats the winner by the printed command.
func TestTune(t *testing.T) {
	p := at(t)
	args := []string{"tune", "-backend=cpu", "-data=" + smallData(t), "-epochs=3", "-trials=5", "-lr=1e-2..1", "-hidden=8..40", "-act=relu|tanh", "-dir=d"}
	r := p.run(args...).is(0, "saved d/winner.safetensors")
	_, command, found := strings.Cut(r.stdout, "to repeat it, run: shadegrad ")
	if !found {
		t.Fatal(r.stdout)
	}
	again := p.run(append(strings.Fields(command), "-save=again")...).is(0)
	accuracy := func(text string) string {
		_, text, _ = strings.Cut(text, "test accuracy ")
		return text[:strings.IndexAny(text, ";,")]
	}
	if accuracy(r.stdout) != accuracy(again.stdout) {
		t.Errorf("the winner has %s, its run %s", accuracy(r.stdout), accuracy(again.stdout))
	}
	winner, err := model.Load(p.path("d/winner.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	repeated, err := model.Load(p.path("again"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(winner.Values, repeated.Values, slices.Equal) || winner.About.TestAcc != repeated.About.TestAcc {
		t.Error("the network of the winner differs from that of its run")
	}

	// The search is complete: the command prints its result again.
	var e report.TunedEvent
	decodeLast(t, p.run(append(args, "-json")...).is(0, "d: continuing a search of 6 trials").stdout, &e)
	if e.Trials != 5 || *e.TestAcc != winner.About.TestAcc || e.Winner.Last() == nil || !slices.Equal(e.Arguments, strings.Fields(command)[1:]) {
		t.Errorf("%+v", e)
	}
	p.run(append(args, "-lr=1e-2..2")...).is(2, "-lr=1e-2..2: the flag is given twice")
	p.run(append(args, "-epochs=4")...).is(1, "d: the search in it has other flags, data or backend; name another directory with -dir, or delete this one")
	put(t, p.path("d/state.json"), []byte("{"))
	p.run(args...).is(1, "d/state.json: not the state of a search, or damaged", "name another directory")
}

// TestTuneInterrupted interrupts a search after its second trial, and runs the command that is printed.
func TestTuneInterrupted(t *testing.T) {
	p := at(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	interrupt := func(text string) {
		if strings.Contains(text, "trial 1:") {
			cancel(signalError{os.Interrupt})
		}
	}
	args := []string{"tune", "-backend=cpu", "-data=" + smallData(t), "-epochs=3", "-trials=4", "-lr=1e-2..1", "-dir=" + p.path("d")}
	var stdout, stderr bytes.Buffer
	a := &app{stdout: &tapWriter{&stdout, interrupt}, stderr: &stderr, env: func(string) string { return "" }, now: clock.Now, started: clock.Now(), within: ctx}
	status := a.run(args)
	r := result{t, "tune", stdout.String(), stderr.String(), status}
	r.is(130, "stopped; to resume, run: shadegrad "+strings.Join(args, " "))
	if strings.Contains(r.stdout, "trial 2:") {
		t.Errorf("the search continued:\n%s", r.stdout)
	}
	r = p.run(args...).is(0, "continuing a search of ")
	if strings.Contains(r.stdout, "trial 1: epoch 1/3") || !strings.Contains(r.stdout, "trial 2: epoch 1/3") {
		t.Errorf("the search began again:\n%s", r.stdout)
	}
}

// TestTuneRegression searches for the lowest loss.
func TestTuneRegression(t *testing.T) {
	p := at(t)
	r := p.run("tune", "-backend=cpu", "-data="+repository(t, "testdata/examples/houses.csv"), "-target-columns=1", "-standardise", "-epochs=6", "-trials=3",
		"-hidden=4|8", "-lr=1e-3..1e-1", "-minutes=5").is(0)
	if !strings.Contains(r.stdout, "validation loss") || !strings.Contains(r.stdout, "; test loss ") || strings.Contains(r.stdout, "accuracy") {
		t.Errorf("a regression has a loss only:\n%s", r.stdout)
	}
}

// TestTuneFlags checks the errors of the flags of tune.
func TestTuneFlags(t *testing.T) {
	p := at(t)
	for _, c := range []struct{ flags, want string }{
		{"", "tune: want a flag to search"},
		{"-lr=1..x", `-lr=1..x: "x": want a finite number`},
		{"-lr=fast", `-lr: want a finite number, got "fast"`},
		{"-hidden=8|0", `"0": want numbers of units`},
		{"-epochs=1..5", "-epochs=1..5: only the flags of the network"},
		{"-seed=1|2", "-seed=1|2: only the flags of the network"},
		{"-threads=1|2", "-threads=1|2: only the flags of the network"},
		{"-lr=0.1..1 -test=each", "-test=each: a search tests the winner alone"},
		{"-lr=0.1..1 -validation=training", "-validation=training: a search needs samples"},
		{"-lr=0.1..1 -minutes=0", "want a number of minutes above 0"},
		{"-lr=0.1..1 -trials=0", "-trials"},
		{"-optimizer=rmsprop -momentum=0.1|0.9", "no valid combination"},
		{"-lr=0.1..1 -hidden=0", "-hidden"},
	} {
		p.run(append([]string{"tune", "-backend=cpu"}, strings.Fields(c.flags)...)...).is(2, c.want)
	}
	p.run("train", "-lr=1e-3..1").is(2, `-lr: want a finite number, got "1e-3..1"`)
}
