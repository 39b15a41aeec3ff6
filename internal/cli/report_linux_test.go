package cli

import (
	"strings"
	"syscall"
	"testing"

	"shadegrad/internal/page"
)

// TestReportResumed checks the reports of a run that is interrupted and resumed: the command to resume asks for the
// report too, and the command of the report is that of the whole run.
func TestReportResumed(t *testing.T) {
	p := at(t)
	c := p.start("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=1000000", "-every=1", "-save=m", "-report=run.html")
	c.out("epoch 2/")
	c.signal(syscall.SIGINT)
	r := c.end().is(130, "report in run.html\n")
	run := readReport(t, p.path("run.html"))
	if run.State != page.Interrupted || run.Predictions == nil || run.Predictions.Samples != 100 || run.PerEpoch.Outcome != nil {
		t.Errorf("the report is %s with %+v", run.State, run.Predictions)
	}
	_, command, ok := strings.Cut(r.lastLine(), "to resume, run: shadegrad ")
	if !ok || !strings.Contains(command, " -report=run.html") {
		t.Fatalf("the command does not ask for the report: %s", r.lastLine())
	}
	c = p.start(strings.Fields(command)...)
	c.out("epoch ")
	c.signal(syscall.SIGINT)
	c.end().is(130)
	resumed := readReport(t, p.path("run.html"))
	if resumed.ResumedFrom < 2 || len(resumed.PerEpoch.X) == 0 || int(resumed.PerEpoch.X[0]) != resumed.ResumedFrom {
		t.Errorf("the report begins with epoch %v, resumed after %d", resumed.PerEpoch.X, resumed.ResumedFrom)
	}
	for _, part := range []string{" -epochs=1000000", " -hidden=8", " -data=" + smallData(t)} {
		if !strings.Contains(resumed.Command, part) {
			t.Errorf("the command that repeats the run lacks %s: %s", part, resumed.Command)
		}
	}
}
