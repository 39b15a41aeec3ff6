package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/clock"
	"shadegrad/internal/report"
)

// TestCommittee trains a committee and tests it with eval and predict.
func TestCommittee(t *testing.T) {
	p, data := at(t), middleData(t)
	flags := []string{"-backend=cpu", "-data=" + data, "-hidden=16", "-epochs=2"}
	r := p.run(append([]string{"train", "-seeds=1..3", "-save=n-{seed}.safetensors", "-report=r-{seed}.html"}, flags...)...).is(0, "seed 2: n-2.safetensors")
	var wrong [3]int
	for i := range 3 {
		path := fmt.Sprintf("n-%d.safetensors", i+1)
		var e report.EvalEvent
		decodeLast(t, p.run("eval", "-backend=cpu", "-json", "-data="+data, "-model="+path).is(0).stdout, &e)
		wrong[i] = int(math.Round((1 - *e.Acc) * float64(e.Images)))
		mustExist(t, p.path(fmt.Sprintf("r-%d.html", i+1)))
		mustNotExist(t, p.path(path+".checkpoint"))
		if i == 1 { // the same run without -seeds
			p.run(append([]string{"train", "-seed=2", "-save=alone"}, flags...)...).is(0)
			if string(contents(t, p.path("alone"))) != string(contents(t, p.path(path))) {
				t.Error("the network of seed 2 differs from that of a single run")
			}
		}
	}
	all := "-model=n-1.safetensors,n-2.safetensors,n-3.safetensors"
	var e report.CommitteeEvent
	decodeLast(t, p.run("eval", "-backend=cpu", "-json", "-data="+data, all).is(0).stdout, &e)
	if len(e.Members) != 3 || e.Images != 1000 || *e.Error >= *e.MeanError {
		t.Errorf("the committee errs more often than its members: %+v", e)
	}
	text := p.run("eval", "-backend=cpu", "-data="+data, all).is(0).stdout
	for i, n := range wrong {
		if rate := float64(n) / 1000; math.Abs(*e.Members[i].Error-rate) > 1e-9 {
			t.Errorf("member %d: error %v, alone %v", i, *e.Members[i].Error, rate)
		}
		for _, table := range []string{text, r.stdout} {
			if line := fmt.Sprintf(" %d ", n); !strings.Contains(table, line) {
				t.Errorf("the table does not contain%s:\n%s", line, table)
			}
		}
	}
	together := fmt.Sprintf("committee  %d", int(math.Round(1000**e.Error)))
	for _, table := range []string{strings.Join(strings.Fields(text), "  "), strings.Join(strings.Fields(r.stdout), "  ")} {
		if !strings.Contains(table, together) {
			t.Errorf("the table does not contain %q:\n%s", together, table)
		}
	}

	// predict averages the same outputs.
	values := func(model, out string) [][]string {
		p.run("predict", model, "-o="+out, "-proba", data).is(0)
		return predicted(t, p.path(out))
	}
	mean := values(all, "all.csv")
	var parts [3][][]string
	for i := range parts {
		parts[i] = values(fmt.Sprintf("-model=n-%d.safetensors", i+1), fmt.Sprintf("%d.csv", i))
	}
	for i, row := range mean {
		for j := 2; j < len(row); j++ {
			sum := 0.
			for _, p := range parts {
				sum += number(t, p[i][j])
			}
			if got := number(t, row[j]); math.Abs(got-sum/3) > 1e-5 {
				t.Fatalf("sample %d: %v, want the mean %v", i, got, sum/3)
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustExist(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// decodeLast decodes the last line of an output.
func decodeLast(t *testing.T, out string, v any) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), v); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// TestSeedsFlags checks which flags go with -seeds.
func TestSeedsFlags(t *testing.T) {
	p, small := at(t), "-data="+smallData(t)
	for _, c := range []struct{ flags, want string }{
		{"-seeds=1..2", "-seeds needs -save: each network has its own seed and its own file"},
		{"-seeds=1..2 -save=n", "-save=n: with -seeds the name must contain {seed}, as in -save=n-{seed}"},
		{"-seeds=1..2 -save=a.b/n.c", "as in -save=a.b/n-{seed}.c"},
		{"-seeds=1..2 -save=n{seed} -report=r.html", "-report=r.html: with -seeds the name must contain {seed}"},
		{"-seeds=1..2 -save=n{seed} -logdir=runs", "-logdir=runs: with -seeds"},
		{"-seeds=1..2 -save=n{seed} -certify=c", "-certify=c: with -seeds"},
		{"-seeds=1..2 -save=n{seed} -seed=3", "-seeds does not go with -seed"},
		{"-seeds=1..2 -save=n{seed} -resume=n1.checkpoint", "-resume is for a single run"},
		{"-seeds=1..2 -save=n{seed} -live", "-live is for a single run; omit it, or omit -seeds"},
		{"-seeds=1..2 -save=n{seed} -standardise -validation=0.1", "-seeds does not go with -standardise and -validation"},
		{"-seeds=1..2 -save=n{seed} -hidden=0", "-hidden"},
		{"-seeds=1..2 -save=n{seed} -expect=val_acc>=0.9", "there is no validation set"},
		{"-seeds=2 -save=n{seed}", "want at least two different seeds"},
		{"-seeds=5..1 -save=n{seed}", "want at least two different seeds"},
		{"-seeds=1,2,1 -save=n{seed}", "want at least two different seeds"},
		{"-seeds=1..1e9 -save=n{seed}", "at most 1000"},
		{"-continue", "-continue needs -seeds"},
	} {
		p.run(append([]string{"train", "-backend=cpu", small}, strings.Fields(c.flags)...)...).is(2, c.want)
	}
	mustNotExist(t, p.path("n1"))
	p.run("eval", "-model=a,a").is(2, "different names separated by commas")
	p.run("eval", "-model=a,").is(2, "different names separated by commas")
}

// TestSeedsUnmet checks that an unmet expectation of one seed does not stop the others.
func TestSeedsUnmet(t *testing.T) {
	p := at(t)
	r := p.run(trainSmall(t, "-seeds=1,3", "-save=n{seed}", "-expect=test_acc>=0.999", "-json")...).is(3, "seed 1: -expect=test_acc>=0.999 was not met", "seed 3: ")
	var e report.CommitteeEvent
	decodeLast(t, r.stdout, &e)
	if len(e.Members) != 2 || e.Members[1].Name != "3" || e.Seconds <= 0 {
		t.Errorf("%+v", e)
	}
}

// TestSeedsContinue interrupts a committee in its second network, runs the command that is printed, and compares all
// networks and the table with those of an uninterrupted run.
func TestSeedsContinue(t *testing.T) {
	args := trainSmall(t, "-seeds=1..3", "-epochs=2")
	t.Run("drawn weights", func(t *testing.T) { continueSeeds(t, args) })
	start := at(t)
	start.run(trainSmall(t, "-epochs=1", "-save="+start.path("start"))...).is(0)
	t.Run("from a network", func(t *testing.T) { continueSeeds(t, append(args, "-from="+start.path("start"))) })
}

func continueSeeds(t *testing.T, args []string) {
	p, whole := at(t), at(t)
	want := whole.run(append(args, "-save=n{seed}")...).is(0).stdout

	ctx, cancel := context.WithCancelCause(context.Background())
	epochs := 0
	interrupt := func(text string) {
		if epochs += strings.Count(text, "epoch 1/2"); epochs == 2 {
			cancel(signalError{os.Interrupt})
		}
	}
	var stdout, stderr bytes.Buffer
	args = append(args, "-save="+p.path("n{seed}"))
	a := &app{stdout: &tapWriter{&stdout, interrupt}, stderr: &stderr, env: func(string) string { return "" }, now: clock.Now, started: clock.Now(), within: ctx}
	stopped := result{t, "train", stdout.String(), "", a.run(args)}
	stopped.stderr = stderr.String()
	stopped.is(130, "stopped; to resume, run: shadegrad train", "-continue")
	mustExist(t, p.path("n2.checkpoint"))
	mustNotExist(t, p.path("n3"))

	r := p.run(append(args, "-continue")...).is(0, "n1 is complete; keeping it", "seed 2: ", "seed 3: ")
	if strings.Count(r.stdout, "epoch 2/2") != 2 || strings.Count(r.stdout, "epoch 1/2") != 1 {
		t.Errorf("seed 2 was not resumed after its first epoch:\n%s", r.stdout)
	}
	for _, name := range []string{"n1", "n2", "n3"} {
		if !bytes.Equal(contents(t, p.path(name)), contents(t, whole.path(name))) {
			t.Errorf("%s differs from that of an uninterrupted run", name)
		}
	}
	table := func(s string) string { _, s, _ = strings.Cut(s, "seed  "); s, _, _ = strings.Cut(s, "\n\n"); return s }
	if got, want := table(r.stdout), table(want); got != want || !strings.Contains(got, "committee") {
		t.Errorf("got table\n%s\nwant\n%s", got, want)
	}

	// Other settings are not mixed.
	put(t, p.path("n3.checkpoint"), contents(t, place{t, p.dir, nil}.stopped())) // of a run with other units
	p.run(append(args, "-continue")...).is(1, "n3.checkpoint: its run has other settings than this command line")
	if err := os.Remove(p.path("n3.checkpoint")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(args, " "), "-from=") { // which decides on the layers
		p.run(append(args, "-continue", "-hidden=9")...).is(0, "seed 1: "+p.path("n1")+"\n")
	}
}
