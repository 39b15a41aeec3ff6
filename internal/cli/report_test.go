package cli

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/page"
)

// readReport returns the data of a report.
func readReport(t *testing.T, path string) *page.Run {
	t.Helper()
	text := contents(t, path)
	if len(text) > page.MaxBytes {
		t.Errorf("%s has %d bytes", path, len(text))
	}
	m := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no data", path)
	}
	var run page.Run
	if err := json.Unmarshal(m[1], &run); err != nil {
		t.Fatal(err)
	}
	return &run
}

// fact returns the value of a fact.
func fact(run *page.Run, name string) string {
	for _, f := range append(run.Facts, run.Tiles...) {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// TestReport checks that the report of a run agrees with its JSON lines, and that its command repeats the run.
func TestReport(t *testing.T) {
	p := at(t)
	r := p.run(trainSmall(t, "-json", "-epochs=3", "-validation=50", "-certify=c.json", "-report=run.html")...).is(0, "report in run.html\n")
	run := readReport(t, p.path("run.html"))
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var done struct {
		TestAcc float64 `json:"test_acc"`
		Epoch   int     `json:"best_epoch"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &done); err != nil {
		t.Fatal(err)
	}
	if run.State != page.Complete || float64(run.Predictions.Hits)/100 != done.TestAcc || run.PerEpoch.Outcome.Epoch != done.Epoch {
		t.Errorf("the report has %d hits of 100 in epoch %+v, the JSON %+v", run.Predictions.Hits, run.PerEpoch.Outcome, done)
	}
	if len(run.PerEpoch.X) != 3 || len(run.PerEpoch.ValAcc) != 3 || len(run.Steps.X) != 12 || len(run.Layers[0].X) == 0 || run.Weights == nil {
		t.Errorf("the report has %+v", run)
	}
	if fact(run, "Chosen because") != "-backend=cpu asks for it" || len(fact(run, "SHA-256 of the certificate")) != 64 {
		t.Errorf("the facts are %+v", run.Facts)
	}
	command, _, _ := strings.Cut(run.Command, " (in PowerShell: ")
	again := strings.Fields(strings.ReplaceAll(command, `"`, "")) // of arguments without spaces; Windows quotes some
	p.run(append(again[1:], "-report=again.html")...).is(0)
	const weights = "SHA-256 of the weights"
	if other := readReport(t, p.path("again.html")); fact(other, weights) != fact(run, weights) || fact(run, weights) == "" {
		t.Errorf("%s gives other weights", run.Command)
	}
}

// TestReportDiverged checks the report of a run that diverges: it has the steps before, and the error.
func TestReportDiverged(t *testing.T) {
	p := at(t)
	p.run(trainSmall(t, "-lr=1e30", "-schedule=constant", "-report=run.html")...).is(1, "training diverged", "report in run.html\n")
	run := readReport(t, p.path("run.html"))
	if run.State != page.Diverged || !strings.Contains(run.Reason, "training diverged") || len(run.Steps.X) != 5 || run.Predictions == nil {
		t.Errorf("the report is %s, %q, with %d steps", run.State, run.Reason, len(run.Steps.X))
	}
}

// TestReportRefused checks that a run is refused, before any work, if its report cannot be written or would replace
// another file.
func TestReportRefused(t *testing.T) {
	p := at(t)
	put(t, p.path("own.html"), []byte("<!DOCTYPE html>\n<title>my page</title>\n"))
	put(t, p.path("d.csv"), []byte("a,b,label\n0,1,0\n1,0,1\n0,1,0\n1,1,1\n"))
	link(t, p.path("d.csv"), p.path("data.html"))
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-report=nowhere/run.html"}, 1, "nowhere/run.html: cannot save there: "},
		{[]string{"-report=own.html"}, 1, "own.html: cannot save there: the file exists and is not a report of Shadegrad; nothing was trained"},
		{[]string{"-report=x.html", "-save=x.html"}, 2, "-report=x.html and -save x.html are the same file"},
		{[]string{"-report=x.html", "-certify=./x.html"}, 2, "-report=x.html and -certify ./x.html are the same file"},
		{[]string{"-data=d.csv", "-report=data.html"}, 1, "data.html: cannot save there: the file is an input"},
		{[]string{"-report=run.txt"}, 2, `-report: want a name that ends in .html, got "run.txt"`},
	} {
		before := contents(t, p.path("own.html"))
		r := p.run(trainSmall(t, c.args...)...).is(c.status, c.want)
		if r.stdout != "" || string(contents(t, p.path("own.html"))) != string(before) {
			t.Errorf("%v: trained, or the file changed", c.args)
		}
	}
}

// TestCompare checks "shadegrad report" on the lines that train and bench write, with flags behind the files, and what it
// refuses.
func TestCompare(t *testing.T) {
	p := at(t)
	put(t, p.path("a.json"), []byte(p.run(trainSmall(t, "-json", "-epochs=2", "-test=each", "-v")...).is(0).stdout))
	put(t, p.path("b.json"), []byte(p.run("bench", "-backends=cpu", "-hidden=8", "-data="+smallData(t), "-json").is(0).stdout))
	p.run("report", "a.json", "b.json", "-o", "c.html").is(0, "wrote c.html\n")
	text := string(contents(t, p.path("c.html")))
	for _, part := range []string{`"kind":"comparison"`, `"name":"a.json"`, `"file":"b.json"`, `"test_acc":[`, "<title>Shadegrad: comparison of 1 run and speed of backends</title>"} {
		if !strings.Contains(text, part) {
			t.Errorf("the page lacks %s", part)
		}
	}
	put(t, p.path("own.html"), []byte("my page"))
	p.run("report", "-o=own.html", "a.json").is(1, "own.html: cannot save there: the file exists and is not a report of Shadegrad; name another file\n")
	p.run("report", "-o=c.html", "a.json", "own.html").is(1, "own.html:1: not a JSON object: ")
	p.run("report", "a.json").is(2, "report: want files ")
	p.run("report", "-o=c.html").is(2, "report: want files ")
	link(t, p.path("a.json"), p.path("a.html"))
	p.run("report", "a.json", "-o=a.html").is(2, "-o=a.html: the file is an input; name another file\n")
	if string(contents(t, p.path("c.html"))) != text {
		t.Error("a refused command changed the page")
	}
}
